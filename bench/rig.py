"""A bot process between the two test grounds, and alice who sends it a link: what figures of jobs are taken from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.crowd import is_menu
from bench.server import SERVE, Server, free_port, is_ready
from bench.start import server_environment

if TYPE_CHECKING:
    from bench.cgroup import Group
    from tests.sites.harness import SpawnedSites
    from tests.telegram_server.harness import Telegram
    from tests.telegram_server.messages import Message

#: a 100 MB job on a machine that is busy with other things
JOB_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file in the chat: its size, and the seconds from the link to the menu and from the link to the file."""

    size_bytes: int
    menu_seconds: float
    seconds: float


@asynccontextmanager
async def running_bot(
    folder: Path, telegram: Telegram, sites: SpawnedSites, group: Group | None = None, **more: str
) -> AsyncIterator[Server]:
    """A signed-in bot that alice owns, in a control group where one is given; `more` of its environment."""
    port = free_port()
    owner = {"OWNER_ID": str(telegram.alice.id), "PORT": str(port), **more}
    environment = server_environment(folder / "data", telegram.env(), sites.env(), owner)
    argv = group.command(SERVE) if group else list(SERVE)
    with Server(argv, environment, port, log=folder / "log") as server:
        await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
        yield server
        server.process.terminate()
        await asyncio.to_thread(server.process.wait, 30)


async def deliver(telegram: Telegram, link: str, button: str = "Best", seconds: float = JOB_SECONDS) -> Delivered:
    """Send a link, press a button, wait for the file. Raises RuntimeError where the bot says that it failed."""
    began = time.perf_counter()
    sent = await telegram.alice.say(telegram.bot, link)
    menu = await telegram.alice.wait_for(lambda m: is_menu(m) or _is_end(m), seconds, after=sent)
    if not is_menu(menu):
        raise RuntimeError(f"the bot says: {menu.text}")
    menu_seconds = time.perf_counter() - began
    await telegram.alice.press(menu, button, seconds=seconds)
    message = await telegram.alice.wait_for(lambda m: m.file or _is_end(m), seconds, after=sent)
    if message.file is None:
        raise RuntimeError(f"the bot says: {message.text}")
    return Delivered(message.file.size, menu_seconds, time.perf_counter() - began)


def _is_end(message: Message) -> bool:
    """A status without Cancel tells how it ended, unless it offers something."""
    working = any("Cancel" in button.text for row in message.buttons for button in row)
    return bool(message.text) and not working and not is_menu(message)
