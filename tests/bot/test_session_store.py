"""What the client must not forget."""

import pytest
from pyrogram import raw
from pyrogram.storage import UpdateState

from bot.session_store import SessionStore
from tests.bot.conftest import MIGRATIONS
from utils.database import Database
from utils.seal import Seal


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def stored(database):
    """Open a store on the same database: what a restart is."""

    async def stored(bot_id=7, secret="a secret", clock=lambda: 100.0):
        store = SessionStore(database, Seal(secret, "test"), bot_id, clock)
        await store.open()
        return store

    return stored


async def test_every_field_of_the_session_lasts(stored):
    """Written through pyrogram's accessors, kept at once, read by the next process."""
    store = await stored()
    fields = {
        "dc_id": 4,
        "server_address": "149.154.167.91",
        "port": 443,
        "api_id": 5,
        "test_mode": False,
        "auth_key": bytes(range(256)),
        "date": 9,
        "user_id": 7,
        "is_bot": True,
    }
    for name, value in fields.items():
        await getattr(store, name)(value)
    await store.keep()
    again = await stored()
    for name, value in fields.items():
        assert await getattr(again, name)() == value
    assert await again.export_session_string()
    await again.open()  # a second time changes nothing
    assert await again.dc_id() == 4


async def test_without_a_session_pyrogram_signs_in(stored):
    """A fresh record is what pyrogram takes for empty."""
    store = await stored()
    assert [await store.auth_key(), await store.user_id(), await store.is_bot(), await store.test_mode()] == [None] * 4


@pytest.mark.parametrize("secret", ["another secret", "a secret"])
async def test_a_session_that_cannot_be_opened_is_none(stored, database, secret):
    """Sealed for another token, or changed in the database."""
    store = await stored()
    await store.auth_key(b"k" * 256)
    await store.keep()
    if secret == "a secret":
        await database.run("UPDATE telegram_sessions SET sealed = ?", Seal(secret, "test").seal(b"not json"))
    assert await (await stored(secret=secret)).auth_key() is None


async def test_forgetting_leaves_peers_and_states(stored):
    """A new login is the same bot."""
    store = await stored()
    await store.auth_key(b"k" * 256)
    await store.keep()
    await store.update_peers([(5, 55, "user", None)])
    await store.set_update_state(UpdateState(0, 1, 2, 3, 4))
    await store.flush(store.states())
    await store.delete()
    again = await stored()
    assert await again.auth_key() is None
    assert await again.get_update_states(0) == [UpdateState(0, 1, 2, 3, 4)]
    assert (await again.get_peer_by_id(5)).access_hash == 55
    other = await stored(bot_id=8)
    assert await other.get_update_states() == []
    with pytest.raises(KeyError):
        await other.get_peer_by_id(5)


async def test_states_take_over_what_is_told(stored):
    """None leaves a value as it is; a dropped chat is gone from the table too."""
    store = await stored()
    await store.set_update_state([UpdateState(0, 1, 2, 3, 4), UpdateState(-100, 9, None, 1, None)])
    await store.set_update_state(UpdateState(0, 5, None, None, None))
    assert await store.get_update_states() == [UpdateState(-100, 9, None, 1, None), UpdateState(0, 5, 2, 3, 4)]
    assert await store.get_update_states([0, 1]) == [UpdateState(0, 5, 2, 3, 4)]
    await store.flush(store.states())
    await store.delete_update_state(-100)
    await store.delete_update_state([1, 2])
    await store.flush(store.states())
    assert await (await stored()).get_update_states() == [UpdateState(0, 5, 2, 3, 4)]


async def test_only_what_was_dealt_with_is_written(stored):
    """States of an earlier moment can be flushed, peers without any, and reading can go back."""
    store = await stored()
    await store.set_update_state(UpdateState(0, 1, 0, 1, 0))
    earlier = store.states()
    await store.set_update_state(UpdateState(0, 2, 0, 2, 0))
    await store.update_peers([(5, 55, "user", None)])
    await store.flush(earlier)
    await store.flush(None)
    again = await stored()
    assert (await again.get_update_states(0))[0].pts == 1
    assert await again.get_peer_by_id(5)
    store.rewind(earlier)
    assert (await store.get_update_states(0))[0].pts == 1


async def test_nothing_new_writes_nothing(stored, database, monkeypatch):
    """Once a second is cheap only while it is silent."""
    store = await stored()
    await store.update_peers([(5, 55, "user", None), (6, None, "user", None)])
    await store.set_update_state(UpdateState(0, 1, 0, 1, 0))
    await store.flush(store.states())
    monkeypatch.setattr(database, "transaction", None)
    await store.update_peers([(5, 55, "user", None)])
    await store.flush(store.states())
    with pytest.raises(KeyError):
        await store.get_peer_by_id(6)


async def test_peers_of_every_kind(stored, monkeypatch):
    """They come back as the address that Telegram wants, from memory or from the table."""
    monkeypatch.setattr("bot.session_store.PEERS_IN_MEMORY", 2)
    store = await stored()
    await store.update_peers(
        [(5, 55, "user", None), (-6, 0, "group", None), (-1000000000007, 77, "supergroup", None), (8, 88, "bot", None)]
    )
    assert await store.get_peer_by_id(5) == raw.types.InputPeerUser(user_id=5, access_hash=55)
    await store.flush(None)
    assert await store.get_peer_by_id(5) == raw.types.InputPeerUser(user_id=5, access_hash=55)
    assert await store.get_peer_by_id(-6) == raw.types.InputPeerChat(chat_id=6)
    assert (await store.get_peer_by_id(-1000000000007)).access_hash == 77
    assert len(store._peers) == 2


async def test_names_and_numbers_are_asked_of_telegram(stored):
    """A bot knows people by id."""
    store = await stored()
    await store.update_usernames([(5, ["alice"])])
    await store.save()
    await store.close()
    for look in (store.get_peer_by_username, store.get_peer_by_phone_number):
        with pytest.raises(KeyError):
            await look("alice")


async def test_the_peers_met_longest_ago_are_swept(stored, database, monkeypatch):
    """The table has a bound."""
    monkeypatch.setattr("bot.session_store.PEERS_KEPT", 3)
    times = iter(range(100))
    store = await stored(clock=lambda: float(next(times)))
    for number in range(6):
        await store.update_peers([(number, 1, "user", None)])
        await store.flush(None)
    await store.sweep()
    assert [row["id"] for row in await database.all("SELECT id FROM telegram_peers ORDER BY id")] == [3, 4, 5]
