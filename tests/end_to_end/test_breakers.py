"""A site that keeps failing, met by the real bot: left alone, remembered over a restart, shared through Redis."""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.bot_process import bot_process
from tests.end_to_end.test_bad_input import sentence
from tests.end_to_end.test_links import SECONDS
from tests.redis_server import running_redis

pytestmark = pytest.mark.process
SETTINGS = {
    "RETRY_MAX_ATTEMPTS": "1",
    "GOLDCREST_EXTRACTOR__RETRIES": "0",
    "GOLDCREST_BREAKER__CONSECUTIVE": "2",
    "GOLDCREST_BREAKER__OPEN_SECONDS": "600",
}
REFUSED = "fails too often"


async def answer(telegram, text):
    """What the bot finally says to a link that can't be had."""
    said = await telegram.alice.say(telegram.bot, text)

    def final(message):
        return message.reply_to is said and "Looking" not in message.text

    return (await telegram.alice.wait_for(final, SECONDS, after=said)).text


async def break_it(telegram, sites):
    """Two failures of one host."""
    for number in range(2):
        told = await answer(telegram, f"{sites.public_url}/fault/status/500/clip.mp4?n={number}")
        assert sentence("site_down") in told


async def breaker_figures(bot):
    _, status = await bot.get("/status")
    return status["breakers"].get("generic", {})


async def test_a_host_that_fails_is_left_alone_and_that_is_remembered(tmp_path, telegram, sites, settings):
    """The third link is refused with the time, without a request; so is the first one after a restart."""
    async with bot_process(tmp_path / "data", settings, SETTINGS) as bot:
        await break_it(telegram, sites)
        told = await answer(telegram, f"{sites.public_url}/fault/status/500/clip.mp4?n=3")
        assert REFUSED in told
        assert "10 min" in told
        assert await breaker_figures(bot) == {"state": "closed", "hosts": 1, "hosts_open": 1}
        assert await bot.stop() == 0
    async with bot_process(tmp_path / "data", settings, SETTINGS) as bot:
        assert (await breaker_figures(bot))["hosts_open"] == 1
        assert REFUSED in await answer(telegram, f"{sites.public_url}/fault/status/500/clip.mp4?n=4")


async def test_instances_share_it_and_work_without(tmp_path, telegram, sites, settings):
    """What the bot found out is known to a second process; where Redis is gone, the bot goes on."""
    with running_redis(tmp_path) as redis:
        shared = {**SETTINGS, "GOLDCREST_REDIS__URL": redis.url}
        web = {key: value for key, value in settings.items() if key != "BOT_TOKEN"}
        async with (
            bot_process(tmp_path / "one", settings, shared),
            bot_process(tmp_path / "two", web, shared) as other,
        ):
            await break_it(telegram, sites)
            async with asyncio.timeout(30):
                while (await breaker_figures(other)).get("hosts_open") != 1:
                    await asyncio.sleep(0.1)
            redis.stop()
            assert REFUSED in await answer(telegram, f"{sites.public_url}/fault/status/500/clip.mp4?n=3")
            assert sentence("private") in await answer(telegram, sites.youtube.samples()["private"])
