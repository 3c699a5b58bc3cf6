"""Faults of a real process that end again: told within two seconds, well again within ten, no new process."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3

import pytest

from tests.end_to_end.test_life import alive, begin
from tests.end_to_end.test_links import SECONDS

pytestmark = pytest.mark.process


async def until(bot, condition):
    """Wait until /health satisfies the condition."""
    async with asyncio.timeout(SECONDS):
        while not condition((await bot.get("/health"))[1]):
            await asyncio.sleep(0.05)


async def well(bot):
    await until(bot, lambda body: body["status"] == "ok")


async def test_telegram_goes_and_comes_back(bot, telegram):
    """Degraded, still worth keeping, no restart of anything; then the bot answers again, with one login in all."""
    await well(bot)
    await telegram.server.stop()
    await until(bot, lambda body: not body["parts"]["telegram"]["ok"])
    assert (await bot.get("/health"))[0] == 200
    await telegram.server.start()
    await well(bot)
    _, status = await bot.get("/status")
    assert status["system"]["parts"]["telegram"]["restarts"] == 0
    assert len(telegram.server.calls_of("auth.ImportBotAuthorization")) == 1


async def test_a_database_locked_from_outside_is_told_and_waited_for(bot):
    """By its name; nothing is restarted, and it is well as soon as the lock is gone."""
    await well(bot)
    other = sqlite3.connect(bot.data / "goldcrest.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await until(bot, lambda body: body["parts"]["database"].get("detail") == "database is locked")
    other.execute("ROLLBACK")
    other.close()
    await well(bot)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_forkserver_struck_in_the_middle_of_a_job_costs_nothing(number, bot, telegram, sites):
    """Killed or frozen while a job downloads: the file comes all the same, once, and everything is well."""
    said = await begin(telegram, sites.youtube.samples()["slow"], "480p")
    await telegram.alice.wait_for(lambda m: "Downloading" in m.text, SECONDS, after=said)
    _, status = await bot.get("/status")
    forkserver = status["extractor"]["forkserver"]
    sites.youtube.slow_seconds = 0
    os.kill(forkserver, number)
    await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=said)
    await well(bot)
    assert alive([forkserver]) == []
    assert len([m for m in telegram.alice.messages() if m.file]) == 1
