"""Where updates come in, in the place of pyrogram's dispatcher, whose workers await their handlers without limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from bot.updates import read_update
from utils.errors import Busy

if TYPE_CHECKING:
    from bot.events import Event

log = structlog.get_logger()


class Feed:
    """Reads each update at once and gives it on; pyrogram knows this object as dispatcher and as its queue."""

    def __init__(self, take: Callable[[Event], None]) -> None:
        self._take = take
        self.updates_queue = self

    def put_nowait(self, packet: tuple[Any, Any, dict[int, Any]]) -> None:
        """One update with its users and chats. What can't be taken in is dropped with a word in the log."""
        update, users, chats = packet
        try:
            event = read_update(update, users, chats)
            if event is not None:
                self._take(event)
        except Busy:
            log.warning("update.dropped", reason="too many at once", kind=type(update).__name__)
        except Exception:  # an odd update must not end the connection
            log.exception("update.unreadable", kind=type(update).__name__)

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self, *, clear_handlers: bool = True) -> None:
        """Nothing to wait for; what was taken in belongs to its taker."""
