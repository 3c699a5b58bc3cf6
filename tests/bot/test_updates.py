"""Raw updates read into events, and where they come in."""

from unittest.mock import Mock

import pytest
from pyrogram import raw

from bot.events import Incoming, Pressed
from bot.feed import Feed
from bot.updates import read_update
from services.users import Person
from utils.errors import Busy

T = raw.types


def new(cls=T.UpdateNewMessage, **fields):
    known = {"id": 3, "peer_id": T.PeerUser(user_id=5), "date": 1, "message": "hi"}
    return cls(message=T.Message(**known | fields), pts=1, pts_count=1)


CHANNEL = T.PeerChannel(channel_id=9)


@pytest.mark.parametrize(
    ("update", "event"),
    [
        (new(), Incoming(5, 3, 5, "hi", private=True)),
        (new(from_id=T.PeerUser(user_id=5)), Incoming(5, 3, 5, "hi", private=True)),
        (
            new(peer_id=T.PeerChat(chat_id=4), from_id=T.PeerUser(user_id=5)),
            Incoming(-4, 3, 5, "hi", private=False),
        ),
        (
            new(T.UpdateNewChannelMessage, peer_id=CHANNEL, from_id=T.PeerUser(user_id=5)),
            Incoming(-1000000000009, 3, 5, "hi", private=False),
        ),
        (  # an anonymous admin writes as the group itself
            new(T.UpdateNewChannelMessage, peer_id=CHANNEL, from_id=CHANNEL),
            Incoming(-1000000000009, 3, None, "hi", private=False),
        ),
        (new(T.UpdateNewChannelMessage, peer_id=CHANNEL), Incoming(-1000000000009, 3, None, "hi", private=False)),
        (new(T.UpdateNewChannelMessage, peer_id=CHANNEL, post=True), None),
        (new(T.UpdateNewChannelMessage, peer_id=T.PeerChannel(channel_id=8)), None),
        (new(out=True), None),
        (new(via_bot_id=12), None),
        (T.UpdateNewMessage(message=T.MessageEmpty(id=1), pts=1, pts_count=1), None),
        (
            new(
                message="see this",
                entities=[
                    T.MessageEntityBold(offset=0, length=3),
                    T.MessageEntityTextUrl(offset=4, length=4, url="https://a.test"),
                ],
            ),
            Incoming(5, 3, 5, "see this\nhttps://a.test", private=True),
        ),
        (new(reply_to=T.MessageReplyHeader(reply_to_msg_id=2)), Incoming(5, 3, 5, "hi", private=True, reply_to=2)),
        (
            new(reply_to=T.MessageReplyHeader(forum_topic=True, reply_to_msg_id=2)),
            Incoming(5, 3, 5, "hi", private=True, topic_id=2, reply_to=2),
        ),
        (
            new(reply_to=T.MessageReplyHeader(forum_topic=True, reply_to_msg_id=6, reply_to_top_id=2)),
            Incoming(5, 3, 5, "hi", private=True, topic_id=2, reply_to=6),
        ),
        (
            T.UpdateBotCallbackQuery(
                query_id=1, user_id=5, peer=T.PeerUser(user_id=5), msg_id=3, chat_instance=1, data=b"q:\xff"
            ),
            Pressed(1, 5, 3, 5, "q:\ufffd", private=True),
        ),
        (
            T.UpdateBotCallbackQuery(query_id=1, user_id=5, peer=CHANNEL, msg_id=3, chat_instance=1),
            Pressed(1, -1000000000009, 3, 5, "", private=False),
        ),
        (new(T.UpdateEditMessage, edit_date=7), Incoming(5, 3, 5, "hi", private=True, edited_at=7)),
        (
            new(T.UpdateEditChannelMessage, peer_id=CHANNEL, from_id=T.PeerUser(user_id=5), edit_date=7),
            Incoming(-1000000000009, 3, 5, "hi", private=False, edited_at=7),
        ),
        (new(T.UpdateEditMessage, edit_date=7, edit_hide=True), None),
        (new(T.UpdateEditMessage), None),
        (new(T.UpdateEditMessage, out=True, edit_date=7), None),
        (T.UpdateConfig(), None),
    ],
)
def test_reading(update, event):
    """People's messages and presses become events; channels, own messages and everything else become nothing."""
    broadcast = T.Channel(id=8, title="News", photo=T.ChatPhotoEmpty(), date=1, broadcast=True)
    assert read_update(update, {}, {8: broadcast}) == event


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"first_name": "Bob"}, "Bob"),
        ({"first_name": " Bob\n", "last_name": "Finch", "username": "bob"}, "Bob Finch @bob"),
        ({}, ""),
    ],
)
def test_names_are_as_telegram_shows_them(names, shown):
    """First and last name on one line, the user name behind them."""
    event = read_update(new(), {5: T.User(id=5, **names)}, {})
    assert isinstance(event, Incoming)
    assert event.name == shown


@pytest.mark.parametrize(
    ("header", "author"),
    [
        ({"from_id": T.PeerUser(user_id=7)}, Person(7, "Bob")),
        ({"from_name": "Hidden"}, Person(0, "Hidden")),
        ({"from_id": CHANNEL}, None),
    ],
)
def test_who_wrote_what_is_passed_on(header, author):
    """A person, a person whom Telegram hides, or nobody."""
    forward = T.MessageFwdHeader(date=1, **header)
    event = read_update(new(fwd_from=forward), {7: T.User(id=7, first_name="Bob")}, {})
    assert isinstance(event, Incoming)
    assert event.author == author


def test_keys_tell_updates_apart():
    """By chat, message and kind; presses by their own id."""
    incoming = Incoming(1, 2, 3, "x", private=True)
    assert incoming.key == "message:1:2"
    assert Incoming(1, 2, 3, "y", private=True, edited_at=7).key == "message:1:2:7"
    assert Pressed(9, 1, 2, 3, "x", private=True).key == "press:9"


async def test_the_feed_gives_on_what_it_reads_and_survives_the_rest(monkeypatch):
    """A full desk and an update that can't be read cost a line in the log."""
    taken = []
    logged = Mock()
    monkeypatch.setattr("bot.feed.log", logged)

    def take(event):
        if event.text == "too much":
            raise Busy("full")
        taken.append(event)

    feed = Feed(take)
    await feed.start()
    for update in (new(), new(message="too much"), new(peer_id=None), T.UpdateConfig()):
        feed.updates_queue.put_nowait((update, {}, {}))
    await feed.stop(clear_handlers=True)
    assert [event.text for event in taken] == ["hi"]
    events = [call.args[0] for call in logged.method_calls]
    assert events == ["update.dropped", "update.unreadable"]
