"""Rate limiting algorithms as arithmetic on small states: GCRA, sliding window, leaky bucket.

Each `look` tells how long a call has to wait and which state follows where it needn't. The Lua script of
`utils.rate_redis` does the same operations in the same order, so both stores give the same histories.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Any, ClassVar, Final, Literal

Algorithm = Literal["token_bucket", "sliding_window", "leaky_bucket"]
#: what rounding of sums of floats may amount to, seconds
GRAIN_SECONDS: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Rule:
    """`count` calls in `seconds`; `burst` of them at once where they come after a rest.

    Subclasses are the algorithms. A `factor` below 1 slows the rate down. Raises ValueError for a rate that admits
    nothing.
    """

    algorithm: ClassVar[Algorithm]
    count: float
    seconds: float
    burst: float = 1

    def __post_init__(self) -> None:
        if not (self.count > 0 and self.seconds > 0 and self.burst >= 1):
            raise ValueError(f"a rate that admits nothing: {self.count} in {self.seconds} s, {self.burst} at once")

    @property
    def memory_seconds(self) -> float:
        """After so long without a call a state, at full rate, is as good as none."""
        return self.burst * self.seconds / self.count

    def look(self, state: Any, now: float, factor: float, cost: float = 1.0) -> tuple[float, Any]:
        """Seconds to wait (0.0: admitted) and the state after the call. `state` None: never seen."""
        raise NotImplementedError


class TokenBucket(Rule):
    """GCRA, the virtual scheduling form of a token bucket (ITU-T I.371): theoretical arrival time, and its factor.

    The schedule is ahead by calls that were admitted, so another factor stretches what is ahead as it stretches the
    interval: a slower rate frees no call and a faster one forgets none.
    """

    __slots__ = ()
    algorithm = "token_bucket"

    def look(
        self, state: tuple[float, float] | None, now: float, factor: float, cost: float = 1.0
    ) -> tuple[float, tuple[float, float]]:
        """Admitted while the schedule is at most `burst` intervals ahead."""
        interval = self.seconds / self.count / factor
        full = self.burst * interval
        ahead = 0.0 if state is None or state[0] < now else (state[0] - now) * (state[1] / factor)
        if ahead > full:  # the clock was set back: by how much nobody knows, so by a lot means that all is forgotten
            ahead = 0.0 if ahead > 2 * full else full
        ahead += cost * interval
        wait = ahead - full
        return (wait if wait > GRAIN_SECONDS else 0.0), (now + ahead if ahead > 0.0 else now, factor)


class LeakyBucket(Rule):
    """A bucket that leaks at the rate and holds `burst` calls: level, and when it was looked at."""

    __slots__ = ()
    algorithm = "leaky_bucket"

    def look(
        self, state: tuple[float, float] | None, now: float, factor: float, cost: float = 1.0
    ) -> tuple[float, tuple[float, float]]:
        """Admitted where one more doesn't make it run over."""
        leak = self.count / self.seconds * factor
        level = 0.0
        if state is not None:
            level = max(0.0, state[0] - max(0.0, now - state[1]) * leak)
            if state[1] - now > self.burst / leak:  # the clock was set back
                level = 0.0
        level += cost
        wait = (level - self.burst) / leak
        return (wait if wait > GRAIN_SECONDS else 0.0), (max(0.0, level), now)


class SlidingWindow(Rule):
    """At most `count` calls in any window, as far as two counters tell: begin of the window, its calls, those before.

    Calls of the window before count as if they had been spread evenly over it.
    """

    __slots__ = ()
    algorithm = "sliding_window"

    @property
    def memory_seconds(self) -> float:
        """Two windows."""
        return 2 * self.seconds

    def look(
        self, state: tuple[float, float, float] | None, now: float, factor: float, cost: float = 1.0
    ) -> tuple[float, tuple[float, float, float]]:
        """Admitted where this call is the window's last at most."""
        room = max(1.0, self.count * factor)
        began, calls, before = (now, 0.0, 0.0) if state is None else state
        passed = floor((now - began) / self.seconds)
        if passed == 1:
            began, calls, before = began + self.seconds, 0.0, calls
        elif passed > 1 or passed < -1:  # long ago, or the clock was set back
            began, calls, before = now, 0.0, 0.0
        elapsed = max(0.0, now - began)
        wait = self._wait(room - cost, calls, before, elapsed)
        return (wait if wait > GRAIN_SECONDS else 0.0), (began, max(0.0, calls + cost), before)

    def _wait(self, room: float, calls: float, before: float, elapsed: float) -> float:
        """`room`: for how many others."""
        if calls > room:  # only the next window has it
            return self.seconds - elapsed + max(0.0, self.seconds * (1.0 - room / calls))
        if before <= 0.0:
            return 0.0
        return self.seconds * (1.0 - (room - calls) / before) - elapsed


RULES: Final[dict[str, type[Rule]]] = {rule.algorithm: rule for rule in (TokenBucket, LeakyBucket, SlidingWindow)}
