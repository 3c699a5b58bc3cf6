"""An order for a part of an item: a clip's times, a recording's bounds, and the word that ends one early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from platforms.extractor.protocol import encode
from platforms.parts import Clip, Part

if TYPE_CHECKING:
    from platforms.extractor.protocol import Order
    from utils.config import Settings

MEBIBYTE: Final = 1 << 20
MINUTE: Final = 60
#: what the parent says when a recording is long enough
ENOUGH: Final = encode({"enough": True})


def partial_order(order: Order, part: Part | None, settings: Settings) -> Order:
    """The order with what a child needs to know of the part; a recording is bounded by `downloads.live_mb` as well."""
    if part is None:
        return order
    if isinstance(part, Clip):
        return replace(order, clip_start=part.start, clip_end=part.end)
    return replace(
        order,
        record_seconds=part.minutes * MINUTE,
        patience_seconds=settings.extractor.stall_seconds,
        max_bytes=min(order.max_bytes, settings.downloads.live_mb * MEBIBYTE),
    )


class Enough:
    """Tells a child once, from when it records on, that somebody has heard enough.

    The child listens only then: whatever it reads before is an answer to a question of its own.
    """

    def __init__(self, wish: asyncio.Event | None, write: Callable[[bytes], None]) -> None:
        self._wish = wish
        self._write = write
        self._task: asyncio.Task[None] | None = None

    def note(self, phase: str) -> None:
        """The child has reported that phase."""
        if phase == "recording" and self._wish is not None and self._task is None:
            self._task = asyncio.create_task(self._tell(self._wish), name="end a recording")

    def close(self) -> None:
        """Nothing is to be told any more."""
        if self._task is not None:
            self._task.cancel()

    async def _tell(self, wish: asyncio.Event) -> None:
        await wish.wait()
        self._write(ENOUGH)
