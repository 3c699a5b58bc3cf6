"""Updates: a change of a box as each member is told of it, live or when catching up."""

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.telegram_server import render
from tests.telegram_server.chats import Channel, Chat, Event, Group
from tests.telegram_server.messages import Message
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.tl import T, build

if TYPE_CHECKING:
    from tests.telegram_server.world import World


def event_update(event: Event, channel: Channel | None, viewer: Account) -> Any:
    """Tell of one change; `channel` is where the box belongs to one."""
    place = {"pts": event.pts, "pts_count": event.count}
    if event.kind == "delete":
        ids = list(event.ids)
        if channel is not None:
            return T.UpdateDeleteChannelMessages(channel_id=channel.id, messages=ids, **place)
        return T.UpdateDeleteMessages(messages=ids, **place)
    assert event.message is not None
    constructors = {
        ("new", False): T.UpdateNewMessage,
        ("new", True): T.UpdateNewChannelMessage,
        ("edit", False): T.UpdateEditMessage,
        ("edit", True): T.UpdateEditChannelMessage,
    }
    constructor = constructors[event.kind, channel is not None]
    return constructor(message=render.message(event.message, viewer), **place)


def pack(
    updates: Sequence[Any],
    viewer: Account,
    *,
    messages: Iterable[Message] = (),
    users: Iterable[Account] = (),
    chats: Iterable[Chat] = (),
) -> Any:
    """Put updates into one object, with everybody they speak of."""
    people, places = gather(messages, viewer, users, chats)
    return T.Updates(
        updates=list(updates),
        users=[render.user(account, viewer) for account in people],
        chats=[render.chat(place, viewer) for place in places],
        date=int(time.time()),
        seq=0,
    )


def gather(
    messages: Iterable[Message], viewer: Account, users: Iterable[Account] = (), chats: Iterable[Chat] = ()
) -> tuple[list[Account], list[Group | Channel]]:
    """Collect the accounts and places that messages speak of, each once."""
    shown = list(messages)
    people = dict.fromkeys([*users, *(a for message in shown for a in render.people_of(message)), viewer])
    places = dict.fromkeys([*chats, *(c for message in shown for c in render.chats_of(message))])
    return list(people), [place for place in places if isinstance(place, Group | Channel)]


def _tell(event: Event, channel: Channel | None, viewer: Account) -> Any:
    messages = [event.message] if event.message is not None else []
    return pack([event_update(event, channel, viewer)], viewer, messages=messages)


def announce(world: "World", message: Message, kind: str, skip: object = None) -> dict[Account, Event]:
    """Log a new or edited message in every box it lies in and tell everybody who sees it; gives each one's event."""
    place = message.chat
    if isinstance(place, Channel):
        event = place.box.log(kind, message)
        events = {account: event for account in place.audience() if place.hears(message, account)}
    else:
        events = {account: account.box.log(kind, message) for account in place.audience() if account.box in message.ids}
    channel = place if isinstance(place, Channel) else None
    for account, event in events.items():
        world.deliver(account, partial(_tell, event, channel, account), skip)
    return events


def announce_deletion(
    world: "World", place: Chat, gone: Sequence[Message], skip: object = None
) -> dict[Account, Event]:
    """The same for messages that are no more."""
    if isinstance(place, Channel):
        event = place.box.log("delete", ids=tuple(message.ids[place.box] for message in gone))
        events = dict.fromkeys(place.audience(), event)
    else:
        events = {}
        for account in place.audience():
            ids = tuple(message.ids[account.box] for message in gone if account.box in message.ids)
            if ids:
                events[account] = account.box.log("delete", ids=ids)
    channel = place if isinstance(place, Channel) else None
    for account, event in events.items():
        world.deliver(account, partial(_tell, event, channel, account), skip)
    return events


def announce_to_bot(
    world: "World", bot: Bot, constructor: Any, about: Sequence[Account], place: Chat | None, **fields: Any
) -> None:
    """Tell a bot of a change that is counted by qts: being stopped, members coming and going."""
    bot.qts += 1
    qts = bot.qts

    def make() -> Any:
        update = build(constructor, qts=qts, date=int(time.time()), **fields)
        return pack([update], bot, users=about, chats=[place] if place is not None else [])

    if not world.deliver(bot, make, None):
        bot.missed.append((qts, make))
