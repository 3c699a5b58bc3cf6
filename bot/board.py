"""Status messages: edited at a bearable pace, always with the newest state, and with the last one for certain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from bot.tasks import end
from utils.errors import TelegramAway, TelegramRefused

if TYPE_CHECKING:
    from bot.keyboards import Keyboard
    from bot.rich import Rich
    from bot.telegram import Telegram

log = structlog.get_logger()
#: no state is older than that on a screen, however slow Telegram wants us
LONGEST_INTERVAL_SECONDS: Final = 60.0
#: one call a second in a private chat, twenty a minute in a group (core.telegram.org/bots/faq)
PRIVATE_SPACING_SECONDS: Final = 1.0
GROUP_SPACING_SECONDS: Final = 4.0
#: the last state is worth this much waiting, this often
FINAL_PATIENCE_SECONDS: Final = 300.0
FINAL_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Screen:
    """What a status message shows."""

    rich: Rich
    keyboard: Keyboard = ()


@dataclass(slots=True)
class Board:
    """One status message and what it is to show next."""

    chat_id: int
    message_id: int
    wanted: Screen | None = None
    shown: Screen | None = None
    edited_at: float = float("-inf")
    editor: asyncio.Task[None] | None = None


class Boards:
    """All status messages by (chat, message). `interval_seconds`: between two edits of one."""

    def __init__(
        self,
        telegram: Telegram,
        interval_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._telegram = telegram
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._sleep = sleep
        self._boards: dict[tuple[int, int], Board] = {}

    def show(self, chat_id: int, message_id: int, screen: Screen) -> None:
        """Show this as soon as the pace allows; whatever waited to be shown is dropped."""
        board = self._boards.setdefault((chat_id, message_id), Board(chat_id, message_id))
        board.wanted = screen
        if board.editor is None or board.editor.done():
            board.editor = asyncio.create_task(self._edit(board), name="status")

    async def finish(self, chat_id: int, message_id: int, screen: Screen | None) -> bool:
        """Show the last state, None takes the message away; False where Telegram stayed away all the time."""
        board = self._boards.pop((chat_id, message_id), None)
        if board is not None and board.editor is not None:
            await end(board.editor)
        if board is not None and screen is not None and board.shown == screen:
            return True
        for attempt in range(FINAL_TRIES):
            try:
                if screen is None:
                    await self._telegram.delete(chat_id, message_id)
                else:
                    await self._telegram.edit_text(
                        chat_id, message_id, screen.rich, screen.keyboard, FINAL_PATIENCE_SECONDS
                    )
            except TelegramAway as error:
                await self._sleep((error.retry_after_seconds or self._interval_seconds) * (attempt + 1))
            except TelegramRefused as error:
                log.debug("status.gone", error=error.detail)
                return True
            else:
                return True
        log.warning("status.not_finished", tries=FINAL_TRIES)
        return False

    async def stop(self) -> None:
        """Leave every message as it is."""
        boards, self._boards = self._boards, {}
        await end(*(board.editor for board in boards.values() if board.editor is not None))

    async def _edit(self, board: Board) -> None:
        while board.wanted is not None and board.wanted != board.shown:
            wait = board.edited_at + self._interval(board) - self._clock()
            if wait > 0:
                await self._sleep(wait)
                continue
            screen = board.wanted
            try:
                await self._telegram.edit_text(board.chat_id, board.message_id, screen.rich, screen.keyboard)
            except TelegramAway:
                pass
            except TelegramRefused as error:
                log.debug("status.gone", error=error.detail)
                board.wanted = None
            else:
                board.shown = screen
            board.edited_at = self._clock()

    def _interval(self, board: Board) -> float:
        crowd = sum(other.chat_id == board.chat_id for other in self._boards.values())
        spacing = GROUP_SPACING_SECONDS if board.chat_id < 0 else PRIVATE_SPACING_SECONDS
        interval = max(self._interval_seconds, spacing * (crowd - 1))
        return min(LONGEST_INTERVAL_SECONDS, interval * self._telegram.edits.slowness)
