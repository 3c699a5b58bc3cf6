"""Pressed buttons and inline queries: the question goes to the bot, its answer comes back to whoever asked."""

import asyncio
import random
from typing import TYPE_CHECKING, Any

from tests.telegram_server import updates
from tests.telegram_server.chats import Channel, Chat, Group
from tests.telegram_server.entities import find_entities
from tests.telegram_server.faults import RpcError
from tests.telegram_server.inline import InlineAnswer, InlineResult, read_answer
from tests.telegram_server.messages import Message
from tests.telegram_server.people import Account, Bot
from tests.telegram_server.queries import Answer
from tests.telegram_server.tl import T, build

if TYPE_CHECKING:
    from tests.telegram_server.world import World

_CHAT_INSTANCE = 1


def inline_id(message: Message) -> Any:
    """Name a message that was sent through a bot."""
    number = next(key for key, known in message.sender.world.inline_messages.items() if known is message)
    return T.InputBotInlineMessageID64(
        dc_id=message.sender.home_dc, owner_id=message.sender.id, id=number, access_hash=1
    )


async def press(world: "World", person: Account, message: Message, data: bytes, seconds: float) -> Answer:
    """Press a callback button and wait for the bot's answer; BOT_RESPONSE_TIMEOUT without one."""
    bot = message.via or message.sender
    if not isinstance(bot, Bot):
        raise RpcError(400, "MESSAGE_ID_INVALID")
    query = world.queries.ask(bot.id)
    place, common = (
        message.chat,
        {"query_id": query.id, "user_id": person.id, "chat_instance": _CHAT_INSTANCE, "data": data},
    )
    if message.via is not None:
        update = build(T.UpdateInlineBotCallbackQuery, msg_id=inline_id(message), **common)
    else:
        update = build(T.UpdateBotCallbackQuery, peer=place.peer(bot), msg_id=message.id_for(bot), **common)
    chats = [place] if isinstance(place, Group | Channel) and message.via is None else []
    world.deliver(bot, lambda: updates.pack([update], bot, users=[person], chats=chats), None)
    world.changed()
    try:
        answer: Answer = await asyncio.wait_for(asyncio.shield(query.answer), seconds)
    except TimeoutError:
        raise RpcError(400, "BOT_RESPONSE_TIMEOUT") from None
    return answer


async def ask_inline(
    world: "World", person: Account, bot: Bot, text: str, *, offset: str, place: Chat | None, seconds: float
) -> InlineAnswer:
    """Send an inline query and wait for what the bot offers."""
    query = world.queries.ask(bot.id)
    bot.met.add(person.id)
    update = build(
        T.UpdateBotInlineQuery,
        query_id=query.id,
        user_id=person.id,
        query=text,
        offset=offset,
        peer_type=_peer_type(place, bot),
    )
    world.deliver(bot, lambda: updates.pack([update], bot, users=[person]), None)
    world.changed()
    try:
        given = await asyncio.wait_for(asyncio.shield(query.answer), seconds)
    except TimeoutError:
        raise RpcError(400, "BOT_RESPONSE_TIMEOUT") from None
    return read_answer(bot, text, given)


def _peer_type(place: Chat | None, bot: Bot) -> Any:
    if isinstance(place, Channel):
        return T.InlineQueryPeerTypeMegagroup() if place.supergroup else T.InlineQueryPeerTypeBroadcast()
    if isinstance(place, Group):
        return T.InlineQueryPeerTypeChat()
    if place is not None and bot in place.audience():
        return T.InlineQueryPeerTypeSameBotPM()
    return T.InlineQueryPeerTypePM()


def send_inline(world: "World", person: Account, answer: InlineAnswer, result: InlineResult, place: Chat) -> Message:
    """Send an offered result and tell the bot which one was chosen."""
    place.check_writer(person)
    given = result.message
    text = getattr(given, "message", "")
    message = world.post(
        person,
        place,
        text,
        entities=given.entities or find_entities(text),
        file=result.file,
        markup=given.reply_markup,
        via=answer.bot,
    )
    number = random.getrandbits(31)
    world.inline_messages[number] = message
    update = build(
        T.UpdateBotInlineSend,
        user_id=person.id,
        query=answer.query,
        id=result.id,
        # Only a message with buttons can be edited by the bot later.
        msg_id=inline_id(message) if given.reply_markup is not None else None,
    )
    world.deliver(answer.bot, lambda: updates.pack([update], answer.bot, users=[person]), None)
    return message
