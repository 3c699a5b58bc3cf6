"""Accepted work, kept in SQLite: what was told to a user as accepted survives any kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from platforms.parts import is_recording
from platforms.shapes import Link
from utils.errors import Busy
from utils.ids import random_id, ulid

if TYPE_CHECKING:
    from sqlite3 import Row

    from utils.database import Database

ACCEPTED: Final = "accepted"
RUNNING: Final = "running"
SENDING: Final = "sending"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
OPEN_STATES: Final = (ACCEPTED, RUNNING, SENDING)
#: canonical key, quality, part
Key = tuple[str, str, str]
#: a job that was running this many times when the process died is not tried again
POISON_ATTEMPTS: Final = 3
#: ended jobs are forgotten after that
HISTORY_SECONDS: Final = 30 * 86_400
#: ... at a start and once in so many new ones
SWEEP_EVERY: Final = 500
BEGIN_SQL: Final = "UPDATE jobs SET state = 'running', attempt = attempt + 1, updated_at = ? WHERE"
OPEN_SQL: Final = "state IN ('accepted', 'running', 'sending')"


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted order.

    `target` is the front's own address (chat, status message …); `random_id` goes with the first message sent, the
    n-th file of an album uses `random_id + n`; `attempt` counts how often it was begun; times are UTC epochs (seconds).
    `part`: which part of the item (see `platforms.parts`), "" for the whole. `batch`: id of the batch that it is an
    item of, "" for none; `batch_position`: its place there.
    """

    id: str
    front: str
    link: Link
    quality: str
    title: str
    user_id: int | None
    target: dict[str, Any]
    state: str
    attempt: int
    random_id: int
    error_code: str | None
    created_at: float
    updated_at: float
    part: str = ""
    batch: str = ""
    batch_position: int = 0

    @property
    def key(self) -> Key:
        """Jobs with the same key share one download."""
        return self.link.canonical, self.quality, self.part


