"""Telegram goes away in the middle of something, and comes back."""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.test_links import file_for, menu_for
from tests.faults.conftest import SECONDS, health_says, until
from tests.telegram_server.faults import Cut, Mute

pytestmark = pytest.mark.process


async def gone_and_back(bot, telegram):
    """Down until /health says so, then up until it says so."""
    await telegram.server.stop()
    await health_says(bot, "telegram", ok=False)
    telegram.server.faults.clear()
    await telegram.server.start()
    await health_says(bot, "telegram", ok=True)


def hit(fault):
    """A silent request wakes nobody, so it is looked for."""

    async def struck():
        return fault.hits

    return struck


async def test_in_the_middle_of_an_upload(bot, telegram, sites):
    """The file comes, once; nobody has to press again."""
    menu = await menu_for(telegram, f"{sites.public_url}/m/mux_720.mp4")
    fault = telegram.server.faults.add("upload.Save*", Mute(), when=lambda query: query.file_part == 1)
    await telegram.alice.press(menu, "Best")
    await until(hit(fault))
    await gone_and_back(bot, telegram)
    await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)
    await file_for(telegram, f"{sites.public_url}/m/mux_360.mp4", "Best")
    assert telegram.alice.copies() == []


@pytest.mark.parametrize("after", [False, True])
async def test_in_the_middle_of_an_answer_to_a_press(after, bot, telegram, sites):
    """The press is not lost with the connection: it is dealt with although its answer was cut off."""
    menu = await menu_for(telegram, f"{sites.public_url}/m/mux_360.mp4")
    fault = telegram.server.faults.add("messages.SetBotCallbackAnswer", Cut(after=after))
    await telegram.alice.press(menu, "Best", seconds=SECONDS)
    await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)
    assert fault.hits == 1
    assert telegram.alice.copies() == []


async def test_in_the_middle_of_a_press_for_long(bot, telegram, sites):
    """What was pressed is done when Telegram is back, without another press."""
    menu = await menu_for(telegram, f"{sites.public_url}/m/mux_360.mp4")
    fault = telegram.server.faults.add("messages.SetBotCallbackAnswer", Mute())
    pressing = asyncio.create_task(telegram.alice.press(menu, "Best", seconds=SECONDS))
    await until(hit(fault))
    await gone_and_back(bot, telegram)
    await telegram.alice.wait_for(lambda m: m.file is not None, SECONDS, after=menu)
    await asyncio.gather(pressing, return_exceptions=True)  # an answer may come too late for it
    await file_for(telegram, f"{sites.public_url}/m/mux_144.mp4", "Best")
    assert telegram.alice.copies() == []
