"""Counts calls and failures of the last seconds in a fixed ring of buckets: constant memory, whatever the traffic."""

from __future__ import annotations

import math
from typing import Final

#: the window is forgotten in steps of this part of it
BUCKETS: Final = 10


class Window:
    """`add` an outcome, ask for the `totals` of the last `seconds`; the oldest tenth leaves at once.

    Times come from one clock and are in seconds; a clock that jumps only empties the window.
    """

    __slots__ = ("_calls", "_failures", "_steps", "_width")

    def __init__(self, seconds: float) -> None:
        self._width = seconds / BUCKETS
        self._steps = [-math.inf] * BUCKETS
        self._calls = [0] * BUCKETS
        self._failures = [0] * BUCKETS

    def add(self, now: float, failed: bool) -> None:
        """Count one call that ended `now`."""
        step = int(now // self._width)
        place = step % BUCKETS
        if self._steps[place] != step:
            self._steps[place] = step
            self._calls[place] = self._failures[place] = 0
        self._calls[place] += 1
        if failed:
            self._failures[place] += 1

    def totals(self, now: float) -> tuple[int, int]:
        """Calls and failures in the window that ends `now`."""
        step = int(now // self._width)
        live = [place for place in range(BUCKETS) if 0 <= step - self._steps[place] < BUCKETS]
        return sum(self._calls[place] for place in live), sum(self._failures[place] for place in live)

    def clear(self) -> None:
        """Forget everything."""
        self._steps = [-math.inf] * BUCKETS
