"""What this bot does in a chat: write, edit, delete, answer a button, send media, fetch a message again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyrogram import raw

from bot.calls import Calls
from bot.refusals import ALREADY_SENT, NOT_MODIFIED, REPLY_GONE
from bot.rich import CAPTION_LIMIT, TEXT_LIMIT, Rich, plain, written
from bot.updates import author_of, sender_of
from utils.errors import TelegramRefused

if TYPE_CHECKING:
    from bot.events import Incoming, Pressed
    from bot.keyboards import Keyboard
    from services.users import Person

#: a message that somebody waits for is worth that much waiting
PATIENCE_SECONDS: Final = 120.0
#: an answer to a button is worthless after a few seconds
ANSWER_PATIENCE_SECONDS: Final = 3.0
#: text of a button's answer, in characters
ANSWER_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: a chat, the message it replies to, the topic of a forum."""

    chat_id: int
    reply_to: int | None = None
    topic_id: int | None = None

    @classmethod
    def of(cls, message: Incoming) -> Place:
        """Beneath that message."""
        return cls(message.chat_id, message.message_id, message.topic_id)


class Telegram(Calls):
    """Every method raises TelegramRefused, whose detail is Telegram's error name."""

    async def send_text(
        self, place: Place, rich: Rich, keyboard: Keyboard = (), *, ask_reply: bool = False, once: int = 0
    ) -> int:
        """Write a message without a preview of its links; its id.

        `ask_reply`: apps open a reply to it. `once`: a random id of the caller; what was sent with it is not sent
        again, its id is then 0.
        """
        text, entities = written(rich, TEXT_LIMIT)
        peer = await self.peer(place.chat_id)

        async def send(random_id: int) -> Any:
            return await self._beneath(
                place,
                lambda reply: raw.functions.messages.SendMessage(
                    peer=peer,
                    message=text,
                    random_id=random_id,
                    no_webpage=True,
                    reply_to=reply,
                    entities=entities or None,
                    reply_markup=_ask_reply() if ask_reply else _markup(keyboard),
                ),
            )

        try:
            result = await send(once or secrets.randbits(62))
        except TelegramRefused as error:
            if error.detail != ALREADY_SENT:
                raise
            if once:
                return 0
            # the answer with its id got lost; a second message is better than one out of reach
            result = await send(secrets.randbits(62))
        return int(sent(result)[0].id)

    async def send_media(self, place: Place, media: Any, caption: Rich, random_id: int) -> Any:
        """Send one raw input media; the raw message. A repeat is refused as RANDOM_ID_DUPLICATE."""
        text, entities = written(caption, CAPTION_LIMIT)
        peer = await self.peer(place.chat_id)
        result = await self._beneath(
            place,
            lambda reply: raw.functions.messages.SendMedia(
                peer=peer, media=media, message=text, random_id=random_id, reply_to=reply, entities=entities or None
            ),
        )
        return sent(result)[0]

    async def send_album(self, place: Place, media: Sequence[Any], caption: Rich, random_id: int) -> list[Any]:
        """Send up to ten uploaded media as one album, the caption under the first; the raw messages."""
        text, entities = written(caption, CAPTION_LIMIT)
        peer = await self.peer(place.chat_id)
        items = [
            raw.types.InputSingleMedia(
                media=item,
                random_id=random_id + number,
                message="" if number else text,
                entities=None if number else entities or None,
            )
            for number, item in enumerate(media)
        ]
        result = await self._beneath(
            place, lambda reply: raw.functions.messages.SendMultiMedia(peer=peer, multi_media=items, reply_to=reply)
        )
        return sent(result)

    async def keep_media(self, chat_id: int, media: Any) -> Any:
        """Turn uploaded parts into a raw document or photo without sending it."""
        peer = await self.peer(chat_id)
        return await self.call(raw.functions.messages.UploadMedia(peer=peer, media=media), self.sends, PATIENCE_SECONDS)

    async def edit_text(
        self, chat_id: int, message_id: int, rich: Rich, keyboard: Keyboard = (), patience_seconds: float = 0
    ) -> None:
        """Replace text and buttons; a message that says this already is fine."""
        text, entities = written(rich, TEXT_LIMIT)
        query = raw.functions.messages.EditMessage(
            peer=await self.peer(chat_id),
            id=message_id,
            message=text,
            no_webpage=True,
            entities=entities or None,
            reply_markup=_markup(keyboard),
        )
        try:
            await self.call(query, self.edits, patience_seconds)
        except TelegramRefused as error:
            if error.detail != NOT_MODIFIED:
                raise

    async def drop_buttons(self, press: Pressed) -> None:
        """Take the buttons of a message away where the pressed one stands there, which a press may only pretend."""
        message, _users = await self._read(press.chat_id, press.message_id)
        if getattr(message, "media", None) is not None or press.data not in _data_of(message):
            return
        query = raw.functions.messages.EditMessage(peer=await self.peer(press.chat_id), id=press.message_id)
        await self.call(query, self.edits, PATIENCE_SECONDS)

    async def delete(self, chat_id: int, message_id: int) -> None:
        """Take a message of ours away for everybody."""
        peer = await self.peer(chat_id)
        if isinstance(peer, raw.types.InputPeerChannel):
            query = raw.functions.channels.DeleteMessages(channel=_channel(peer), id=[message_id])
        else:
            query = raw.functions.messages.DeleteMessages(id=[message_id], revoke=True)
        await self.call(query, self.sends, PATIENCE_SECONDS)

    async def answer(self, press: Pressed, text: str = "", *, alert: bool = False) -> None:
        """Tell the app that a press was heard. Too late is no error.

        Only the first answer counts; an alert behind it comes as a message.
        """
        if press.answered:
            if text and alert:
                await self.send_text(Place(press.chat_id), plain(text))
            return
        press.answered = True
        query = raw.functions.messages.SetBotCallbackAnswer(
            query_id=press.query_id, cache_time=0, message=text[:ANSWER_LIMIT] or None, alert=alert or None
        )
        try:
            await self.call(query, self.answers, ANSWER_PATIENCE_SECONDS)
        except TelegramRefused as error:
            if error.detail != "QUERY_ID_INVALID":
                raise

    async def fetch(self, chat_id: int, message_id: int) -> Any:
        """Read a message with a file again, with fresh file references; None where it is gone."""
        message, _users = await self._read(chat_id, message_id)
        return message if getattr(message, "media", None) else None

    async def writer(self, chat_id: int, message_id: int) -> Person | None:
        """Who wrote a message, in private the one it was passed on from; None where that is nobody or not known."""
        message, users = await self._read(chat_id, message_id)
        if not isinstance(message, raw.types.Message):
            return None
        return author_of(message, users) if chat_id > 0 else sender_of(message, users)

    async def set_commands(self, commands: Mapping[str, str], chat_id: int | None = None) -> None:
        """Write the menu of commands with their descriptions, for everybody or for one known chat."""
        listed = [raw.types.BotCommand(command=name, description=text) for name, text in commands.items()]
        scope: Any = raw.types.BotCommandScopeDefault()
        if chat_id is not None:
            try:  # pyrogram would ask Telegram for an unknown one, in vain and with waits of its own
                peer = await (await self.client()).storage.get_peer_by_id(chat_id)
            except KeyError:
                raise TelegramRefused("PEER_ID_INVALID") from None
            scope = raw.types.BotCommandScopePeer(peer=peer)
        query = raw.functions.bots.SetBotCommands(scope=scope, lang_code="", commands=listed)
        await self.call(query, self.sends, PATIENCE_SECONDS)

    async def _read(self, chat_id: int, message_id: int) -> tuple[Any, dict[int, Any]]:
        """A raw message, None where there is none, and the people that it names."""
        peer, wanted = await self.peer(chat_id), [raw.types.InputMessageID(id=message_id)]
        if isinstance(peer, raw.types.InputPeerChannel):
            query = raw.functions.channels.GetMessages(channel=_channel(peer), id=wanted)
        else:
            query = raw.functions.messages.GetMessages(id=wanted)
        result = await self.call(query, self.sends, PATIENCE_SECONDS)
        return next(iter(result.messages), None), {user.id: user for user in result.users}

    async def _beneath(self, place: Place, make: Callable[[Any], Any]) -> Any:
        """Send as a reply, or without one where the message replied to is gone."""
        try:
            return await self.call(make(_reply(place.reply_to, place.topic_id)), self.sends, PATIENCE_SECONDS)
        except TelegramRefused as error:
            if place.reply_to is None or error.detail not in REPLY_GONE:
                raise
        return await self.call(make(_reply(None, place.topic_id)), self.sends, PATIENCE_SECONDS)


