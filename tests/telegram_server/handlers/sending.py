"""messages.send*, forwardMessages and uploadMedia: what an account puts into a chat."""

from typing import Any

from tests.telegram_server import limits, render, updates
from tests.telegram_server.call import Call
from tests.telegram_server.chats import Channel, Chat
from tests.telegram_server.faults import RpcError
from tests.telegram_server.files import File, check_photo, check_thumb, filename_attribute
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.messages import Message
from tests.telegram_server.tl import T

router = Router()


def take_media(call: Call, given: Any) -> File:
    """Turn an InputMedia into a file: uploaded just now, or known already."""
    files, me = call.world.files, call.me
    dc = files.dc or call.dc
    if isinstance(given, T.InputMediaUploadedPhoto):
        content = files.finish_upload(me.id, given.file)
        check_photo(content)
        return files.keep(File(content, "image/jpeg", dc=dc, photo=True))
    if isinstance(given, T.InputMediaUploadedDocument):
        content = files.finish_upload(me.id, given.file)
        thumb = files.finish_upload(me.id, given.thumb) if given.thumb else None
        refused = check_thumb(thumb) if thumb else ""
        attributes = list(given.attributes)
        if not any(isinstance(attribute, T.DocumentAttributeFilename) for attribute in attributes) and given.file.name:
            attributes.append(filename_attribute(given.file.name))
        return files.keep(
            File(
                content,
                given.mime_type,
                attributes,
                dc=dc,
                thumb=None if refused else thumb,
                refused_thumb=refused,
            )
        )
    if isinstance(given, (T.InputMediaDocument, T.InputMediaPhoto)):
        return files.find(given.id)
    if isinstance(given, (T.InputMediaDocumentExternal, T.InputMediaPhotoExternal)):
        raise RpcError(400, "WEBPAGE_CURL_FAILED")
    raise RpcError(400, "MEDIA_INVALID")


def _reply_target(call: Call, chat: Chat) -> tuple[Message | None, int | None]:
    """Give the message that is answered and the topic that is meant; what was deleted is no target any more."""
    given = getattr(call.query, "reply_to", None)
    number = getattr(given, "reply_to_msg_id", None)
    topic = getattr(given, "top_msg_id", None)
    target = chat.box_of(call.me).messages.get(number) if number else None
    if number and (target is None or target.chat is not chat):
        if isinstance(chat, Channel) and chat.forum:
            return None, number
        raise RpcError(400, "REPLY_MESSAGE_ID_INVALID")
    return target, topic or (target.topic if target is not None else None)


def _own_updates(call: Call, messages: list[Message]) -> Any:
    """Answer with the ids that the messages got and the messages themselves."""
    me = call.me
    told = []
    for message in messages:
        box = message.chat.box_of(me)
        event = next((event for event in reversed(box.events) if event.message is message), None)
        told.append(T.UpdateMessageID(id=message.ids[box], random_id=message.random_id))
        if event is not None:
            told.append(updates.event_update(event, message.chat if isinstance(message.chat, Channel) else None, me))
    return updates.pack(told, me, messages=messages)


@router.on("messages.SendMessage", "messages.SendMedia")
async def send(call: Call) -> Any:
    """Send a text or a file."""
    query, me = call.query, call.me
    chat = call.chat(query.peer)
    call.may_write(chat)
    earlier = call.world.ledger.earlier(me, query.random_id, call.world.clock())
    if earlier is not None:
        return _own_updates(call, [earlier])
    given = getattr(query, "media", None)
    limits.check_text(query.message, query.entities or (), caption=given is not None)
    limits.check_markup(query.reply_markup)
    target, topic = _reply_target(call, chat)
    message = call.world.post(
        me,
        chat,
        query.message,
        skip=call.session,
        entities=query.entities or (),
        file=take_media(call, given) if given is not None else None,
        markup=query.reply_markup,
        reply_to=target,
        topic=topic,
        random_id=query.random_id,
        silent=bool(query.silent),
    )
    return _own_updates(call, [message])


@router.on("messages.SendMultiMedia")
async def send_album(call: Call) -> Any:
    """Send an album; all of it or nothing."""
    query, me = call.query, call.me
    chat = call.chat(query.peer)
    call.may_write(chat)
    if not 1 <= len(query.multi_media) <= limits.ALBUM_MOST:
        raise RpcError(400, "MULTI_MEDIA_TOO_LONG")
    # core.telegram.org/constructor/inputSingleMedia: what was uploaded goes through messages.uploadMedia first
    if any(
        isinstance(item.media, (T.InputMediaUploadedPhoto, T.InputMediaUploadedDocument)) for item in query.multi_media
    ):
        raise RpcError(400, "MEDIA_INVALID")
    now = call.world.clock()
    earlier = [call.world.ledger.earlier(me, item.random_id, now) for item in query.multi_media]
    known = [message for message in earlier if message is not None]
    if known:
        return _own_updates(call, known)
    target, topic = _reply_target(call, chat)
    for item in query.multi_media:
        limits.check_text(item.message, item.entities or (), caption=True)
    files = [take_media(call, item.media) for item in query.multi_media]
    album = call.world.new_album()
    sent = [
        call.world.post(
            me,
            chat,
            item.message,
            skip=call.session,
            entities=item.entities or (),
            file=file,
            album=album,
            reply_to=target,
            topic=topic,
            random_id=item.random_id,
            silent=bool(query.silent),
        )
        for item, file in zip(query.multi_media, files, strict=True)
    ]
    return _own_updates(call, sent)


@router.on("messages.ForwardMessages")
async def forward(call: Call) -> Any:
    """Pass messages on, with or without their author."""
    query, me = call.query, call.me
    source, chat = call.chat(query.from_peer), call.chat(query.to_peer)
    call.may_write(chat)
    if len(query.id) != len(query.random_id):
        raise RpcError(400, "RANDOM_ID_INVALID")
    sent = []
    for number, random_id in zip(query.id, query.random_id, strict=True):
        message = call.message(source, number)
        earlier = call.world.ledger.earlier(me, random_id, call.world.clock())
        if earlier is not None:
            sent.append(earlier)
        elif query.drop_author:
            sent.append(
                call.world.post(
                    me,
                    chat,
                    message.text,
                    skip=call.session,
                    entities=message.entities,
                    file=message.file,
                    random_id=random_id,
                )
            )
        else:
            sent.append(call.world.forward(me, message, chat, skip=call.session, random_id=random_id))
    return _own_updates(call, sent)


@router.on("messages.UploadMedia")
async def upload_media(call: Call) -> Any:
    """Keep a file without sending it."""
    call.may_write(call.chat(call.query.peer))
    return render.media(take_media(call, call.query.media))