class JobQueue:
    """The table `jobs`. Bounds: `bound` open jobs in all, `user_bound` per person."""

    def __init__(
        self, database: Database, *, bound: int, user_bound: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._bound = bound
        self._user_bound = user_bound
        self._clock = clock
        self._added = 0

    async def add(
        self,
        front: str,
        link: Link,
        quality: str,
        *,
        title: str,
        user_id: int | None,
        target: dict[str, Any],
        part: str = "",
        batch: str = "",
        batch_position: int = 0,
    ) -> Job:
        """Write an accepted job. Raises Busy at a bound; `mine` tells whether it is the person's own."""
        now = self._clock()
        known = (ulid(self._clock), front, link, quality, title, user_id, target)
        job = Job(*known, ACCEPTED, 0, random_id(), None, now, now, part, batch, batch_position)
        database = self._database
        async with database.transaction():
            if await self._count(f"{OPEN_SQL}") >= self._bound:
                raise Busy("queue bound", mine=False, bound=self._bound)
            if user_id is not None and await self._count(f"{OPEN_SQL} AND user_id = ?", user_id) >= self._user_bound:
                raise Busy("user bound", mine=True, bound=self._user_bound)
            await database.run(
                "INSERT INTO jobs (id, front, link, canonical, quality, title, user_id, target, state, attempt,"
                " random_id, error_code, created_at, updated_at, part, batch, batch_position)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(job.id, front, _json(link), link.canonical, quality, title, user_id, _json(target), ACCEPTED, 0),
                *(job.random_id, None, now, now, part, batch, batch_position),
            )
            self._added += 1
            if self._added % SWEEP_EVERY == 0:
                await self.sweep()
        return job

    async def get(self, job_id: str) -> Job | None:
        """The job or None."""
        row = await self._database.one("SELECT * FROM jobs WHERE id = ?", job_id)
        return _job(row) if row else None

    async def take(self, fronts: Sequence[str], busy: Sequence[Key] = (), *, recordings: bool = True) -> list[Job]:
        """Begin the next job of these fronts and all others with its key; empty where nothing waits.

        Next is the oldest job of the person with the fewest running ones, so that fifty links of one person don't hold
        up the single link of another; visitors of the page, whom nobody can tell apart, count as one person. Keys in
        `busy` are passed over, and recordings where `recordings` says that none may begin.
        """
        rows = await self._database.all(
            "SELECT front, canonical, quality, part FROM jobs AS j WHERE state = 'accepted' ORDER BY"
            " (SELECT COUNT(*) FROM jobs AS r WHERE r.state IN ('running', 'sending')"
            " AND COALESCE(r.user_id, 0) = COALESCE(j.user_id, 0)), id"
        )
        held = set(busy)
        keys = ((row["canonical"], row["quality"], row["part"]) for row in rows if row["front"] in fronts)
        key = next((key for key in keys if key not in held and (recordings or not is_recording(key[2]))), None)
        return await self.take_same(key, fronts) if key else []

    async def take_same(self, key: Key, fronts: Sequence[str]) -> list[Job]:
        """Begin every accepted job with that key, oldest first."""
        marks = ", ".join("?" * len(fronts))
        same = f"state = 'accepted' AND canonical = ? AND quality = ? AND part = ? AND front IN ({marks})"
        rows = await self._database.all(f"{BEGIN_SQL} {same} RETURNING *", self._clock(), *key, *fronts)
        return sorted((_job(row) for row in rows), key=lambda job: job.id)

    async def begin(self, job: Job) -> Job | None:
        """Begin exactly this job; None where somebody else began or ended it."""
        row = await self._database.one(f"{BEGIN_SQL} id = ? AND state = 'accepted' RETURNING *", self._clock(), job.id)
        return _job(row) if row else None

    async def move(self, job: Job, state: str, error_code: str | None = None) -> Job | None:
        """Put an open job into another state; None for a job that has ended already, which stays as it is."""
        row = await self._database.one(
            f"UPDATE jobs SET state = ?, error_code = ?, updated_at = ? WHERE id = ? AND {OPEN_SQL} RETURNING *",  # noqa: S608 - constant
            *(state, error_code, self._clock(), job.id),
        )
        return _job(row) if row else None

    async def recover(self) -> tuple[list[Job], list[Job]]:
        """After a start: what was under way is accepted again; returns (all accepted, given up as poison)."""
        rows = await self._database.all(
            "UPDATE jobs SET state = 'failed', error_code = 'worker_crashed', updated_at = ?"
            " WHERE state IN ('running', 'sending') AND attempt >= ? RETURNING *",
            *(self._clock(), POISON_ATTEMPTS),
        )
        await self._database.run("UPDATE jobs SET state = 'accepted' WHERE state IN ('running', 'sending')")
        await self.sweep()
        waiting = await self._database.all("SELECT * FROM jobs WHERE state = 'accepted' ORDER BY id")
        return [_job(row) for row in waiting], [_job(row) for row in rows]

    async def sweep(self) -> None:
        """Forget jobs that ended long ago."""
        await self._database.run(
            "DELETE FROM jobs WHERE state IN ('done', 'failed', 'cancelled') AND updated_at < ?",
            self._clock() - HISTORY_SECONDS,
        )

    async def release(self) -> None:
        """At a graceful stop: what is under way is accepted again, and the broken-off attempt doesn't count."""
        await self._database.run(
            "UPDATE jobs SET state = 'accepted', attempt = attempt - 1 WHERE state IN ('running', 'sending')"
        )

    async def position(self, job: Job) -> int:
        """How many accepted jobs stand before this one."""
        return await self._count("state = 'accepted' AND id < ?", job.id)

    async def counts(self) -> dict[str, int]:
        """Number of jobs per state."""
        rows = await self._database.all("SELECT state, COUNT(*) AS number FROM jobs GROUP BY state")
        return {row["state"]: row["number"] for row in rows}

    async def _count(self, condition: str, *values: object) -> int:
        row = await self._database.one(f"SELECT COUNT(*) FROM jobs WHERE {condition}", *values)  # noqa: S608 - constant
        assert row is not None
        return int(row[0])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        front=row["front"],
        link=msgspec.json.decode(row["link"], type=Link),
        quality=row["quality"],
        title=row["title"],
        user_id=row["user_id"],
        target=msgspec.json.decode(row["target"]),
        state=row["state"],
        attempt=row["attempt"],
        random_id=row["random_id"],
        error_code=row["error_code"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        part=row["part"],
        batch=row["batch"],
        batch_position=row["batch_position"],
    )
