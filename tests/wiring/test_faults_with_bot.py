"""The parts on the way from a person to a file, struck while the bot is signed in; then they do their work again."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest

from bot.messenger import Target
from services.batch_shapes import BatchOrder
from services.users import Person
from services.wishes import Wish
from tests.wiring.house import SECONDS, kill, running, standing
from utils.cookies import Cookie


@pytest.fixture
def settings(telegram):
    """The environment of a bot that alice owns."""
    return telegram.env() | {"OWNER_ID": str(telegram.alice.id)}


@pytest.fixture
async def house(tmp_path, serving, settings, telegram, sites):
    """A house with the bot, all sites, and alice, who has spoken to it."""
    async with serving(tmp_path / "data", **settings, **sites.env()) as house:
        await house.well()
        await answered(telegram)
        yield house


async def answered(telegram):
    """Alice says /start; the answer."""
    said = await telegram.alice.start(telegram.bot)
    return await telegram.alice.wait_for(lambda message: message.text, SECONDS, after=said)


@pytest.fixture
def link(house, sites):
    """Of a small file."""
    (link,) = house.made("downloads").detect(f"{sites.public_url}/m/mux_144.mp4").links
    return link


@pytest.mark.strikes("batches")
async def test_a_batch_that_nobody_feeds_is_fed_again(house, link):
    """Its only item becomes a job, and the job a file."""
    batches = house.made("batches")
    batch = await batches.submit(BatchOrder("web", "best", (link,)))
    await kill(f"batch {batch.id}")
    assert house.view("batches")["detail"] == "batches that nobody feeds: 1"
    await house.back("batches")
    last = [event async for event in batches.watch(batch.id)][-1]
    assert (last.final, last.counts["done"]) == (True, 1)
    assert house.made("batches") is batches


def ended(message, title):
    """It shows that batch, and nothing of it can be cancelled any more."""
    return title in message.text and not message.buttons


@pytest.mark.strikes("batches")
async def test_a_batch_that_nobody_shows_is_shown_again(house, telegram, link):
    """The person reads how it ended, in the message that waits for that."""
    batches, status = house.made("batches"), await answered(telegram)
    target = Target(telegram.alice.id, status.id_for(telegram.bot)).packed()
    batch = await batches.submit(BatchOrder("telegram", "best", (link,), title="All of it", target=target))
    await kill(f"report {batch.id}")
    assert house.view("batches")["detail"] == "there are batches that nobody shows"
    await house.back("batches")
    await telegram.alice.wait_for(lambda message: message.file, SECONDS, after=status)
    await telegram.alice.wait_for(lambda message: message is status and ended(message, "All of it"), SECONDS)


@pytest.mark.strikes("cookies")
async def test_cookies_whose_end_nobody_watches_are_watched_again(house, telegram):
    """The owner is told of a file that came meanwhile and ends tomorrow."""
    await house.until(lambda: running("cookie notices"))
    ends_at = int(time.time()) + 86_400
    await house.made("cookies").keep("instagram", "anna", [Cookie("instagram.com", "sessionid", "x", ends_at)])
    await kill("cookie notices")
    assert house.view("cookies")["detail"] == "cookie notices: its task is dead"
    await house.back("cookies")
    await telegram.alice.wait_for(lambda message: "anna" in message.text, SECONDS)


@pytest.mark.strikes("reminders")
async def test_reminders_that_nobody_looks_for_are_dealt_with_after_all(house, telegram, link):
    """One that was added meanwhile brings its file."""
    status = await answered(telegram)
    await kill("reminders")
    assert house.view("reminders")["detail"] == "reminders: its task is dead"
    target = Target(telegram.alice.id, status.id_for(telegram.bot)).packed()
    await house.made("reminders").add(Wish("later", telegram.alice.id, link, 0, quality="best", target=target))
    await house.back("reminders")
    await telegram.alice.wait_for(lambda message: message.file, SECONDS, after=status)
    await house.until(lambda: house.made("reminders").figures() == {"waiting": 0})


@pytest.mark.strikes("telegram")
@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("telegram", "the task that keeps it signed in is dead"),
        ("telegram helper", "the task beside its handlers is dead"),
    ],
)
async def test_a_bot_without_one_of_its_tasks_signs_in_again(house, telegram, name, detail):
    """With the session that it has; and answers."""
    await kill(name)
    assert house.view("telegram")["detail"] == detail
    await house.back("telegram")
    await answered(telegram)
    assert running("telegram helper")
    assert len(telegram.server.calls_of("auth.ImportBotAuthorization")) == 1


@pytest.mark.strikes("users")
async def test_users_that_cannot_be_read_end_the_start_and_are_there_again_in_the_next(
    seen_ill, tmp_path, serving, settings, telegram
):
    """Nobody is let in and nobody shut out on the word of half a database; what was in it is in it still."""
    bob, folder = Person(7, "Bob"), tmp_path / "data"
    async with serving(folder, **settings) as house:
        assert await house.made("users").allow(bob)
    with closing(sqlite3.connect(folder / "goldcrest.db")) as database:
        database.execute("ALTER TABLE users RENAME TO lost")
    async with standing(folder, seen_ill, **settings) as house:
        with pytest.raises(sqlite3.OperationalError, match="no such table: users"):
            await house.manager.start()
        assert (house.view("users")["state"], house.view("users")["detail"]) == ("failed", "OperationalError")
        assert house.manager.state()["state"] == "failed"
    with closing(sqlite3.connect(folder / "goldcrest.db")) as database:
        database.execute("ALTER TABLE lost RENAME TO users")
    async with serving(folder, **settings) as house:
        users = house.made("users")
        assert (users.owner_id, users.people()) == (telegram.alice.id, [bob])
        assert await users.deny(bob.id)
