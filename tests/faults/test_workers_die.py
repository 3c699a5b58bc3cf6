"""Workers and their forkserver are killed, crash or hang under the real bot."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.end_to_end.test_life import alive, begin
from tests.end_to_end.test_links import file_for
from tests.faults.conftest import SECONDS, until

pytestmark = pytest.mark.process


def worker_of(bot):
    """The process that downloads: the child of the forkserver."""
    _bot, forkserver, *workers = bot.family()
    return forkserver, workers


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGSTOP])
async def test_a_worker_that_ends_or_hangs(number, bot, telegram, sites):
    """Its job ends with a file or a word, its process is gone, and the next link is served."""
    said = await begin(telegram, f"{sites.public_url}/slow/mux_720.mp4?seconds=3", "Best")
    await telegram.alice.wait_for(lambda m: "Downloading" in m.text, SECONDS, after=said)
    _, workers = worker_of(bot)
    assert workers
    os.kill(workers[0], number)
    await telegram.alice.wait_for(
        lambda m: m.file is not None or (not any("Cancel" in b.text for row in m.buttons for b in row)),
        SECONDS,
        after=said,
    )
    async with asyncio.timeout(SECONDS):
        while alive(workers):
            await asyncio.sleep(0.02)
    await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")


async def test_the_forkserver_is_killed(bot, telegram, sites):
    """In the middle of a download: the person hears of it or gets the file, a new one serves the next link."""
    said = await begin(telegram, f"{sites.public_url}/slow/mux_720.mp4?seconds=3", "Best")
    await telegram.alice.wait_for(lambda m: "Downloading" in m.text, SECONDS, after=said)
    forkserver, workers = worker_of(bot)
    os.kill(forkserver, signal.SIGKILL)
    await telegram.alice.wait_for(
        lambda m: m.file is not None or (not any("Cancel" in b.text for row in m.buttons for b in row)),
        SECONDS,
        after=said,
    )
    await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")
    assert not alive([forkserver, *workers])

    async def cleared():
        return not list(Path(bot.data).glob("work/*"))

    await until(cleared)
