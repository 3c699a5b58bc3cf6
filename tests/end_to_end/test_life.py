"""The life of the process: killed, stopped, started again, started wrongly."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.bot_process import ROOT, bot_process
from tests.end_to_end.test_links import SECONDS, is_menu

pytestmark = pytest.mark.process


def alive(pids):
    """Those of the processes that still run; zombies don't."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        found += [pid] if state != "Z" else []
    return found


async def begin(telegram, url, button):
    """Say a link and press a button; the message from which on things are seen."""
    said = await telegram.alice.say(telegram.bot, url)
    menu = await telegram.alice.wait_for(is_menu, SECONDS, after=said)
    await telegram.alice.press(menu, button)
    return said


async def test_kill_in_the_middle_loses_nothing_and_sends_once(tmp_path, telegram, sites, settings):
    """Accepted, killed with -9 during the download, started again: the file comes, once, with one login in all."""
    async with bot_process(tmp_path / "data", settings) as bot:
        said = await begin(telegram, sites.youtube.samples()["slow"], "480p")
        await telegram.alice.wait_for(lambda m: "Downloading" in m.text, SECONDS, after=said)
        family = bot.family()
        await bot.stop(signal.SIGKILL)
        async with asyncio.timeout(20):
            while alive(family):
                await asyncio.sleep(0.05)
    sites.youtube.slow_seconds = 0
    async with bot_process(tmp_path / "data", settings) as bot:
        await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=said)
        async with asyncio.timeout(20):
            while list(bot.data.glob("work/*")):
                await asyncio.sleep(0.05)
    assert len([m for m in telegram.alice.messages() if m.file]) == 1
    assert len(telegram.server.calls_of("auth.ImportBotAuthorization")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_in_the_middle_is_quick_and_leaves_no_orphan(number, tmp_path, telegram, sites, settings):
    """Exit code 0 within the bound, no process and no working folder left; the job is still accepted."""
    async with bot_process(tmp_path / "data", settings) as bot:
        said = await begin(telegram, sites.youtube.samples()["slow"], "480p")
        await telegram.alice.wait_for(lambda m: "Downloading" in m.text, SECONDS, after=said)
        family = bot.family()
        assert len(family) > 2
        assert await bot.stop(number) == 0
        assert alive(family) == []
        assert list(bot.data.glob("work/*")) == []
        stopped = next(line for line in bot.log if line["event"] == "system.stopped")
        assert stopped["seconds"] < 4.5


def serve_wrongly(environment):
    """Run `serve` with a setting that does not fit."""
    return subprocess.run(
        [sys.executable, "main.py", "serve"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_bad_setting_ends_the_start_with_one_line(tmp_path):
    """Name, value and what fits; exit code 2."""
    result = serve_wrongly({"PORT": "99999", "DATA_DIR": str(tmp_path)})
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("PORT = '99999' ")


def test_a_site_that_does_not_exist_ends_the_start_with_one_line(tmp_path):
    """It is found out by a part, not by the settings; the line names what there is."""
    result = serve_wrongly({"PORT": "0", "ENABLE_PLATFORMS": "youtub", "LOG_LEVEL": "error", "DATA_DIR": str(tmp_path)})
    assert result.returncode == 2
    assert "youtube" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_a_port_in_use_ends_the_start_with_one_line(tmp_path):
    """The line names the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = serve_wrongly({"PORT": str(port), "GOLDCREST_SERVER__HOST": "127.0.0.1", "DATA_DIR": str(tmp_path)})
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert str(port) in result.stderr


async def test_a_second_process_stays_out_of_the_data_folder(tmp_path):
    """It would take over the jobs of the first; one line says so, and after a kill the folder is free again."""
    async with bot_process(tmp_path / "data") as bot:
        second = await asyncio.to_thread(serve_wrongly, {"PORT": "0", "DATA_DIR": str(bot.data)})
        assert second.returncode == 2
        assert "in use by another Goldcrest" in second.stderr
        assert second.stderr.count("\n") == 1
        await bot.stop(signal.SIGKILL)
    async with bot_process(tmp_path / "data") as bot:
        assert (await bot.get("/health"))[0] == 200


def test_a_data_folder_that_cannot_be_made_ends_the_start_with_one_line(tmp_path):
    """The line names it."""
    (tmp_path / "file").touch()
    result = serve_wrongly({"PORT": "0", "DATA_DIR": str(tmp_path / "file" / "data")})
    assert result.returncode == 2
    assert result.stderr.startswith("DATA_DIR = ")
    assert result.stderr.count("\n") == 1


async def test_without_a_token_it_is_a_web_app(tmp_path):
    """Health is ok, every part is ready, no Telegram among them."""
    async with bot_process(tmp_path / "data") as bot:
        assert (await bot.get("/health"))[0] == 200
        status, ready = await bot.get("/ready")
        assert (status, ready["ready"]) == (200, True)
        _, dashboard = await bot.get("/status")
        assert "telegram" not in dashboard["system"]["parts"]
