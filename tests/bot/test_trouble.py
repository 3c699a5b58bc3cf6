"""The database is held or Telegram is away: people are told, nothing stops for good, nothing is forgotten."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from bot.session_store import SessionStore
from services.wishes import Wish
from tests.bot.conftest import jpeg, settled
from tests.bot.test_messenger import LINK, ended, files_of, ordered, states
from tests.telegram_server import asking
from tests.telegram_server.faults import Cut
from utils.errors import StorageTrouble


async def test_a_press_while_the_database_is_held_is_answered(bot, telegram):
    """At once, with a sentence beneath, and what is read of later updates is not held up by it."""
    said = await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda m: len(m.buttons) > 1, after=said, seconds=20)
    await bot.database.run("PRAGMA busy_timeout=50")
    with closing(sqlite3.connect(bot.database._path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = await telegram.alice.press(menu, "Best", seconds=20)
        told = await telegram.alice.wait_for(lambda m: m is not menu, seconds=20, after=said)
        other.execute("ROLLBACK")
    assert not answer.text
    assert bot.app.texts("error.storage") in told.text
    assert await states(bot) == []
    await settled(lambda: not bot.part._desk.open_events())
    await ordered(telegram)
    await ended(bot)


@pytest.mark.parametrize("error", [StorageTrouble("database is locked"), RuntimeError("odd")])
async def test_what_goes_on_beside_the_handlers_goes_on(error, bot, telegram, monkeypatch):
    """How far updates were read is written again after it could not be."""
    flush, written = SessionStore.flush, asyncio.Event()
    failed: list[Exception] = []

    async def broken_once(store, states):
        if not failed:
            failed.append(error)
            raise error
        await flush(store, states)
        written.set()

    monkeypatch.setattr(SessionStore, "flush", broken_once)
    await settled(lambda: failed)
    async with asyncio.timeout(20):
        await written.wait()


async def test_a_stop_that_can_not_write_ends_all_the_same(run, telegram, monkeypatch):
    """The line is closed although the last word on updates could not be kept."""
    bot = await run()

    async def full(_store, _states):
        raise StorageTrouble("disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "flush", full)
        with pytest.raises(StorageTrouble):
            await bot.part.stop()
    assert bot.part._runner.done()
    assert bot.part._line is None


async def test_a_reminder_waits_for_telegram(run, telegram, monkeypatch):
    """What could not be told because nobody was reachable is told later."""
    monkeypatch.setattr("bot.calls.LINE_SECONDS", 0.05)
    bot = await run()
    said = await telegram.alice.say(telegram.bot, "/help")
    await telegram.alice.wait_for(lambda m: True, seconds=20, after=said)
    (link,) = bot.app.downloads.detect(LINK).links
    target = {"chat_id": telegram.alice.id, "status_id": 1}
    await bot.app.reminders.add(Wish("live", telegram.alice.id, link, None, title="Nest", target=target))
    desk_line = bot.part._desk.telegram
    client, on_dead = desk_line._client, desk_line._on_dead
    desk_line.detach()
    await bot.database.run("UPDATE reminders SET due_at = ?", bot.ticker.now - 1)
    bot.app.reminders.deliver_to(bot.part._desk.due)
    await settled(lambda: bot.sites.probes and not bot.app.reminders._firing)
    assert len(await bot.database.all("SELECT * FROM reminders")) == 1
    desk_line.attach(client, on_dead)
    await bot.database.run("UPDATE reminders SET due_at = ?", bot.ticker.now - 1)
    bot.app.reminders.deliver_to(bot.part._desk.due)
    await telegram.alice.wait_for(lambda m: "Nest" in m.text or "has begun" in m.text, seconds=20, after=said)


async def test_an_album_whose_stored_copy_was_not_answered(run, telegram, sites):
    """An album takes nothing that was only uploaded: what has no copy becomes a file first."""
    channel = telegram.world.channel("Store", telegram.alice)
    await telegram.alice.add(channel, telegram.bot, "admin")
    bot = await run(GOLDCREST_TELEGRAM__STORAGE_CHAT_ID=str(-1_000_000_000_000 - channel.id))
    sites.files = [
        (f"{number}.jpg", jpeg(64, 48 + number), {"kind": "photo", "mime": "image/jpeg"}) for number in (1, 2)
    ]
    telegram.server.faults.add("messages.SendMedia", Cut(after=True))
    await ordered(telegram)
    await ended(bot)
    assert await states(bot) == ["done"]
    assert len(files_of(telegram, telegram.bot)) == 2
    assert len(files_of(telegram, channel)) == 2


async def test_a_menu_orders_once_over_a_restart(run, telegram, sites):
    """Pressed again while it is under way: nothing, in the next process too; afterwards it is a new order."""
    await run.sign_in()
    bot = await run()
    sites.fetching.clear()
    said = await telegram.alice.say(telegram.bot, LINK)
    menu = await telegram.alice.wait_for(lambda m: len(m.buttons) > 1, after=said, seconds=20)
    best = menu.button("Best").data
    await asyncio.gather(*(asking.press(telegram.world, telegram.alice, menu, best, 10) for _ in range(3)))
    await settled(lambda: sites.fetches)
    bot = await run()
    await settled(lambda: len(sites.fetches) > 1)
    await asking.press(telegram.world, telegram.alice, menu, best, 10)
    await settled(lambda: not bot.part._desk.open_events())
    assert await states(bot) == ["running"]
    sites.fetching.set()
    await ended(bot)
    await asking.press(telegram.world, telegram.alice, menu, best, 10)
    await ended(bot, 2)
    assert len(files_of(telegram)) == 2
