"""Raw updates read into events; raw objects go no further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pyrogram import raw, utils

from bot.events import Attached, Event, Incoming, Pressed
from services.users import Person


def read_update(update: Any, users: Mapping[int, Any], chats: Mapping[int, Any]) -> Event | None:
    """The event in a raw update, None where it is nothing that this bot looks at."""
    if isinstance(update, raw.types.UpdateNewMessage | raw.types.UpdateNewChannelMessage):
        return _message(update.message, users, chats)
    if isinstance(update, raw.types.UpdateEditMessage | raw.types.UpdateEditChannelMessage):
        changed = _message(update.message, users, chats)
        # a reaction or a preview changes a message too, though not its words
        if changed is None or update.message.edit_hide or not update.message.edit_date:
            return None
        return replace(changed, edited_at=update.message.edit_date)
    if isinstance(update, raw.types.UpdateBotCallbackQuery):
        return _press(update)
    return None


def _message(message: Any, users: Mapping[int, Any], chats: Mapping[int, Any]) -> Incoming | None:
    if not isinstance(message, raw.types.Message) or message.out or message.via_bot_id:
        return None
    peer = message.peer_id
    if message.post or getattr(chats.get(getattr(peer, "channel_id", 0)), "broadcast", False):
        return None  # a channel speaks to its readers, not to us
    private = isinstance(peer, raw.types.PeerUser)
    sender = sender_of(message, users)
    return Incoming(
        chat_id=utils.get_peer_id(peer),
        message_id=message.id,
        user_id=sender.id if sender else None,
        text=_text(message),
        private=private,
        topic_id=_topic(message.reply_to),
        reply_to=getattr(message.reply_to, "reply_to_msg_id", None),
        document=_document(message.media),
        name=sender.name if sender else "",
        author=author_of(message, users),
    )


def sender_of(message: Any, users: Mapping[int, Any]) -> Person | None:
    """The person who sent a raw message; None for anonymous admins and channels."""
    peer = message.peer_id
    return _person(message.from_id or (peer if isinstance(peer, raw.types.PeerUser) else None), users)


def author_of(message: Any, users: Mapping[int, Any]) -> Person | None:
    """The person who first wrote what was passed on, with the id 0 where Telegram hides it; None for anything else."""
    header = message.fwd_from
    if header is None:
        return None
    if header.from_id is None:
        return Person(0, header.from_name or "")
    return _person(header.from_id, users)


def _person(peer: Any, users: Mapping[int, Any]) -> Person | None:
    if not isinstance(peer, raw.types.PeerUser):
        return None
    user = users.get(peer.user_id)
    names = (getattr(user, "first_name", None), getattr(user, "last_name", None))
    username = getattr(user, "username", None)
    shown = " ".join(" ".join(name for name in names if name).split())
    return Person(peer.user_id, f"{shown} @{username}".strip() if username else shown)


def _text(message: Any) -> str:
    hidden = [entity.url for entity in message.entities or () if getattr(entity, "url", None)]
    return "\n".join([message.message or "", *hidden])


def _document(media: Any) -> Attached | None:
    document = getattr(media, "document", None)
    if not isinstance(document, raw.types.Document):
        return None
    names = (getattr(attribute, "file_name", "") for attribute in document.attributes)
    return Attached(next((name for name in names if name), ""), document.mime_type or "", document.size)


def _topic(header: Any) -> int | None:
    """Telegram puts the topic of a forum into the reply header; of a plain reply it is the message replied to."""
    if not getattr(header, "forum_topic", None):
        return None
    topic: int | None = header.reply_to_top_id or header.reply_to_msg_id
    return topic


def _press(update: Any) -> Pressed | None:
    return Pressed(
        query_id=update.query_id,
        chat_id=utils.get_peer_id(update.peer),
        message_id=update.msg_id,
        user_id=update.user_id,
        data=(update.data or b"").decode("utf-8", "replace"),
        private=isinstance(update.peer, raw.types.PeerUser),
    )
