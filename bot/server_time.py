"""Telegram's time, kept by the monotonic clock: a wall clock that is wrong or set moves no message id."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

#: nobody hears a message so long before it was written
AHEAD_SECONDS: Final = 5.0
#: a message id is Telegram's time in units of 2^-32 s (core.telegram.org/mtproto/description)
ID_UNITS: Final = 2**32


class ServerTime:
    """What time it is for Telegram: at first what the wall clock says, then what Telegram's own messages tell.

    pyrogram adds an offset to the wall clock and learns it only from the first message of a session. When that clock is
    set, Telegram refuses what the client sends and the client drops what Telegram sends, for good.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lead_seconds = wall() - clock()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock() + self._lead_seconds

    def set(self, message_id: int) -> None:
        """Telegram has written this id just now."""
        self._lead_seconds = message_id / ID_UNITS - self._clock()

    def heard(self, message_id: int) -> None:
        """Telegram has written this id, perhaps long ago, because it repeats what was not acknowledged.

        One from the future tells that our clock stood still, as that of a machine does that was put to sleep.
        """
        if message_id / ID_UNITS > self.now() + AHEAD_SECONDS:
            self.set(message_id)
