"""Accounts, chats, messages and files as TL objects, seen through somebody's eyes."""

from typing import Any

from tests.telegram_server.chats import ADMINS, Channel, Chat, Group
from tests.telegram_server.files import File
from tests.telegram_server.messages import Message
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.tl import T, build


def user(account: Account, viewer: Account) -> Any:
    """Show an account."""
    bot = isinstance(account, Bot)
    return build(
        T.User,
        id=account.id,
        access_hash=account.access_hash,
        first_name=None if account.deactivated else account.name,
        last_name=account.last_name,
        username=account.username,
        phone=getattr(account, "phone", None) or None if account is viewer else None,
        deleted=account.deactivated,
        bot=bot,
        bot_chat_history=bot and not account.privacy,
        bot_info_version=1 if bot else None,
        bot_inline_placeholder="Search" if bot else None,
        is_self=account is viewer,
        lang_code=account.language if viewer.is_bot and not bot else None,
    )


def chat(place: Group | Channel, viewer: Account) -> Any:
    """Show a group or channel."""
    role = place.role(viewer)
    if isinstance(place, Group):
        return build(
            T.Chat,
            id=place.id,
            title=place.title,
            photo=T.ChatPhotoEmpty(),
            participants_count=len(place.audience()),
            date=place.at,
            version=1,
            creator=role == "creator",
            left=role in ("", "left", "banned"),
        )
    if role == "banned":
        return build(
            T.ChannelForbidden,
            id=place.id,
            access_hash=place.access_hash,
            title=place.title,
            megagroup=place.supergroup,
        )
    return build(
        T.Channel,
        id=place.id,
        access_hash=place.access_hash,
        title=place.title,
        username=place.username,
        photo=T.ChatPhotoEmpty(),
        date=place.at,
        megagroup=place.supergroup,
        broadcast=not place.supergroup,
        forum=place.forum,
        creator=role == "creator",
        left=role in ("", "left"),
        admin_rights=admin_rights() if role in ADMINS else None,
        participants_count=len(place.audience()),
    )


def admin_rights() -> Any:
    """Give the rights that admins have here."""
    return build(
        T.ChatAdminRights,
        change_info=True,
        post_messages=True,
        edit_messages=True,
        delete_messages=True,
        ban_users=True,
        invite_users=True,
        pin_messages=True,
        other=True,
    )


def document(file: File) -> Any:
    """Show a file as a document."""
    thumbs = None
    if file.thumb is not None:
        _, width, height = file.thumb.image_size() or ("", 0, 0)
        thumbs = [T.PhotoSize(type="m", w=width, h=height, size=file.thumb.size)]
    return build(
        T.Document,
        id=file.id,
        access_hash=file.access_hash,
        file_reference=file.reference,
        date=int(file.at),
        mime_type=file.mime,
        size=file.size,
        dc_id=file.dc,
        attributes=list(file.attributes),
        thumbs=thumbs,
    )


def photo(file: File) -> Any:
    """Show a file as a photo; one size, the one that was sent."""
    return build(
        T.Photo,
        id=file.id,
        access_hash=file.access_hash,
        file_reference=file.reference,
        date=int(file.at),
        sizes=[T.PhotoSize(type="x", w=file.width, h=file.height, size=file.size)],
        dc_id=file.dc,
    )


def media(file: File) -> Any:
    """Show a file as it hangs on a message."""
    if file.photo:
        return build(T.MessageMediaPhoto, photo=photo(file))
    kind = file.kind
    return build(
        T.MessageMediaDocument,
        document=document(file),
        video=kind in ("video", "round"),
        round=kind == "round",
        voice=kind == "voice",
    )


def message(shown: Message, viewer: Account) -> Any:
    """Show a message."""
    place = shown.chat
    post = isinstance(place, Channel) and not place.supergroup
    sender = None
    if isinstance(place, Group | Channel) and (shown.anonymous or post):
        sender = place.peer(viewer) if shown.anonymous else None
    elif not post:
        sender = T.PeerUser(user_id=shown.sender.id)
    common = {
        "id": shown.id_for(viewer),
        "peer_id": place.peer(viewer),
        "from_id": sender,
        "date": int(shown.at),
        "out": shown.sender is viewer,
        "silent": shown.silent,
        "post": post,
        "reply_to": _reply_header(shown, viewer),
    }
    if shown.action is not None:
        return build(T.MessageService, action=shown.action, **common)
    return build(
        T.Message,
        message=shown.text,
        media=media(shown.file) if shown.file else None,
        reply_markup=shown.markup,
        entities=list(shown.entities) or None,
        edit_date=int(shown.edited_at) if shown.edited_at else None,
        via_bot_id=shown.via.id if shown.via else None,
        grouped_id=shown.album,
        fwd_from=_forward_header(shown.forwarded_from, viewer),
        views=1 if post else None,
        forwards=0 if post else None,
        **common,
    )


def _reply_header(shown: Message, viewer: Account) -> Any:
    box = shown.chat.box_of(viewer)
    target = shown.reply_to.ids.get(box) if shown.reply_to is not None else None
    if target is None and shown.topic is None:
        return None
    return build(
        T.MessageReplyHeader,
        reply_to_msg_id=target or shown.topic,
        forum_topic=shown.topic is not None,
        reply_to_top_id=shown.topic if target and shown.topic else None,
    )


def _forward_header(source: Message | None, viewer: Account) -> Any:
    if source is None:
        return None
    post = isinstance(source.chat, Channel) and not source.chat.supergroup
    return build(
        T.MessageFwdHeader,
        date=int(source.at),
        from_id=source.chat.peer(viewer) if post else T.PeerUser(user_id=source.sender.id),
        channel_post=source.id_for(source.sender) if post else None,
    )


def people_of(shown: Message) -> list[Account]:
    """Give the accounts that a message speaks of."""
    named = [shown.sender]
    if not isinstance(shown.chat, Group | Channel):
        named += shown.chat.audience()
    named += [shown.via] if shown.via else []
    named += [shown.forwarded_from.sender] if shown.forwarded_from else []
    mentioned = getattr(shown.action, "users", None) or [getattr(shown.action, "user_id", None)]
    known = shown.sender.world.accounts
    return [*named, *(known[user_id] for user_id in mentioned if user_id in known)]


def chats_of(shown: Message) -> list[Chat]:
    """Give the groups and channels that a message speaks of."""
    source = shown.forwarded_from.chat if shown.forwarded_from else None
    return [place for place in (shown.chat, source) if isinstance(place, Group | Channel)]
