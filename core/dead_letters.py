"""What failed for good, and why: kept for the owner, who replays or discards it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from core.job_queue_shapes import Job, packed
from platforms.shapes import Link
from utils.errors import WorkerCrashed

if TYPE_CHECKING:
    from sqlite3 import Row

    from utils.database import Database

DAY_SECONDS: Final = 86_400.0
#: letters of one answer
PAGE: Final = 100
#: letters that are tried again at once; the rest waits for the next call, so that the queue keeps room for others
REPLAY_BOUND: Final = 100


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that failed for good; its fields are those of `Job`. `poison`: it killed its worker or its process."""

    id: str
    front: str
    link: Link
    quality: str
    part: str
    title: str
    user_id: int | None
    target: dict[str, Any]
    random_id: int
    batch: str
    batch_position: int
    size_bytes: int | None
    error_code: str
    attempts: int
    crashes: int
    created_at: float
    died_at: float

    @property
    def poison(self) -> bool:
        """Whether it killed what worked on it."""
        return self.error_code == WorkerCrashed.code


class DeadLetters:
    """The table `dead_letters`: at most `bound` of them, none older than `days`; the oldest leave first."""

    def __init__(
        self, database: Database, *, bound: int = 500, days: float = 30, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._bound = bound
        self._seconds = days * DAY_SECONDS
        self._clock = clock

    async def bury(self, job: Job) -> None:
        """Keep a failed job; part of the transaction that ends it."""
        await self._database.run(
            "INSERT INTO dead_letters (id, front, link, canonical, quality, part, title, user_id, target, random_id,"
            " batch, batch_position, size_bytes, error_code, attempts, crashes, created_at, died_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            *(job.id, job.front, packed(job.link), job.link.canonical, job.quality, job.part, job.title, job.user_id),
            *(packed(job.target), job.random_id, job.batch, job.batch_position, job.size_bytes),
            *(job.error_code or "internal", job.attempt, job.crashes, job.created_at, job.updated_at),
        )
        await self.sweep()

    async def newest(self, most: int = PAGE, first: int = 0) -> list[DeadLetter]:
        """At most `most` of them behind the newest `first`, the newest first."""
        rows = await self._database.all(
            "SELECT * FROM dead_letters ORDER BY died_at DESC, id DESC LIMIT ? OFFSET ?", min(most, PAGE), first
        )
        return [_letter(row) for row in rows]

    async def oldest(self, error_code: str, most: int = REPLAY_BOUND) -> list[str]:
        """Ids of at most `most` that failed for that reason, the oldest first."""
        rows = await self._database.all(
            "SELECT id FROM dead_letters WHERE error_code = ? ORDER BY died_at, id LIMIT ?", error_code, most
        )
        return [row["id"] for row in rows]

    async def count(self, error_code: str = "") -> int:
        """How many there are, in all or that failed for one reason."""
        wanted, values = ("WHERE error_code = ?", (error_code,)) if error_code else ("", ())
        row = await self._database.one(f"SELECT COUNT(*) FROM dead_letters {wanted}", *values)  # noqa: S608 - constant
        assert row is not None
        return int(row[0])

    async def reasons(self) -> dict[str, int]:
        """By error code how many failed for it, the most frequent first."""
        rows = await self._database.all(
            "SELECT error_code, COUNT(*) AS number FROM dead_letters"
            " GROUP BY error_code ORDER BY number DESC, error_code"
        )
        return {row["error_code"]: row["number"] for row in rows}

    async def take(self, letter_id: str) -> DeadLetter | None:
        """Remove one; None where there is none of that id (any more)."""
        row = await self._database.one("DELETE FROM dead_letters WHERE id = ? RETURNING *", letter_id)
        return _letter(row) if row else None

    async def sweep(self) -> None:
        """Keep within the bounds."""
        await self._database.run("DELETE FROM dead_letters WHERE died_at < ?", self._clock() - self._seconds)
        await self._database.run(
            "DELETE FROM dead_letters WHERE id IN"
            " (SELECT id FROM dead_letters ORDER BY died_at DESC, id DESC LIMIT 1000 OFFSET ?)",
            self._bound,
        )


def _letter(row: Row) -> DeadLetter:
    fields = {name: row[name] for name in DeadLetter.__dataclass_fields__}
    link, target = msgspec.json.decode(row["link"], type=Link), msgspec.json.decode(row["target"])
    return DeadLetter(**{**fields, "link": link, "target": target})
