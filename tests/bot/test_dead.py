"""/dead through the real client: the owner sees what failed for good, has it tried again or forgotten."""

from __future__ import annotations

from functools import partialmethod

import pytest

from core.dead_letters import DeadLetters
from core.job_queue import FAILED
from platforms.shapes import Link
from services.users import Person
from tests.bot.test_lists import LIST, buttons, is_choice, is_list
from tests.telegram_server import asking
from utils.errors import Removed
from utils.texts import Texts

AGAIN = "Try the 3 failed again"


@pytest.fixture
def texts() -> Texts:
    return Texts(strict=True)


async def failed(bot, number, code="site_down"):
    queue = bot.app.downloads._queue
    link = Link(f"https://site.test/{number}", f"site:{number}", "site", "video", str(number))
    job = await queue.add("elsewhere", link, "best", title=f"Title {number}", user_id=7, target={})
    (begun,) = await queue.take(("elsewhere",))
    await queue.move(begun, FAILED, code)
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


async def test_the_owner_replays_all_that_failed_for_one_reason(bot, telegram, texts, monkeypatch):
    """A button for each reason that several share, the most frequent first; so many at once, and the rest is told."""
    alice = telegram.alice
    for number in range(5):
        await failed(bot, number, "deadline" if number < 2 else "site_down")
    await failed(bot, 5, "private")
    asked = await alice.say(telegram.bot, "/dead")
    listed = await alice.wait_for(lambda message: "Title 5" in message.text, after=asked)
    assert buttons(listed)[-2:] == ["Try all 3 again: site_down", "Try all 2 again: deadline"]
    monkeypatch.setattr(DeadLetters, "oldest", partialmethod(DeadLetters.oldest, most=2))
    answer = await asking.press(telegram.world, alice, listed, b"da:site_down", 10)
    assert answer.text == f"{texts.many('dead.replayed_all', 2)} {texts.many('dead.left', 1)}"
    await telegram.world.until(lambda: "Title 3" not in listed.text)
    assert buttons(listed)[-1:] == ["Try all 2 again: deadline"]
    answer = await asking.press(telegram.world, alice, listed, b"da:site_down", 10)
    assert answer.text == texts.many("dead.replayed_all", 1)
    assert (await bot.app.downloads._queue.counts())["accepted"] == 3


async def test_dead_letters_are_the_owners(bot, telegram, texts):
    """Somebody let in can neither list nor press."""
    carol = telegram.world.person("Carol")
    await bot.app.users.allow(Person(carol.id))
    job = await failed(bot, 1)
    await carol.say(telegram.bot, "/dead")
    await carol.wait_for(lambda message: message.text == texts("dead.owner_only"))
    asked = await telegram.alice.say(telegram.bot, "/dead")
    listed = await telegram.alice.wait_for(lambda message: "Title 1" in message.text, after=asked)
    for data in (f"dr:{job.id}", f"dd:{job.id}", "da:site_down"):
        answer = await asking.press(telegram.world, carol, listed, data.encode(), 10)
        assert answer.text == texts("press.not_yours")
    assert (await bot.app.downloads.dead_letters(9))[1] == 1


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
