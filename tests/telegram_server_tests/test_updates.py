"""Updates that are missed and caught up, come twice, late or never; restarts and cut connections."""

from pathlib import Path
from typing import Any

import pytest
from pyrogram import errors, raw

from tests.telegram_server.client import client_for, session_string
from tests.telegram_server.harness import Telegram
from tests.telegram_server.session import AuthKey, Session
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


async def test_a_bot_learns_later_that_it_was_stopped(telegram: Telegram, start: Start, tmp_path: Path) -> None:
    """What is counted by qts and found nobody connected comes with the next difference, once."""
    kept: dict[str, Any] = {"bot_token": telegram.bot.token, "workdir": tmp_path, "skip_updates": False}
    first = await start(**kept)
    await telegram.alice.start(telegram.bot)
    await first.message()
    await first.client.stop()
    await telegram.world.until(lambda: not any(s.connected for s in telegram.server.sessions.values()))
    await telegram.alice.block(telegram.bot)
    second = await start(**kept)
    assert (await second.raw_update("UpdateBotStopped")).stopped
    assert telegram.bot.missed == []


async def test_a_channel_s_difference_can_be_asked_in_part(telegram: Telegram, bot: Tracked) -> None:
    """Slices until it is final, ranges of messages, and deletions among the changes."""
    place = telegram.world.channel("News", telegram.alice, telegram.bot)
    posts = [await telegram.alice.say(place, f"post {number}") for number in range(5)]
    await telegram.alice.delete(posts[1])
    peer = raw.types.InputChannel(channel_id=place.id, access_hash=place.access_hash)

    async def ask(pts: int, limit: int, wanted: Any = None) -> Any:
        return await bot.client.invoke(
            raw.functions.updates.GetChannelDifference(
                channel=peer, filter=wanted or raw.types.ChannelMessagesFilterEmpty(), pts=pts, limit=limit
            )
        )

    part = await ask(1, 2)
    assert ([message.message for message in part.new_messages], part.final) == (["post 0"], False)
    rest = await ask(part.pts, 100)
    assert ([message.message for message in rest.new_messages], rest.final) == (["post 2", "post 3", "post 4"], True)
    assert [update.messages for update in rest.other_updates] == [[2]]
    one = raw.types.ChannelMessagesFilter(ranges=[raw.types.MessageRange(min_id=4, max_id=4)])
    assert [message.message for message in (await ask(1, 100, one)).new_messages] == ["post 3"]
    assert isinstance(await ask(place.box.pts, 100), raw.types.updates.ChannelDifferenceEmpty)
    with pytest.raises(errors.PersistentTimestampEmpty):
        await ask(0, 100)


def test_a_session_keeps_a_bounded_number_of_missed_updates() -> None:
    """Too many become one word that there were too many; what was acknowledged is not sent again."""
    session = Session(AuthKey(bytes(256), 2), bytes(8))
    for _ in range(501):
        session.push(raw.types.UpdatesTooLong())
    link = Wire()
    session.attach(link)
    assert len(link.packets) == 1
    session.reply(raw.types.UpdatesTooLong())
    again = Wire()
    session.attach(again)
    assert len(again.packets) == 2
    session.acknowledge(list(session._unacknowledged))
    silent = Wire()
    session.attach(silent)
    assert silent.packets == []
    session.detach(again)
    assert session.connected
    assert [session.first_time(number) for number in (4, 8, 4)] == [True, True, False]


class Wire:
    """A connection that keeps what is sent."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def send(self, packet: bytes) -> None:
        self.packets.append(packet)
