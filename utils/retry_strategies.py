"""When a failed attempt is worth another one, and how long to wait before it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from utils.errors import Busy, CircuitOpen, GoldcrestError, IdentitiesResting, MemoryShort, TooFast

#: beneath this share of successes the adaptive waits grow no further
RATE_FLOOR: Final = 0.125
#: 2 ** 32 times any base is above every cap
DOUBLINGS: Final = 32
#: of our own making, after which somebody else decides when to go on
REFUSALS: Final = (Busy, CircuitOpen, IdentitiesResting, MemoryShort, TooFast)


@dataclass(frozen=True, slots=True)
class RetryContext:
    """What a strategy may know of the call.

    `success_rate`: share of the operation's last attempts that went well (0 to 1, 1 while little is known);
    `elapsed_seconds` since the first attempt began; `values`: whatever the caller gave.
    """

    operation: str
    success_rate: float = 1.0
    elapsed_seconds: float = 0.0
    values: Mapping[str, Any] = field(default_factory=dict)


class RetryStrategy:
    """Exponential backoff with full jitter; a strategy of one's own overrides the difference.

    `max_attempts` counts the first one too; `base_seconds` is the upper end of the first wait, doubled each time up to
    `cap_seconds`; `rng` gives 0 to 1. Full jitter (anything from nothing to the upper end) spreads a crowd of callers
    best, see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    def __init__(
        self,
        *,
        max_attempts: int = 3,
        base_seconds: float = 2.0,
        cap_seconds: float = 60.0,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.max_attempts = max_attempts
        self.base_seconds = base_seconds
        self.cap_seconds = cap_seconds
        self.rng = rng

    def should_retry(self, error: GoldcrestError, attempt: int, context: RetryContext) -> bool | Awaitable[bool]:
        """Whether the failure of the `attempt`-th (from 1) is worth another; may be a coroutine.

        What an open breaker or a bound refused, or no rested identity was there for, was never asked for, and trying at
        once again changes nothing; nor does it give the memory or the turn that a whole wait hasn't given.
        """
        del context
        return attempt < self.max_attempts and error.retry and not isinstance(error, REFUSALS)

    def wait_seconds(self, attempt: int, context: RetryContext) -> float:
        """How long to wait after the failure of the `attempt`-th."""
        del context
        return self.rng() * self._doubled(self.base_seconds, attempt)

    def _doubled(self, base_seconds: float, attempt: int) -> float:
        return min(self.cap_seconds, base_seconds * 2.0 ** min(attempt - 1, DOUBLINGS))


class Exponential(RetryStrategy):
    """The default under its own name."""


class Linear(RetryStrategy):
    """Waits of one base more each time, somewhere in their upper half: for what recovers at a known pace."""

    def wait_seconds(self, attempt: int, context: RetryContext) -> float:
        """From half of `base_seconds` times the number of the attempt to the whole."""
        del context
        return min(self.cap_seconds, self.base_seconds * attempt) * (1 + self.rng()) / 2


class Adaptive(RetryStrategy):
    """Follows the success rate of the last attempts: the worse it goes, the fewer tries and the longer waits.

    All attempts where everything goes well, none but the first where nothing does: tries for what is down only keep it
    down. The upper end of the waits is divided by the rate, so eight times as long where one of eight succeeds.
    """

    def should_retry(self, error: GoldcrestError, attempt: int, context: RetryContext) -> bool | Awaitable[bool]:
        """As always, but of the further attempts only the share that the success rate leaves."""
        granted = 1 + round((self.max_attempts - 1) * context.success_rate)
        return attempt < granted and super().should_retry(error, attempt, context)

    def wait_seconds(self, attempt: int, context: RetryContext) -> float:
        """Full jitter over a longer time where little succeeds."""
        return self.rng() * self._doubled(self.base_seconds / max(context.success_rate, RATE_FLOOR), attempt)
