"""What the dashboard tells of downloads: counted since the start of the process."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from core.job_queue import DONE, FAILED

if TYPE_CHECKING:
    from core.job_queue import Job

#: what took longer, or less than nothing, is the work of a clock that was set
LONGEST_SECONDS: Final = 86_400.0


class Figures:
    """Ended jobs by outcome, by platform, and their mean time from accepted to done (milliseconds)."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._platforms: dict[str, Counter[str]] = {}
        self._errors: Counter[str] = Counter()
        self._done_ms = 0.0

    def count(self, job: Job) -> None:
        """Take in one ended job."""
        self._outcomes[job.state] += 1
        platform = self._platforms.setdefault(job.link.platform, Counter())
        if job.state == DONE:
            platform["success"] += 1
            self._done_ms += min(max(0.0, job.updated_at - job.created_at), LONGEST_SECONDS) * 1000
        elif job.state == FAILED:
            platform["failed"] += 1
            self._errors[job.error_code or "internal"] += 1

    def downloads(self) -> dict[str, Any]:
        """`total`, `success_rate` in percent of those not cancelled, `avg_duration_ms`, and the outcomes."""
        done, failed = self._outcomes[DONE], self._outcomes[FAILED]
        return {
            "total": self._outcomes.total(),
            "success_rate": round(100 * done / (done + failed), 1) if done + failed else 100.0,
            "avg_duration_ms": round(self._done_ms / done) if done else 0,
            "outcomes": dict(self._outcomes),
            "errors": dict(self._errors),
        }

    def platforms(self) -> dict[str, dict[str, int]]:
        """`success` and `failed` per platform."""
        return {name: {"success": c["success"], "failed": c["failed"]} for name, c in self._platforms.items()}
