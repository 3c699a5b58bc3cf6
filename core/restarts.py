"""How patient the manager is with a part: how often it is looked at, how long things may take, how many restarts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from utils.errors import GoldcrestError


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds.

    A part is asked every `check_seconds`; one that hasn't answered `answer_seconds` later is sick. After `sick_checks`
    in a row it is restarted, at most `restarts` times within `window_seconds`, with pauses of `base_seconds` doubled
    each time up to `cap_seconds`. `start_seconds` bounds the first start, `restart_seconds` a later one, `halt_seconds`
    the stop before it. A part that isn't vital and doesn't start at all is tried again after `retry_base_seconds`
    doubled each time up to `retry_cap_seconds`.
    """

    check_seconds: float = 0.75
    answer_seconds: float = 0.7
    sick_checks: int = 2
    restarts: int = 10
    window_seconds: float = 120.0
    base_seconds: float = 0.25
    cap_seconds: float = 5.0
    start_seconds: float = 60.0
    restart_seconds: float = 15.0
    halt_seconds: float = 2.0
    retry_base_seconds: float = 2.0
    retry_cap_seconds: float = 60.0

    def retry_pause(self, failures: int, error: BaseException, chance: float) -> float:
        """Before the next try of a start that failed so often; never sooner than the error asks for."""
        pause = _spread(self.retry_base_seconds, self.retry_cap_seconds, failures - 1, chance)
        asked = error.retry_after_seconds if isinstance(error, GoldcrestError) else None
        return max(pause, asked or 0.0)


@dataclass(slots=True)
class Restarts:
    """The restarts of one part; `total` counts all, `clock` is monotonic."""

    patience: Patience
    clock: Callable[[], float]
    total: int = 0
    _recent: deque[float] = field(default_factory=deque)

    def count(self) -> None:
        """One more, now."""
        self.total += 1
        self._recent.append(self.clock())

    def pause(self, chance: float) -> float:
        """Seconds before the next one, half of it by chance."""
        return _spread(self.patience.base_seconds, self.patience.cap_seconds, self._fresh(), chance)

    def rest(self) -> float:
        """Seconds until there may be another one at all, 0 while there are some left."""
        if self._fresh() < self.patience.restarts:
            return 0.0
        return self._recent[0] + self.patience.window_seconds - self.clock()

    def _fresh(self) -> int:
        """How many lie within the window."""
        while self._recent and self._recent[0] + self.patience.window_seconds <= self.clock():
            self._recent.popleft()
        return len(self._recent)


def _spread(base: float, cap: float, doublings: int, chance: float) -> float:
    longest: float = min(cap, base * 2.0 ** min(doublings, 30))
    return longest * (0.5 + 0.5 * chance)
