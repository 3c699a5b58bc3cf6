"""Reading chats: history, search, dialogs. For people only, as at Telegram."""

from typing import Any

from tests.telegram_server import render, updates
from tests.telegram_server.call import Call
from tests.telegram_server.chats import Channel, Chat
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.messages import Message
from tests.telegram_server.tl import T, build

router = Router()

_PAGE_MOST = 100
_KINDS = {
    "Music": ("audio",),
    "Voice": ("voice",),
    "RoundVoice": ("voice", "round"),
    "Video": ("video",),
    "Photos": ("photo",),
    "PhotoVideo": ("photo", "video"),
    "Document": ("document",),
    "Gif": ("animation",),
    "RoundVideo": ("round",),
}


def page(
    call: Call,
    found: list[Message],
    channel: Channel | None,
    *,
    total: int | None = None,
    missing: list[int] | None = None,
) -> Any:
    """Show messages as a page, with everybody they speak of; a total makes it one of several."""
    me = call.me
    people, places = updates.gather(found, me, chats=[channel] if channel is not None else [])
    fields = {
        "messages": [render.message(message, me) for message in found]
        + [build(T.MessageEmpty, id=number) for number in missing or ()],
        "users": [render.user(account, me) for account in people],
        "chats": [render.chat(place, me) for place in places],
        "topics": [],
    }
    if channel is not None:
        return build(T.messages.ChannelMessages, pts=channel.box.pts, count=total or len(found), **fields)
    if total is not None and total > len(found):
        return build(T.messages.MessagesSlice, count=total, **fields)
    return build(T.messages.Messages, **fields)


def _in_chat(call: Call, chat: Chat) -> list[Message]:
    """Give what somebody sees of a chat, newest first."""
    box = chat.box_of(call.me)
    return [m for _, m in sorted(box.messages.items(), reverse=True) if chat.shows(m, call.me)]


def _window(call: Call, messages: list[Message], offset_date: int = 0) -> list[Message]:
    """Cut the asked page out: offset_id and add_offset as Telegram's documentation of offsets describes them."""
    query, me = call.query, call.me
    numbered = [(message.id_for(me), message) for message in messages]
    bounded = [
        (number, message)
        for number, message in numbered
        if (not query.max_id or number < query.max_id) and number > query.min_id
    ]
    start = 0
    if query.offset_id:
        start = sum(number >= query.offset_id for number, _ in bounded)
    elif offset_date:
        start = sum(message.at >= offset_date for _, message in bounded)
    start += query.add_offset
    limit = max(0, min(query.limit, _PAGE_MOST))
    return [message for _, message in bounded[max(0, start) : max(0, start + limit)]]


@router.on("messages.GetHistory")
async def get_history(call: Call) -> Any:
    """Give a page of a chat."""
    _ = call.person
    chat = call.chat(call.query.peer)
    everything = _in_chat(call, chat)
    found = _window(call, everything, call.query.offset_date)
    return page(call, found, chat if isinstance(chat, Channel) else None, total=len(everything))


@router.on("messages.Search")
async def search(call: Call) -> Any:
    """Find messages by words, kind, date or sender."""
    _ = call.person
    query = call.query
    chat = call.chat(query.peer)
    kind = type(query.filter).__name__.removeprefix("InputMessagesFilter")
    if kind not in ("Empty", "Url", *_KINDS):
        raise RpcError(400, "INPUT_FILTER_INVALID")
    sender = call.account(query.from_id) if query.from_id else None

    def fits(message: Message) -> bool:
        text = f"{message.text} {message.file.name if message.file else ''}".lower()
        if kind in _KINDS and (message.file is None or message.file.kind not in _KINDS[kind]):
            return False
        if kind == "Url" and not any(type(entity).__name__ == "MessageEntityUrl" for entity in message.entities):
            return False
        in_time = message.at >= query.min_date and (not query.max_date or message.at <= query.max_date)
        return in_time and query.q.lower() in text and (sender is None or message.sender is sender)

    hits = [message for message in _in_chat(call, chat) if fits(message)]
    return page(call, _window(call, hits), chat if isinstance(chat, Channel) else None, total=len(hits))


@router.on("messages.GetDialogs")
async def get_dialogs(call: Call) -> Any:
    """List the chats with their last message, newest first."""
    me = call.person
    last: dict[Chat, Message] = {}
    for message in me.messages():
        last[message.chat] = message
    newest = sorted(last.values(), key=lambda message: message.order, reverse=True)
    people, places = updates.gather(newest, me)
    return build(
        T.messages.Dialogs,
        dialogs=[
            build(
                T.Dialog,
                peer=message.chat.peer(me),
                top_message=message.id_for(me),
                pts=message.chat.box.pts if isinstance(message.chat, Channel) else None,
                notify_settings=build(T.PeerNotifySettings),
            )
            for message in newest
        ],
        messages=[render.message(message, me) for message in newest],
        users=[render.user(account, me) for account in people],
        chats=[render.chat(place, me) for place in places],
    )


@router.on("messages.ReadHistory")
async def read_history(call: Call) -> Any:
    """Take that somebody has read a chat."""
    call.chat(call.query.peer)
    return T.messages.AffectedMessages(pts=call.person.box.pts, pts_count=0)


@router.on("channels.ReadHistory")
async def read_channel_history(call: Call) -> Any:
    """Take that somebody has read a channel."""
    _ = call.person
    call.channel(call.query.channel)
    return True
