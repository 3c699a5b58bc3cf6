"""Circuit breaker: refuses calls to a site that keeps failing, and finds out with few probes whether it is well again.

Everything here runs on one event loop and never awaits, so that no two tasks can take the same probe.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from utils.breaker_policy import OPEN_BOUND_SECONDS, BreakerPolicy
from utils.breaker_window import Window
from utils.errors import CircuitOpen, GoldcrestError, SiteError, SitePaused

if TYPE_CHECKING:
    from utils.breaker_machine import CircuitBreakerListener, CircuitBreakerStorage
    from utils.breaker_store import BreakerRecord

T = TypeVar("T")
Phase = Literal["closed", "open", "half_open"]

__all__ = ["BreakerPolicy", "CircuitBreaker", "CircuitOpen", "Permit", "Phase"]


class Permit:
    """Leave for one call. Say once how it went; what is said later is ignored.

    As a context manager it judges by the error: one that `trips` is a failure, one that the site gave as an answer
    about an item (`answered`) is as good as a success, anything else (a cancellation, trouble of our own, a bad link)
    tells nothing about the site and gives the place back.
    """

    __slots__ = ("_breaker", "epoch", "since")

    def __init__(self, breaker: CircuitBreaker, epoch: int, since: float) -> None:
        self._breaker: CircuitBreaker | None = breaker
        self.epoch = epoch
        self.since = since

    @property
    def current(self) -> bool:
        """Whether it may still say something: the breaker has neither turned since nor given its place away."""
        breaker = self._breaker
        return breaker is not None and breaker._is_news(self)  # noqa: SLF001 - a permit is the breaker's own other half

    def succeeded(self) -> None:
        """The site did what was asked."""
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker._heard(self, None)  # noqa: SLF001 - see above

    def failed(self, error: BaseException | None = None, open_seconds: float | None = None) -> None:
        """The site failed; a long `retry_after_seconds` of the error opens the breaker at once, see BreakerPolicy.

        `open_seconds`: opens it for that long, whatever the policy says.
        """
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker._heard(self, error or SiteError(), open_seconds)  # noqa: SLF001 - see above

    def dropped(self) -> None:
        """Nothing was learnt: cancelled, or never asked."""
        breaker, self._breaker = self._breaker, None
        if breaker is not None:
            breaker._dropped(self)  # noqa: SLF001 - see above

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None or (isinstance(error, GoldcrestError) and error.answered):
            self.succeeded()
        elif isinstance(error, GoldcrestError) and error.trips:
            self.failed(error)
        else:
            self.dropped()


class CircuitBreaker:
    """One breaker: `admit()` or `call(function)`.

    `clock`: seconds, monotonic; `store`: pybreaker's storage of state and counters, its state read once; `listeners`:
    pybreaker's, called with pybreaker's objects.
    """

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy,
        *,
        clock: Callable[[], float] = time.monotonic,
        store: CircuitBreakerStorage | None = None,
        listeners: Iterable[CircuitBreakerListener] = (),
    ) -> None:
        from utils.breaker_machine import CircuitMemoryStorage, Machine

        self.name = name
        self.policy = policy
        self._clock = clock
        self._storage = store or CircuitMemoryStorage("closed")
        self._machine = Machine(name, self._storage, listeners)
        self._heard_by_some = bool(self._machine.listeners)
        self._window = Window(policy.window_seconds)
        self._phase: Phase = "closed"
        self._epoch = 0  # results of calls that were let in before the phase last changed are no news
        self._streak = 0  # times opened without a whole good window between
        self._opened = self._refused = self._late = 0
        self._since = self._closed_since = -math.inf
        self._rest_seconds = 0.0
        self._by_hand = False
        self._probing: list[Permit] = []
        if self._machine.phase != "closed":
            self._phase = "open"
            self._streak = 1
            self._since = clock()
            self._rest_seconds = policy.open_seconds if self._machine.phase == "open" else 0.0

    @property
    def state(self) -> Phase:
        """Closed, open, or half open from the moment on when a probe would be let in."""
        return "half_open" if self._phase == "open" and self._rested(self._clock()) else self._phase

    @property
    def remaining_seconds(self) -> float | None:
        """How long calls will still be refused: 0 where they are not, None while an operator holds it open."""
        now = self._clock()
        if self._phase != "open" or self._rested(now):
            return 0.0
        return None if self._rest_seconds == math.inf else self._since + self._rest_seconds - now

    @property
    def by_hand(self) -> bool:
        """Whether it is open because an operator wants that."""
        return self._by_hand and self.state == "open"

    @property
    def streak(self) -> int:
        """How often it opened without a good window between; the open time doubles with each."""
        return self._streak

    def admit(self) -> Permit:
        """Leave for one call. Raises CircuitOpen or SitePaused, with the seconds until it is worth asking again."""
        if self._phase == "closed":
            return Permit(self, self._epoch, 0.0)
        return self._admit_probe()

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run `function` under a permit of its own. Raises what it raises, or CircuitOpen."""
        with self.admit():
            return await function()

    def open(self, seconds: float | None = None, *, by_hand: bool = False) -> None:
        """Refuse all calls for that long, at most a day; without a time, which is always by hand, until `close`.

        Raises ValueError below 0.
        """
        if seconds is not None and not seconds >= 0:
            raise ValueError("a breaker can't be open for less than no time")
        self._open(math.inf if seconds is None else min(seconds, OPEN_BOUND_SECONDS), by_hand=by_hand)

    def close(self) -> None:
        """Let calls in again and forget what was."""
        self._streak = 0
        self._close()

    def adopt(self, record: BreakerRecord) -> None:
        """Take over a state that was kept or that another instance found."""
        self._streak = record.streak
        if record.state == "closed":
            self._close()
        elif record.remaining_seconds is None:
            self._open(math.inf)
        else:
            self._open(min(max(record.remaining_seconds, 0.0), OPEN_BOUND_SECONDS), by_hand=record.by_hand)

    def figures(self) -> dict[str, Any]:
        """What `/status` tells: counts since the start, the window's calls and failures, seconds until the next try."""
        now = self._clock()
        calls, failures = self._window.totals(now)
        remaining = self.remaining_seconds
        return {
            "state": self.state,
            "held": remaining is None,
            "by_hand": self.by_hand,
            "retry_in_seconds": None if remaining is None else round(remaining, 1),
            "calls": calls,
            "failures": failures,
            "failure_rate": round(failures / calls, 3) if calls else 0.0,
            "consecutive": self._storage.counter,
            "probing": len(self._alive(now)),
            "opened": self._opened,
            "refused": self._refused,
            "late": self._late,
        }

    def _rested(self, now: float) -> bool:
        """Whether the open time is over; also when the clock stands before its beginning, for it was set back."""
        return not 0 <= now - self._since < self._rest_seconds and self._rest_seconds != math.inf

    def _admit_probe(self) -> Permit:
        now = self._clock()
        if self._phase == "open":
            if not self._rested(now):
                raise self._refusal(self.remaining_seconds)
            self._turn("half_open")
        self._probing = self._alive(now)
        if len(self._probing) + self._storage.success_counter >= self.policy.probes:
            first = min(permit.since for permit in self._probing)
            raise self._refusal(min(first + self.policy.probe_seconds - now, self.policy.open_seconds))
        permit = Permit(self, self._epoch, now)
        self._probing.append(permit)
        return permit

    def _alive(self, now: float) -> list[Permit]:
        """The probes that may still decide."""
        return [permit for permit in self._probing if 0 <= now - permit.since < self.policy.probe_seconds]

    def _refusal(self, seconds: float | None) -> CircuitOpen:
        self._refused += 1
        kind = SitePaused if self._by_hand and self._phase == "open" else CircuitOpen
        return kind(f"breaker {self.name} is {self._phase}", retry_after_seconds=seconds)

    def _is_news(self, permit: Permit) -> bool:
        return permit.epoch == self._epoch and (self._phase == "closed" or permit in self._alive(self._clock()))

    def _heard(self, permit: Permit, error: BaseException | None, open_seconds: float | None = None) -> None:
        """A call ended, well (None) or with an error that counts."""
        now = self._clock()
        if not self._is_news(permit):
            self._late += 1
            return
        if self._phase == "half_open":
            self._probing.remove(permit)
        self._window.add(now, error is not None)
        if error is None:
            self._went_well()
        else:
            self._went_wrong(error, now, open_seconds)

    def _dropped(self, permit: Permit) -> None:
        if permit in self._probing:
            self._probing.remove(permit)

    def _went_well(self) -> None:
        if self._heard_by_some:
            self._machine.tell_success()
        if self._storage.counter:
            self._storage.reset_counter()
        if self._phase == "half_open":
            self._storage.increment_success_counter()
            if self._storage.success_counter >= self.policy.probes:
                self._close()

    def _went_wrong(self, error: BaseException, now: float, open_seconds: float | None) -> None:
        self._storage.increment_counter()
        if self._heard_by_some:
            self._machine.tell_failure(error)
        if open_seconds is not None:
            self.open(open_seconds)
            return
        asked = (error.retry_after_seconds or 0.0) if isinstance(error, GoldcrestError) else 0.0
        if not (asked >= self.policy.open_seconds or self._phase == "half_open" or self._worn_out(now)):
            return
        if not 0 <= now - self._closed_since < self.policy.window_seconds and self._phase == "closed":
            self._streak = 0
        cap = self.policy.open_cap_seconds
        rest = min(self.policy.open_seconds * 2 ** min(self._streak, 32), cap)
        self._streak += 1
        self._open(max(rest, min(asked, cap)))

    def _worn_out(self, now: float) -> bool:
        policy = self.policy
        if self._storage.counter >= policy.consecutive:
            return True
        calls, failures = self._window.totals(now)
        return calls >= policy.minimum_calls and failures >= policy.failure_rate * calls

    def _open(self, seconds: float, *, by_hand: bool = False) -> None:
        self._since = self._clock()
        self._rest_seconds = seconds
        self._by_hand = by_hand or seconds == math.inf
        self._opened += 1
        self._turn("open")

    def _close(self) -> None:
        self._window.clear()
        self._closed_since = self._clock()
        self._turn("closed")

    def _turn(self, phase: Phase) -> None:
        self._phase = phase
        self._epoch += 1
        self._probing = []
        self._machine.turn(phase)
