"""Tries again what may pass: by the error's class, within a time budget, and only where a repeat does no harm."""

from __future__ import annotations

import asyncio
import inspect
import math
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from utils.errors import GoldcrestError
from utils.retry_strategies import Adaptive, Exponential, Linear, RetryContext, RetryStrategy

if TYPE_CHECKING:
    import tenacity

__all__ = ["Adaptive", "Exponential", "Linear", "RetryContext", "RetryManager", "RetryStrategy"]

T = TypeVar("T")
#: operations whose statistics are kept; the one that ran longest ago leaves
OPERATION_BOUND: Final = 256
#: attempts that a success rate looks back on, and how many it needs to say anything
RECENT: Final = 50
RECENT_MINIMUM: Final = 10


@dataclass(slots=True)
class Statistics:
    """What became of one operation's calls.

    `recovered`: succeeded after at least one failure; `given_up`: ended with an error that may pass; `failed`: ended
    with one that will not. What was cancelled is in `calls` only.
    """

    calls: int = 0
    attempts: int = 0
    succeeded: int = 0
    recovered: int = 0
    given_up: int = 0
    failed: int = 0
    waits: int = 0
    waited_seconds: float = 0.0
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))

    @property
    def success_rate(self) -> float:
        """Share of the last attempts that went well; 1.0 as long as they are few."""
        return sum(self.recent) / len(self.recent) if len(self.recent) >= RECENT_MINIMUM else 1.0

    def figures(self) -> dict[str, Any]:
        """As `/status` shows it."""
        return {
            "calls": self.calls,
            "attempts": self.attempts,
            "succeeded": self.succeeded,
            "recovered": self.recovered,
            "given_up": self.given_up,
            "failed": self.failed,
            "waits": self.waits,
            "waited_seconds": round(self.waited_seconds, 3),
            "success_rate": round(self.success_rate, 3),
        }


class RetryManager:
    """`run(operation, attempt, idempotent=…)` with one strategy for all that bring none of their own.

    `budget_seconds`: from the start of the first attempt on; no wait ends later. It cuts no attempt short.
    """

    def __init__(
        self,
        strategy: RetryStrategy,
        *,
        budget_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._strategy = strategy
        self._budget_seconds = budget_seconds
        self._clock = clock
        self._sleep = sleep
        self._statistics: OrderedDict[str, Statistics] = OrderedDict()

    async def run(
        self,
        operation: str,
        attempt: Callable[[], Awaitable[T]],
        *,
        idempotent: bool,
        strategy: RetryStrategy | None = None,
        budget_seconds: float | None = None,
        unless: Callable[[], bool] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> T:
        """The result of the first attempt that succeeds.

        `idempotent`: whether a repeat of an attempt that may have worked does no harm; what is not is tried once.
        `unless`: asked before each wait; True gives up. `values` reach the strategy's context. Raises the last
        attempt's error itself; what is no GoldcrestError, and a cancellation, at once.
        """
        statistics = self._of(operation)
        began = self._clock()
        statistics.calls += 1
        statistics.attempts += 1
        try:
            result = await attempt()
        except GoldcrestError as error:
            _count(statistics, error)
            series = _Series(
                operation,
                strategy or self._strategy,
                statistics,
                began=began,
                deadline=began + (self._budget_seconds if budget_seconds is None else budget_seconds),
                clock=self._clock,
                unless=unless,
                values=values or {},
            )
            if not idempotent or not await series.decide(error, 1):
                _give_up(statistics, error)
                raise
            first = error
        else:
            statistics.succeeded += 1
            statistics.recent.append(True)
            return result
        return await self._again(series, first, attempt)

    def figures(self) -> dict[str, Any]:
        """The statistics of every operation by its name."""
        return {name: statistics.figures() for name, statistics in sorted(self._statistics.items())}

    def _of(self, operation: str) -> Statistics:
        statistics = self._statistics.get(operation)
        if statistics is not None:
            self._statistics.move_to_end(operation)
            return statistics
        if len(self._statistics) >= OPERATION_BOUND:
            self._statistics.popitem(last=False)
        return self._statistics.setdefault(operation, Statistics())

    async def _again(self, series: _Series, first: GoldcrestError, attempt: Callable[[], Awaitable[T]]) -> T:
        """Go on from the first failure; tenacity is loaded by the first call that needs it."""
        import tenacity

        statistics = series.statistics
        failures = [first]

        async def once() -> T:
            if failures:
                raise failures.pop()
            statistics.attempts += 1
            try:
                result = await attempt()
            except GoldcrestError as error:
                _count(statistics, error)
                raise
            statistics.recent.append(True)
            return result

        retrying = tenacity.AsyncRetrying(
            retry=series.goes_on, wait=series.wait, stop=tenacity.stop_never, sleep=self._sleep, reraise=True
        )
        try:
            result: T = await retrying(once)
        except GoldcrestError as error:
            _give_up(statistics, error)
            raise
        statistics.succeeded += 1
        statistics.recovered += 1
        return result


@dataclass(slots=True)
class _Series:
    """The attempts of one call: tenacity asks whether and when the next one comes."""

    operation: str
    strategy: RetryStrategy
    statistics: Statistics
    deadline: float
    began: float
    clock: Callable[[], float]
    unless: Callable[[], bool] | None
    values: Mapping[str, Any]
    next_wait_seconds: float = 0.0

    async def decide(self, error: GoldcrestError, attempt: int) -> bool:
        """Whether another attempt follows; its wait is decided here too, for the budget must hold it."""
        now = self.clock()
        context = RetryContext(self.operation, self.statistics.success_rate, now - self.began, self.values)
        worth = self.strategy.should_retry(error, attempt, context)
        if not (await worth if inspect.isawaitable(worth) else worth):
            return False
        asked = error.retry_after_seconds or 0.0
        if not 0 <= asked < math.inf:
            asked = 0.0  # no time, whoever says so
        self.next_wait_seconds = max(asked, self.strategy.wait_seconds(attempt, context))
        if asked > self.strategy.cap_seconds or now + self.next_wait_seconds > self.deadline:
            return False
        return not (self.unless and self.unless())

    async def goes_on(self, state: tenacity.RetryCallState) -> bool:
        """Tenacity's question after each attempt; the first was decided before tenacity was loaded."""
        if state.attempt_number == 1:
            return True
        assert state.outcome is not None
        error = state.outcome.exception()
        return isinstance(error, GoldcrestError) and await self.decide(error, state.attempt_number)

    def wait(self, _state: tenacity.RetryCallState) -> float:
        """Seconds until the next attempt."""
        self.statistics.waits += 1
        self.statistics.waited_seconds += self.next_wait_seconds
        return self.next_wait_seconds


def _count(statistics: Statistics, error: GoldcrestError) -> None:
    """Only what the site is to blame for tells how well it goes; a refusal of our own or a bad item doesn't."""
    if error.trips:
        statistics.recent.append(False)


def _give_up(statistics: Statistics, error: GoldcrestError) -> None:
    if error.retry:
        statistics.given_up += 1
    else:
        statistics.failed += 1
