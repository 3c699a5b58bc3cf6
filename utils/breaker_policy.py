"""When a circuit breaker opens, for how long, and what closes it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: the longest time that a breaker stays open without an operator who holds it open, whoever asks for more
OPEN_BOUND_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When to open, for how long, and what proves that a site is well again.

    Opens after `consecutive` failures in a row, or when of at least `minimum_calls` in the last `window_seconds` the
    share `failure_rate` failed. Stays open for `open_seconds`, doubled each time it opens again before a whole window
    went well, up to `open_cap_seconds`. Then `probes` calls are let in; all must succeed, the first failure opens it
    again. A probe that says nothing for `probe_seconds` gives its place to another and is heard no more. A site that
    asks for a rest of `open_seconds` or more gets it at once, up to the cap.
    """

    failure_rate: float = 0.5
    window_seconds: float = 60.0
    minimum_calls: int = 10
    consecutive: int = 5
    open_seconds: float = 30.0
    open_cap_seconds: float = 600.0
    probes: int = 1
    probe_seconds: float = 120.0

    def __post_init__(self) -> None:
        """Raises ValueError where a value can't work."""
        if not 0 < self.failure_rate <= 1:
            raise ValueError("failure_rate must lie above 0 and not above 1")
        if min(self.minimum_calls, self.consecutive, self.probes) < 1:
            raise ValueError("minimum_calls, consecutive and probes must be 1 or more")
        if not min(self.window_seconds, self.open_seconds, self.probe_seconds) > 0:
            raise ValueError("window_seconds, open_seconds and probe_seconds must be above 0")
        if not self.open_seconds <= self.open_cap_seconds <= OPEN_BOUND_SECONDS:
            raise ValueError(f"open_cap_seconds must lie between open_seconds and {OPEN_BOUND_SECONDS:.0f}")
