"""Buttons and inline queries, both sides: who asks, and the bot that answers and edits."""

from typing import Any

from tests.telegram_server import asking
from tests.telegram_server.call import Call
from tests.telegram_server.faults import RpcError
from tests.telegram_server.handlers.messages import change
from tests.telegram_server.handlers.router import Router
from tests.telegram_server.inline import check_answer
from tests.telegram_server.queries import Answer
from tests.telegram_server.tl import T, build

router = Router()

_ANSWER_CHARACTERS = 200
_WAIT_SECONDS = 10


@router.on("messages.GetBotCallbackAnswer")
async def get_bot_callback_answer(call: Call) -> Any:
    """Press a button from a person's client."""
    me, query = call.person, call.query
    message = call.message(call.chat(query.peer), query.msg_id)
    if not any(button.data == query.data for row in message.buttons for button in row):
        raise RpcError(400, "DATA_INVALID")
    answer = await asking.press(call.world, me, message, query.data, _WAIT_SECONDS)
    return build(
        T.messages.BotCallbackAnswer,
        alert=answer.alert,
        has_url=bool(answer.url),
        message=answer.text or None,
        url=answer.url or None,
    )


@router.on("messages.SetBotCallbackAnswer")
async def set_bot_callback_answer(call: Call) -> Any:
    """Answer a pressed button; once, and soon."""
    query = call.query
    if len(query.message or "") > _ANSWER_CHARACTERS:
        raise RpcError(400, "MESSAGE_TOO_LONG")
    answer = Answer(query.message or "", bool(query.alert), query.url or "")
    call.world.queries.settle(query.query_id, call.bot.id, answer)
    return True


@router.on("messages.SetInlineBotResults")
async def set_inline_bot_results(call: Call) -> Any:
    """Offer results for an inline query."""
    check_answer(call.world.files, call.query)
    call.world.queries.settle(call.query.query_id, call.bot.id, call.query)
    return True


@router.on("messages.EditInlineBotMessage")
async def edit_inline_bot_message(call: Call) -> Any:
    """Edit a message that somebody sent through the bot."""
    message = call.world.inline_messages.get(call.query.id.id)
    if message is None or message.via is not call.bot or message.deleted_at is not None:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    call.world.edit(message, **change(call, message))
    return True
