"""What the process tells of its work: jobs, their phases and failures, and which sites were asked lately."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from utils.breaker_window import Window
from utils.errors import GoldcrestError, ItemError, LinkError, LocalError, SiteError, error_by_code
from utils.monitoring import Metrics
from utils.monitoring_traces import Traces

if TYPE_CHECKING:
    from core.job_queue import Job
    from services.jobs import JobEvent
    from utils.config import Monitoring
    from utils.monitoring_histogram import Summary
    from utils.monitoring_traces import Trace

#: an event's phase -> the phase of a trace
PHASES: Final = {
    "queued": "queue",
    "probing": "probe",
    "downloading": "download",
    "recording": "record",
    "merging": "merge",
    "fitting": "fit",
    "uploading": "upload",
}
#: these don't make a job slow: others are in front, or a person wanted so many minutes
IDLE: Final = ("queue", "record")
#: a site that nobody asked for so long says nothing about whether anything works
USED_SECONDS: Final = 3600.0
USED_BOUND: Final = 256
#: of the ended jobs that /status lists
SHOWN: Final = 20
#: the branches of the error tree, the narrower ones first
CATEGORIES: Final[tuple[tuple[type[GoldcrestError], str], ...]] = (
    (LinkError, "link"),
    (ItemError, "item"),
    (SiteError, "site"),
    (LocalError, "local"),
)


class Monitor:
    """Hears of every job (`heard`) and probe (`probed`); nothing in it names a person, a title or a link."""

    def __init__(
        self,
        settings: Monitoring,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.metrics = metrics = Metrics()
        self._clock = clock
        self._minimum = settings.error_minimum
        self._phases = metrics.histogram("phase_seconds", "Phases of jobs that were done.", "phase")
        self._probes = metrics.histogram("look_seconds", "Probes that somebody waited for.", "platform")
        self._jobs = metrics.counter("jobs", "Jobs that have ended.", "platform", "outcome")
        self._failures = metrics.counter("failures", "Failed jobs and probes.", "category", "code")
        self._window = Window(settings.error_window_minutes * 60)
        self._used: OrderedDict[str, float] = OrderedDict()
        self.traces = Traces(
            keep=settings.traces,
            keep_notable=settings.notable_traces,
            slow_seconds=settings.slow_seconds,
            idle=IDLE,
            durations=self._phases,
            clock=clock,
            wall=wall,
        )

    def heard(self, job: Job, event: JobEvent) -> None:
        """A job has come into a phase, or further in it."""
        if not event.final:
            phase = PHASES.get(event.phase, event.phase)
            self.traces.begin(job.id, phase, platform=job.link.platform, front=job.front, quality=job.quality)
            self.traces.enter(job.id, phase)
            return
        self._use(job.link.platform)
        self._jobs.add(1.0, job.link.platform, event.phase)
        code = event.error.code if event.error is not None and event.phase == "failed" else ""
        if code:
            self._failed(code)
        if event.phase != "cancelled":
            self._window.add(self._clock(), bool(code) and is_fault(code))
        self.traces.end(job.id, event.phase, code)

    def probed(self, platform: str, seconds: float, error: GoldcrestError | None = None) -> None:
        """Somebody asked what stands behind a link, and was answered."""
        self._use(platform)
        self._probes.observe(seconds, platform)
        if error is not None:
            self._failed(error.code)

    def used(self) -> tuple[str, ...]:
        """The sites that were asked within the last hour."""
        oldest = self._clock() - USED_SECONDS
        return tuple(name for name, at in self._used.items() if at >= oldest)

    def error_rate(self) -> float | None:
        """Share of the jobs that failed lately though their links were good; None for too few to tell."""
        calls, failures = self._window.totals(self._clock())
        if not failures:
            return 0.0
        return failures / calls if calls >= self._minimum else None

    def trace(self, job_id: str) -> Trace | None:
        """What a job went through, as long as that is kept."""
        return self.traces.get(job_id)

    def phases(self) -> dict[str, dict[str, float]]:
        """By phase: count, avg_ms, p50_ms, p95_ms, max_ms of the jobs that were done."""
        found = {labels[0]: _milliseconds(self._phases.summary(*labels)) for labels in self._phases.spreads()}
        return dict(sorted(found.items()))

    def figures(self) -> dict[str, Any]:
        """For /status beside the downloads: phases, failures by category, the last failed and slow jobs."""
        categories: dict[str, int] = {}
        for (category, _code), count in self._failures.values().items():
            categories[category] = categories.get(category, 0) + int(count)
        rate = self.error_rate()
        return {
            "phases": self.phases(),
            "categories": categories,
            "error_rate": None if rate is None else round(100 * rate, 1),
            "open_traces": len(self.traces),
            "notable": [trace.view() for trace in self.traces.notable(SHOWN)],
        }

    def _use(self, platform: str) -> None:
        self._used[platform] = self._clock()
        self._used.move_to_end(platform)
        if len(self._used) > USED_BOUND:
            self._used.popitem(last=False)

    def _failed(self, code: str) -> None:
        self._failures.add(1.0, category_of(code), code)


def category_of(code: str) -> str:
    """link, item, site, local, or internal for what nobody foresaw."""
    kind = error_by_code(code)
    return next((name for branch, name in CATEGORIES if issubclass(kind, branch)), "internal")


def is_fault(code: str) -> bool:
    """Whether the failure tells of trouble: not of a bad link, nor of an item that nobody can have."""
    kind = error_by_code(code)
    return kind.reported or not issubclass(kind, LinkError | ItemError)


def _milliseconds(summary: Summary) -> dict[str, float]:
    return {
        "count": summary.count,
        "avg_ms": round(1000 * summary.mean, 1),
        "p50_ms": round(1000 * summary.p50, 1),
        "p95_ms": round(1000 * summary.p95, 1),
        "max_ms": round(1000 * summary.largest, 1),
    }
