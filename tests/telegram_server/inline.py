"""What a bot offers for an inline query, as a person sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.telegram_server.faults import RpcError
from tests.telegram_server.limits import check_markup, check_text
from tests.telegram_server.tl import T

if TYPE_CHECKING:
    from tests.telegram_server.files import File, Files
    from tests.telegram_server.people import Bot

RESULTS_MOST = 50
ID_BYTES = 64


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One offered result; `message` is TL: what is sent when somebody picks it."""

    id: str
    type: str
    title: str
    description: str
    url: str
    file: "File | None"
    message: Any


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """Everything that was offered for one query."""

    bot: "Bot"
    query: str
    results: Sequence[InlineResult]
    next_offset: str
    cache_seconds: int
    personal: bool
    gallery: bool
    switch_text: str
    switch_payload: str


def read_answer(bot: "Bot", query: str, given: Any) -> InlineAnswer:
    """Put a taken messages.setInlineBotResults into what a person sees."""
    switch = given.switch_pm
    return InlineAnswer(
        bot=bot,
        query=query,
        results=[_read_result(bot.world.files, result) for result in given.results],
        next_offset=given.next_offset or "",
        cache_seconds=given.cache_time,
        personal=bool(given.private),
        gallery=bool(given.gallery),
        switch_text=switch.text if switch else "",
        switch_payload=switch.start_param if switch else "",
    )


def check_answer(files: "Files", given: Any) -> None:
    """Refuse results that Telegram doesn't take."""
    ids = [result.id for result in given.results]
    if len(ids) > RESULTS_MOST:
        raise RpcError(400, "RESULTS_TOO_MUCH")
    if len(set(ids)) != len(ids):
        raise RpcError(400, "RESULT_ID_DUPLICATE")
    for result in given.results:
        if not 1 <= len(result.id.encode()) <= ID_BYTES:
            raise RpcError(400, "RESULT_ID_INVALID")
        read = _read_result(files, result)
        message = read.message
        check_markup(message.reply_markup)
        if hasattr(message, "message"):
            caption = not isinstance(message, T.InputBotInlineMessageText)
            check_text(message.message, message.entities or (), caption=caption)


def _read_result(files: "Files", result: Any) -> InlineResult:
    held = getattr(result, "document", None) or getattr(result, "photo", None)
    return InlineResult(
        id=result.id,
        type=getattr(result, "type", "photo"),
        title=getattr(result, "title", None) or "",
        description=getattr(result, "description", None) or "",
        url=getattr(result, "url", None) or getattr(getattr(result, "content", None), "url", "") or "",
        file=files.find(held) if held is not None else None,
        message=result.send_message,
    )