def sent(result: Any) -> list[Any]:
    """The messages in the answer to a send, in order. Raises TelegramRefused for an answer without one."""
    if isinstance(result, raw.types.UpdateShortSentMessage):
        return [result]
    found = [update.message for update in getattr(result, "updates", ()) if hasattr(update, "message")]
    messages = sorted((each for each in found if hasattr(each, "peer_id")), key=lambda message: message.id)
    if not messages:
        raise TelegramRefused("NO_MESSAGE_IN_ANSWER")
    return messages


def _data_of(message: Any) -> set[str]:
    """The data of all buttons under a raw message."""
    rows = getattr(getattr(message, "reply_markup", None), "rows", ())
    kinds = (getattr(button, "type", None) for row in rows for button in row.buttons)
    return {kind.data.decode() for kind in kinds if isinstance(kind, raw.types.InlineButtonTypeCallback)}


def _reply(reply_to: int | None, topic_id: int | None) -> Any:
    target = reply_to or topic_id
    return raw.types.InputReplyToMessage(reply_to_msg_id=target, top_msg_id=topic_id) if target else None


def _channel(peer: Any) -> Any:
    return raw.types.InputChannel(channel_id=peer.channel_id, access_hash=peer.access_hash)


def _ask_reply() -> Any:
    """In a group only the one whose message is replied to is asked."""
    return raw.types.ReplyKeyboardForceReply(selective=True, single_use=True)


def _markup(keyboard: Keyboard) -> Any:
    if not keyboard:
        return None
    rows = [
        raw.types.KeyboardInlineButtonRow(
            buttons=[
                raw.types.KeyboardInlineButton(
                    text=button.text, type=raw.types.InlineButtonTypeCallback(data=button.data.pack().encode())
                )
                for button in row
            ]
        )
        for row in keyboard
    ]
    return raw.types.ReplyInlineMarkup(rows=rows)
