"""messages.*: edit, delete, fetch by number, chat actions."""

from typing import Any

from tests.telegram_server import limits, updates
from tests.telegram_server.call import Call
from tests.telegram_server.chats import ADMINS, Channel, Chat, Dialog
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.history import page
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.handlers.sending import take_media
from tests.telegram_server.messages import Message
from tests.telegram_server.tl import T

router = Router()


def change(call: Call, message: Message) -> dict[str, Any]:
    """Read what an edit changes; MESSAGE_NOT_MODIFIED where that is nothing."""
    query = call.query
    changes: dict[str, Any] = {"markup": query.reply_markup}  # an edit without buttons takes them away
    limits.check_markup(query.reply_markup)
    if query.media is not None:
        changes["file"] = take_media(call, query.media)
    if query.message is not None:
        captioned = changes.get("file", message.file) is not None
        limits.check_text(query.message, query.entities or (), caption=captioned)
        changes |= {"text": query.message, "entities": query.entities or ()}
    if all(_same(getattr(message, name), value) for name, value in changes.items()):
        raise RpcError(400, "MESSAGE_NOT_MODIFIED")
    return changes


def _same(old: Any, new: Any) -> bool:
    """Compare; TL objects by what they serialise to, lists of them one by one."""
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    if hasattr(old, "write") and hasattr(new, "write"):
        return bool(old.write() == new.write())
    return bool(old == new)


@router.on("messages.EditMessage")
async def edit_message(call: Call) -> Any:
    """Edit an own message, or a channel's post as its admin."""
    query, me = call.query, call.me
    chat = call.chat(query.peer)
    message = call.message(chat, query.id)
    post = isinstance(chat, Channel) and not chat.supergroup and chat.role(me) in ADMINS
    if message.sender is not me and not post:
        raise RpcError(403, "MESSAGE_AUTHOR_REQUIRED")
    events = call.world.edit(message, skip=call.session, **change(call, message))
    update = updates.event_update(events[me], chat if isinstance(chat, Channel) else None, me)
    return updates.pack([update], me, messages=[message])


def _may_delete(call: Call, message: Message) -> bool:
    chat = message.chat
    return message.sender is call.me or isinstance(chat, Dialog) or chat.role(call.me) in ADMINS


async def _delete(call: Call, chat: Chat | None) -> Any:
    me = call.me
    box = chat.box_of(me) if chat is not None else me.box
    found = [box.messages[number] for number in call.query.id if number in box.messages]
    if not all(_may_delete(call, message) for message in found):
        raise RpcError(403, "MESSAGE_DELETE_FORBIDDEN")
    for place in dict.fromkeys(message.chat for message in found):
        call.world.delete([message for message in found if message.chat is place], call.session)
    return T.messages.AffectedMessages(pts=box.pts, pts_count=len(found))


@router.on("messages.DeleteMessages")
async def delete_messages(call: Call) -> Any:
    """Delete in private chats and basic groups, for everybody."""
    return await _delete(call, None)


@router.on("channels.DeleteMessages")
async def delete_channel_messages(call: Call) -> Any:
    """Delete in a channel or supergroup."""
    return await _delete(call, call.channel(call.query.channel))


@router.on("messages.GetMessages", "channels.GetMessages")
async def get_messages(call: Call) -> Any:
    """Fetch messages by number, or those that given ones answer."""
    me = call.me
    channel = call.channel(call.query.channel) if hasattr(call.query, "channel") else None
    box = channel.box if channel is not None else me.box
    found: list[Message] = []
    missing: list[int] = []
    for wanted in call.query.id:
        number = getattr(wanted, "id", 0)
        message = box.messages.get(number)
        if isinstance(wanted, T.InputMessageReplyTo) and message is not None:
            message = message.reply_to
        if message is None or message.deleted_at is not None or not message.chat.shows(message, me):
            missing.append(number)
        else:
            found.append(message)
    return page(call, found, channel, missing=missing)


@router.on("messages.SetTyping")
async def set_typing(call: Call) -> Any:
    """Note a chat action; `world.actions` keeps all of them."""
    chat = call.chat(call.query.peer)
    call.may_write(chat)
    name = type(call.query.action).__name__.removeprefix("SendMessage").removesuffix("Action")
    call.world.actions.append((call.world.clock(), call.me, chat, name))
    return True
