"""Pace of one class of calls: nothing goes out during a FLOOD_WAIT, half as much after it, then slowly more again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from utils.errors import TelegramAway

#: distance between two calls after the first FLOOD_WAIT; doubled by each further one
FIRST_INTERVAL_SECONDS: Final = 0.05
LONGEST_INTERVAL_SECONDS: Final = 5.0
#: each call that passes shortens the distance to this share; below a hundredth of a second there is none
CREEP: Final = 0.95
NO_INTERVAL_SECONDS: Final = 0.01
#: Telegram counts whole seconds, so its wait is over a second later for certain
MARGIN_SECONDS: Final = 1.0


class Gate:
    """Telegram's rates are unknown; this one starts open and learns."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._interval = 0.0
        self._next = 0.0
        self._closed_until = 0.0

    @property
    def slowness(self) -> float:
        """1 while nothing was refused; grows with the distance between two calls."""
        return 1.0 + self._interval / FIRST_INTERVAL_SECONDS

    async def enter(self, patience_seconds: float) -> None:
        """Wait for the turn. Raises TelegramAway at once where that would take longer than the patience."""
        while (wait := max(self._next, self._closed_until) - self._clock()) > 0:
            if wait > patience_seconds:
                raise TelegramAway("FLOOD_WAIT", retry_after_seconds=wait)
            await self._sleep(wait)
        self._next = self._clock() + self._interval

    def refused(self, seconds: float) -> None:
        """Telegram asked to wait that long."""
        self._closed_until = max(self._closed_until, self._clock() + seconds + MARGIN_SECONDS)
        self._interval = min(LONGEST_INTERVAL_SECONDS, max(FIRST_INTERVAL_SECONDS, self._interval * 2))

    def passed(self) -> None:
        """A call went through."""
        self._interval = self._interval * CREEP if self._interval > NO_INTERVAL_SECONDS else 0.0
