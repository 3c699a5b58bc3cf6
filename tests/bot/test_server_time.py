"""Telegram's time under a clock that is wrong, set or stood still: every request is taken, every update comes."""

import pytest

from tests.bot.test_client import LINK, answered

#: beyond what Telegram takes of a message's age, either way
HOUR = 3600.0


async def test_a_machine_that_slept(bot, telegram):
    """Its clocks stood still while Telegram's went on: the first word from there puts ours right."""
    await answered(telegram, "/help")
    telegram.server.ahead_seconds = HOUR
    assert "Send me a link" in (await answered(telegram, "/start")).text


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
async def test_a_clock_that_is_wrong_from_the_start(seconds, run, telegram):
    """With a kept session nothing tells the time before the first request."""
    await run()
    await run.stop()
    telegram.server.ahead_seconds = seconds
    await run()
    await answered(telegram, LINK)
