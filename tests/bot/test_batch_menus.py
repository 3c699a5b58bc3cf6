"""Menus for many items, on the real database."""

from dataclasses import replace

import pytest

from bot.batch_menus import MENU_SECONDS, RECENT_SECONDS, BatchMenu, BatchMenus
from platforms.shapes import Link
from services.beside import looks_like_positions
from tests.bot.conftest import MIGRATIONS
from utils.database import Database
from utils.errors import Expired

LINK = Link("https://site.test/list", "site:playlist:1", "site", "playlist", "1", "site.test/list")
MENU = BatchMenu("t1", 7, -100, (LINK,), "A list", total=60, reply_to=3, topic_id=2, message_id=9)


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def menus(tmp_path, clock):
    database = Database(tmp_path / "test.db", MIGRATIONS)
    await database.start()
    yield BatchMenus(database, clock, bound=3)
    await database.stop()


async def test_a_menu_comes_back_as_it_was(menus):
    """Links, ranges and place."""
    await menus.add(MENU)
    many = replace(MENU, token="t2", is_list=False, links=(LINK, LINK), ranges="1-10,15", total=None, message_id=None)
    await menus.add(many)
    assert await menus.get("t1") == MENU
    assert await menus.get("t2") == many
    assert (MENU.place.chat_id, MENU.place.reply_to, MENU.place.topic_id) == (-100, 3, 2)


async def test_an_old_or_unknown_menu_has_expired(menus, clock):
    """After a week, or never written."""
    await menus.add(MENU)
    clock.now += MENU_SECONDS + 1
    for token in ("t1", "nonsense"):
        with pytest.raises(Expired):
            await menus.get(token)
    assert await menus.replied(-100, 9) is None


async def test_a_reply_finds_its_list(menus):
    """To the menu, to the question for positions, and to nothing else."""
    await menus.add(MENU)
    await menus.add(replace(MENU, token="links", is_list=False, message_id=20))
    assert await menus.asked("t1", 11) is None
    assert await menus.asked("t1", 12) == 11
    assert await menus.replied(-100, 9) == MENU
    assert await menus.replied(-100, 12) == MENU
    for chat, message in ((-100, 11), (-100, 20), (-100, 3), (5, 9)):
        assert await menus.replied(chat, message) is None
    await menus.shown("t1", 30)
    assert await menus.replied(-100, 30) == replace(MENU, message_id=30)


async def test_the_latest_list_of_a_person(menus, clock):
    """The newest, for an hour, of the person and the chat."""
    await menus.add(MENU)
    clock.now += 1
    await menus.add(replace(MENU, token="t2"))
    clock.now += 1
    await menus.add(replace(MENU, token="t3", is_list=False))
    newest = await menus.latest(-100, 7)
    assert newest is not None
    assert newest.token == "t2"
    assert await menus.latest(-100, 8) is None
    assert await menus.latest(7, 7) is None
    clock.now += RECENT_SECONDS
    assert await menus.latest(-100, 7) is None


async def test_a_removed_one_is_removed_once(menus):
    """Whoever comes second is told."""
    await menus.add(MENU)
    assert await menus.remove("t1")
    assert not await menus.remove("t1")


async def test_the_table_is_bounded(menus, clock):
    """By age and by number; the newest stay."""
    for number in range(6):
        clock.now += 1
        await menus.add(replace(MENU, token=f"t{number}"))
    await menus.sweep()
    with pytest.raises(Expired):
        await menus.get("t2")
    assert (await menus.get("t3")).token == "t3"
    clock.now += MENU_SECONDS + 1
    await menus.sweep()
    clock.now -= MENU_SECONDS
    with pytest.raises(Expired):
        await menus.get("t5")


async def test_menus_are_swept_now_and_then(menus, clock, monkeypatch):
    """Not only at a start."""
    monkeypatch.setattr("bot.batch_menus.SWEEP_EVERY", 5)
    for number in range(5):
        clock.now += 1
        await menus.add(replace(MENU, token=f"t{number}"))
    with pytest.raises(Expired):
        await menus.get("t1")


@pytest.mark.parametrize("text", ["1-10,15", " 3 ", "5-", "-5", "1 \u2013 3; 7", "\u0663", "ALL"])
def test_what_looks_like_positions(text):
    """Digits of any script and signs, or the word."""
    assert looks_like_positions(text)


@pytest.mark.parametrize("text", ["", "-", "hello", "1-10 please", "top 5", "all of it", "\U0001f600"])
def test_what_does_not_look_like_positions(text):
    """Words are no positions, whatever stands between them."""
    assert not looks_like_positions(text)
