"""/dead through the real client: the owner sees what failed for good, has it tried again or forgotten."""

from __future__ import annotations

import pytest

from core.job_queue import FAILED
from platforms.shapes import Link
from tests.telegram_server import asking
from utils.texts import Texts


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
