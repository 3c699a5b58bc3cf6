"""The server alone: its command line, as a person or another process uses it."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pyrogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from tests.telegram_server.console import HELP, Console
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Tracked


async def ask(console: Console, line: str) -> Any:
    answer = json.loads(await console.run(line))
    assert answer["ok"], answer
    return answer["result"]


@pytest.fixture
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.telegram_server", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    yield started
    if started.returncode is None:
        started.kill()
        await started.wait()
    started._transport.close()  # type: ignore[attr-defined]


async def answer(process: asyncio.subprocess.Process, line: str = "") -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(f"{line}\n".encode())
    return json.loads(await asyncio.wait_for(process.stdout.readline(), 30))


@pytest.mark.parametrize("ending", ["end of input", "SIGTERM"])
async def test_it_runs_alone_and_ends_cleanly(process: asyncio.subprocess.Process, ending: str) -> None:
    """One line tells where it is; commands are answered; at the end no file stays and the exit code is 0."""
    about = await answer(process)
    key_file = Path(about["key_file"])
    assert key_file.read_text().startswith("-----BEGIN PUBLIC KEY-----")
    assert about["env"]["TELEGRAM_SERVER"] == about["server"]
    assert about["bot_token"] == about["env"]["BOT_TOKEN"]
    said = await answer(process, "say alice 'hello there'")
    assert said["result"]["text"] == "hello there"
    assert process.stdin is not None
    if ending == "SIGTERM":
        process.send_signal(signal.SIGTERM)
    else:
        process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert not key_file.parent.exists()


async def test_a_talk_with_the_bot(telegram: Telegram, bot: Tracked, tmp_path: Path) -> None:
    """Say, wait, press, send, save: each command shows what came of it."""
    console = Console(telegram)
    await ask(console, "say alice /start")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
    await (await bot.message()).reply("sure?", reply_markup=keyboard)
    asked = await ask(console, "wait alice sure")
    assert asked["buttons"] == [["Yes"]]
    pressing = asyncio.create_task(ask(console, f"press alice {asked['number']} Yes"))
    press = await bot.press()
    await press.answer("good")
    assert (await pressing)["text"] == "good"
    source = tmp_path / "song.mp3"
    source.write_bytes(b"ID3")
    sent = await ask(console, f"send alice {source}")
    assert sent["file"] | {"size": 3} == sent["file"]
    saved = await ask(console, f"save alice {sent['number']} {tmp_path / 'copy'}")
    assert (tmp_path / "copy").read_bytes() == b"ID3"
    assert saved["sha256"] == sent["file"]["sha256"]
    assert [m["text"] for m in await ask(console, "messages alice")] == ["/start", "sure?", ""]


async def test_places_faults_and_mistakes(telegram: Telegram, bot: Tracked) -> None:
    """Groups and faults can be made; a mistake is told in words and ends nothing."""
    console = Console(telegram)
    await ask(console, "supergroup Friends")
    await ask(console, "say alice hello @friends")
    assert (await bot.message()).chat.title == "Friends"
    await ask(console, "person Bob")
    await ask(console, "fault messages.sendMessage CHAT_RESTRICTED 1")
    await ask(console, "fault messages.sendMedia drop")
    assert len(telegram.server.faults.waiting) == 2
    await ask(console, "restart")
    assert (await ask(console, "cut"))["connections"] <= 1
    assert "updates.GetState" in await ask(console, "calls")
    assert await ask(console, "help") == HELP
    for wrong in ("dance", "say nobody hi", "say alice", "press alice 99 x", "say alice hi @nowhere", "say 'open"):
        told = json.loads(await console.run(wrong))
        assert (told["ok"], bool(told["error"])) == (False, True)
