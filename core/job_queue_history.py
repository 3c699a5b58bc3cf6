"""Ended jobs: kept for a while within bounds, summed up per day, and read for how long things take."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.job_queue_shapes import CANCELLED, DONE, FAILED, Job, Took, platform_of

if TYPE_CHECKING:
    from utils.database import Database

DAY_SECONDS: Final = 86_400.0
#: days whose sums are kept, a row per platform
SUMS_DAYS: Final = 366
NOTE_SQL: Final = (
    "INSERT INTO job_days (day, platform, done, failed, cancelled, size_bytes, seconds) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (day, platform) DO UPDATE SET done = job_days.done + excluded.done,"
    " failed = job_days.failed + excluded.failed, cancelled = job_days.cancelled + excluded.cancelled,"
    " size_bytes = job_days.size_bytes + excluded.size_bytes, seconds = job_days.seconds + excluded.seconds"
)


class History:
    """The ended rows of `jobs`, at most `bound` and none older than `days`; and the table `job_days`."""

    def __init__(
        self, database: Database, *, bound: int = 5000, days: float = 30, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._bound = bound
        self._seconds = days * DAY_SECONDS
        self._clock = clock

    async def note(self, job: Job) -> None:
        """Count an ended job; part of the transaction that ends it."""
        outcomes = [int(job.state == state) for state in (DONE, FAILED, CANCELLED)]
        done = job.state == DONE
        await self._database.run(
            NOTE_SQL,
            *(_day(job.updated_at), job.link.platform, *outcomes, (job.size_bytes or 0) if done else 0),
            max(0.0, job.updated_at - job.created_at) if done else 0.0,
        )

    async def days(self, most: int = 7) -> list[dict[str, Any]]:
        """The newest days that had any job, the newest first.

        Each has `day` (UTC), `done`, `failed`, `cancelled`, `size_bytes` and `average_seconds` from accepted to done.
        """
        rows = await self._database.all(
            "SELECT day, SUM(done) AS done, SUM(failed) AS failed, SUM(cancelled) AS cancelled,"
            " SUM(size_bytes) AS size_bytes, SUM(seconds) AS seconds"
            " FROM job_days GROUP BY day ORDER BY day DESC LIMIT ?",
            most,
        )
        return [_sums(dict(row)) for row in rows]

    async def newest_done(self, most: int) -> list[Took]:
        """How long the jobs took that were done last, the oldest of them first."""
        rows = await self._database.all(
            "SELECT canonical, part, size_bytes, began_at, sending_at, updated_at FROM jobs WHERE state = 'done'"
            " ORDER BY updated_at DESC LIMIT ?",
            most,
        )
        return [Took(platform_of(row), *tuple(row)[1:]) for row in reversed(rows)]

    async def sweep(self) -> None:
        """Keep within the bounds."""
        now = self._clock()
        ended = "state IN ('done', 'failed', 'cancelled')"
        await self._database.run(f"DELETE FROM jobs WHERE {ended} AND updated_at < ?", now - self._seconds)  # noqa: S608 - constant
        await self._database.run(
            f"DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE {ended}"  # noqa: S608 - constant
            " ORDER BY updated_at DESC, id DESC LIMIT 100000 OFFSET ?)",
            self._bound,
        )
        await self._database.run("DELETE FROM job_days WHERE day < ?", _day(now - SUMS_DAYS * DAY_SECONDS))


def _day(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d")


def _sums(row: dict[str, Any]) -> dict[str, Any]:
    seconds = row.pop("seconds")
    return {**row, "average_seconds": round(seconds / row["done"], 1) if row["done"] else 0.0}
