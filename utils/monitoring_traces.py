"""What each piece of work went through and how long that took: phases with their times, the last ones kept."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from utils.monitoring_histogram import Histogram

#: phases of one trace; a piece of work that changes them more often lengthens its last one
PHASE_BOUND: Final = 32
#: traces without an end; the oldest is given up beyond that
OPEN_BOUND: Final = 2000
DONE: Final = "done"
FAILED: Final = "failed"


@dataclass(slots=True)
class Span:
    """One phase; times are seconds since the trace began, `ended` None while it lasts."""

    name: str
    began: float
    ended: float | None = None


@dataclass(slots=True)
class Trace:
    """One piece of work. `began_at`: UTC epoch; `facts`: short values without anything private (platform, front…)."""

    id: str
    began_at: float
    facts: dict[str, str] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    seconds: float | None = None
    outcome: str = ""
    error: str = ""

    def by_phase(self) -> dict[str, float]:
        """Seconds of each phase that has ended, those of the same name together."""
        found: dict[str, float] = {}
        for span in self.spans:
            if span.ended is not None:
                found[span.name] = found.get(span.name, 0.0) + span.ended - span.began
        return found

    def phases(self) -> list[dict[str, Any]]:
        """Each phase with `began_at`, `ended_at` (UTC epochs) and `seconds`, None for what isn't over."""
        return [
            {
                "name": span.name,
                "began_at": round(self.began_at + span.began, 3),
                "ended_at": None if span.ended is None else round(self.began_at + span.ended, 3),
                "seconds": None if span.ended is None else round(span.ended - span.began, 3),
            }
            for span in self.spans
        ]

    def view(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "id": self.id,
            **self.facts,
            "began_at": round(self.began_at, 3),
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "outcome": self.outcome,
            "error": self.error,
            "phases": self.phases(),
        }


class Traces:
    """The last `keep` ended traces, and of the failed and slow ones the last `keep_notable`, which so stay longer.

    Slow is what worked longer than `slow_seconds`, phases in `idle` not counted. `durations` (label "phase") takes in
    the phases of what was done. Nothing here raises for an id that is unknown, ended, or begun twice.
    """

    def __init__(
        self,
        *,
        keep: int,
        keep_notable: int,
        slow_seconds: float,
        idle: tuple[str, ...] = (),
        durations: Histogram | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._slow_seconds = slow_seconds
        self._idle = idle
        self._durations = durations
        self._clock = clock
        self._wall = wall
        self._open: OrderedDict[str, tuple[Trace, float]] = OrderedDict()
        self._recent: deque[Trace] = deque(maxlen=keep)
        self._notable: deque[Trace] = deque(maxlen=keep_notable)

    def begin(self, identity: str, phase: str, **facts: str) -> None:
        """A piece of work begins, in that phase."""
        if identity in self._open:
            return
        self._open[identity] = (Trace(identity, self._wall(), facts, [Span(phase, 0.0)]), self._clock())
        if len(self._open) > OPEN_BOUND:
            self._open.popitem(last=False)

    def enter(self, identity: str, phase: str) -> None:
        """Another phase begins, and the last one ends; the same one again goes on."""
        known = self._open.get(identity)
        if known is None:
            return
        trace, began = known
        if trace.spans[-1].name == phase or len(trace.spans) >= PHASE_BOUND:
            return
        now = self._clock() - began
        trace.spans[-1].ended = now
        trace.spans.append(Span(phase, now))

    def end(self, identity: str, outcome: str, error: str = "") -> Trace | None:
        """It is over; the trace, None for one that isn't open."""
        known = self._open.pop(identity, None)
        if known is None:
            return None
        trace, began = known
        trace.seconds = trace.spans[-1].ended = self._clock() - began
        trace.outcome, trace.error = outcome, error
        self._recent.append(trace)
        spent = trace.by_phase()
        if (
            outcome == FAILED
            or sum(spent.values()) - sum(spent.get(name, 0.0) for name in self._idle) > self._slow_seconds
        ):
            self._notable.append(trace)
        if outcome == DONE and self._durations is not None:
            for name, seconds in spent.items():
                self._durations.observe(seconds, name)
        return trace

    def get(self, identity: str) -> Trace | None:
        """A trace, open or kept."""
        if (known := self._open.get(identity)) is not None:
            return known[0]
        kept = (trace for each in (self._recent, self._notable) for trace in reversed(each))
        return next((trace for trace in kept if trace.id == identity), None)

    def recent(self, count: int) -> list[Trace]:
        """The last ones that ended, newest first."""
        return list(self._recent)[: -count - 1 : -1]

    def notable(self, count: int) -> list[Trace]:
        """The last failed and slow ones, newest first."""
        return list(self._notable)[: -count - 1 : -1]

    def __len__(self) -> int:
        return len(self._open)
