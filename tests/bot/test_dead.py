"""/dead through the real client: the owner sees what failed for good, has it tried again or forgotten."""

from __future__ import annotations

import pytest

from core.job_queue import FAILED
from platforms.shapes import Link
from tests.bot.test_lists import LIST, buttons, is_choice, is_list
from tests.telegram_server import asking
from utils.errors import Removed
from utils.texts import Texts

AGAIN = "Try the 3 failed again"


@pytest.fixture
def texts() -> Texts:
    return Texts(strict=True)


async def failed(bot, number):
    queue = bot.app.downloads._queue
    link = Link(f"https://site.test/{number}", f"site:{number}", "site", "video", str(number))
    job = await queue.add("elsewhere", link, "best", title=f"Title {number}", user_id=7, target={})
    (begun,) = await queue.take(("elsewhere",))
    await queue.move(begun, FAILED, "site_down")
    return job


async def test_the_owner_replays_one_and_forgets_the_other(bot, telegram, texts):
    """Each has its two buttons; the list follows."""
    alice = telegram.alice
    first, second = await failed(bot, 1), await failed(bot, 2)
    asked = await alice.say(telegram.bot, "/dead")
    listed = await alice.wait_for(lambda message: "Title 2" in message.text, after=asked)
    answer = await asking.press(telegram.world, alice, listed, f"dr:{first.id}".encode(), 10)
    assert answer.text == texts("dead.replayed")
    answer = await asking.press(telegram.world, alice, listed, f"dd:{second.id}".encode(), 10)
    assert answer.text == texts("dead.discarded")
    assert await bot.app.downloads.dead_letters(9) == ([], 0)
    assert (await bot.app.downloads._queue.counts())["accepted"] == 1
    asked = await alice.say(telegram.bot, "/dead")
    await alice.wait_for(lambda message: message.text == texts("dead.none"), after=asked)


async def test_what_is_tried_again_is_listed_once(bot, telegram, sites, texts):
    """A batch's failures under their titles, also those of the second try; the first ones are gone."""
    alice = telegram.alice
    sites.length = 3
    sites.breaks = [Removed() for _ in range(6)]
    said = await alice.say(telegram.bot, LIST)
    menu = await alice.wait_for(is_list, after=said)
    await alice.press(menu, "All 3")
    await telegram.world.until(lambda: is_choice(menu))
    await alice.press(menu, "360p")
    await telegram.world.until(lambda: AGAIN in buttons(menu))
    await alice.press(menu, AGAIN)
    await telegram.world.until(lambda: len(sites.fetches) == 6 and AGAIN in buttons(menu))
    asked = await alice.say(telegram.bot, "/dead")
    listed = await alice.wait_for(lambda message: texts.many("dead.title", 3) in message.text, after=asked)
    lines = listed.text.splitlines()[1:]
    assert sorted(line.split(" ", 1)[1].partition(" \u00b7")[0] for line in lines) == ["Entry 1", "Entry 2", "Entry 3"]
