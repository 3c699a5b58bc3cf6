"""Updates that are missed and caught up, come twice, late or never; restarts and cut connections."""

from pathlib import Path
from typing import Any

import pytest
from pyrogram import raw

from tests.telegram_server.client import client_for, session_string
from tests.telegram_server.harness import Telegram
from tests.telegram_server_tests.conftest import Start, Tracked


async def texts(tracked: Tracked, count: int) -> list[str]:
    return [(await tracked.message()).text for _ in range(count)]


@pytest.mark.parametrize("who", ["bot", "carol"])
async def test_what_was_missed_is_caught_up_after_a_restart(
    telegram: Telegram, start: Start, tmp_path: Path, who: str
) -> None:
    """A client with a lasting storage and skip_updates=False gets messages, edits and channel posts of its absence."""
    account: Any = telegram.bot if who == "bot" else telegram.world.person("Carol")
    telegram.bot.privacy = False
    group = telegram.world.group("Group", telegram.alice, account)
    supergroup = telegram.world.supergroup("Super", telegram.alice, account)
    kept: dict[str, Any] = {"workdir": tmp_path, "skip_updates": False, "name": "kept"}
    login = {"bot_token": telegram.bot.token} if who == "bot" else {}
    if who == "carol":
        await sign_in(telegram, account, tmp_path)
    first = await start(**kept, **login)
    early = await telegram.alice.say(account, "before")
    await telegram.alice.say(supergroup, "super before")
    assert sorted(await texts(first, 2)) == ["before", "super before"]
    await first.client.stop()
    await telegram.alice.say(account, "missed")
    await telegram.alice.say(group, "missed in group")
    await telegram.alice.say(supergroup, "missed in super")
    unwanted = await telegram.alice.say(account, "deleted meanwhile")
    await telegram.alice.edit(early, "before, edited")
    await telegram.alice.delete(unwanted)
    second = await start(**kept, **login)
    assert sorted(await texts(second, 3)) == ["missed", "missed in group", "missed in super"]
    assert (await second.edit()).text == "before, edited"
    await second.client.stop()
    third = await start(**kept, **login)
    await telegram.alice.say(account, "now")
    assert await texts(third, 1) == ["now"]


async def sign_in(telegram: Telegram, account: Any, folder: Path) -> None:
    """Sign a person in by phone; the session stays in the folder."""
    client = client_for(telegram.server, "kept", workdir=folder)
    await client.connect()
    sent = await client.send_phone_number_code(account.phone)
    await client.sign_in(account.phone, sent.phone_code_hash, account.login_code)
    await client.disconnect()


async def test_a_difference_comes_in_slices(telegram: Telegram, bot: Tracked) -> None:
    """A long absence is replayed piece by piece until nothing is left."""
    for number in range(250):
        telegram.world.post(telegram.alice, telegram.world.dialog(telegram.alice, telegram.bot), str(number))
    got: list[str] = []
    pts, kinds = 1, []
    while True:
        diff = await bot.client.invoke(raw.functions.updates.GetDifference(pts=pts, date=1, qts=0))
        kinds.append(type(diff).__name__)
        got += [message.message for message in diff.new_messages]
        if isinstance(diff, raw.types.updates.Difference):
            break
        pts = diff.intermediate_state.pts
    assert kinds == ["DifferenceSlice", "DifferenceSlice", "Difference"]
    assert got == [str(number) for number in range(250)]
    empty = await bot.client.invoke(raw.functions.updates.GetDifference(pts=diff.state.pts, date=1, qts=0))
    assert isinstance(empty, raw.types.updates.DifferenceEmpty)


async def test_updates_come_twice_late_or_never_on_demand(telegram: Telegram, bot: Tracked) -> None:
    """The faults for updates do what they say."""
    faults = telegram.server.faults
    faults.repeat_updates = 2
    await telegram.alice.say(telegram.bot, "twice")
    assert await texts(bot, 2) == ["twice", "twice"]
    faults.repeat_updates = 1
    faults.hold_updates = True
    await telegram.alice.say(telegram.bot, "late")
    faults.hold_updates = False
    await telegram.alice.say(telegram.bot, "overtakes")
    assert await texts(bot, 1) == ["overtakes"]
    assert telegram.server.release_updates() == 1
    assert await texts(bot, 1) == ["late"]
    faults.lose_updates = True
    await telegram.alice.say(telegram.bot, "lost")
    faults.clear()
    await telegram.alice.say(telegram.bot, "after")
    assert await texts(bot, 1) == ["after"]


async def test_updates_of_a_cut_connection_arrive_at_the_next_one(telegram: Telegram, bot: Tracked) -> None:
    """A session is its id, not its connection: what came meanwhile is delivered after the client is back."""
    assert telegram.server.cut_connections(telegram.bot) == 1
    assert telegram.server.cut_connections(telegram.bot) == 0
    await telegram.alice.say(telegram.bot, "while you were away")
    assert await texts(bot, 1) == ["while you were away"]
    await bot.client.send_message(telegram.alice.id, "back")
    assert telegram.alice.messages()[-1].text == "back"


async def test_the_server_restarts_on_the_same_ports(telegram: Telegram, bot: Tracked) -> None:
    """The client comes back by itself, nothing of the world is lost, random ids stay used."""
    await telegram.alice.start(telegram.bot)
    peer = await bot.client.resolve_peer(telegram.alice.id)
    send = raw.functions.messages.SendMessage(peer=peer, message="once", random_id=77)
    await bot.client.invoke(send)
    ports = dict(telegram.server.ports)
    await telegram.server.restart()
    assert telegram.server.ports == ports
    await telegram.alice.say(telegram.bot, "are you there?")
    assert (await texts(bot, 2))[1] == "are you there?"
    with pytest.raises(Exception, match="RANDOM_ID_DUPLICATE"):
        await bot.client.invoke(send)
    assert [message.text for message in telegram.alice.messages()].count("once") == 1


async def test_only_sessions_that_asked_get_updates(telegram: Telegram, start: Start) -> None:
    """A second client of the bot gets them as well, a connection for files doesn't."""
    one, two = (
        await start(telegram.bot),
        await start(telegram.bot, session_string=session_string(telegram.server, telegram.bot)),
    )
    media = await one.client.get_session(2, is_media=True)
    await telegram.alice.say(telegram.bot, "to both")
    assert await texts(one, 1) == await texts(two, 1) == ["to both"]
    assert not telegram.server.sessions[media.session_id].wants_updates
