"""Accepted work, kept in SQLite: what was told to a user as accepted survives any kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.job_queue_ends import OPEN_SQL
from core.job_queue_leases import MINE_SQL, UNDER_WAY_SQL, Leases
from core.job_queue_order import REST_BOUND_SECONDS, VISITORS, Waiting, in_order, waiting_of
from core.job_queue_shapes import (
    ACCEPTED,
    CANCELLED,
    DONE,
    FAILED,
    OPEN_STATES,
    RUNNING,
    SENDING,
    Job,
    Key,
    job_of,
    packed,
    readable_job,
)
from platforms.parts import is_recording
from utils.errors import Busy
from utils.ids import random_id, ulid

if TYPE_CHECKING:
    from core.dead_letters import DeadLetters
    from core.job_queue_history import History
    from platforms.shapes import Link
    from utils.database import Database

__all__ = ["ACCEPTED", "CANCELLED", "DONE", "FAILED", "OPEN_STATES", "RUNNING", "SENDING", "Job", "JobQueue", "Key"]

#: history is swept at a start and once in so many new jobs
SWEEP_EVERY: Final = 500
#: what a fresh job takes over from a dead letter
REPLAYED: Final = (
    *("front", "link", "quality", "part", "title", "user_id", "target", "random_id"),
    *("batch", "batch_position", "size_bytes"),
)
BEGIN_SQL: Final = (
    "UPDATE jobs SET state = 'running', attempt = attempt + 1, updated_at = ?, began_at = ?, holder = ?,"
    " lease_until = ?, light = ?, sending_at = NULL WHERE state = 'accepted' AND"
)
ORDER_COLUMNS: Final = "id, user_id, canonical, quality, part, batch, created_at, crashes, suspicions, size_bytes"


class JobQueue(Leases):
    """The table `jobs`. Bounds: `bound` open jobs in all, `user_bound` per person; visitors of the page are one.

    `owner_id`: whose links go first, 0 for nobody's; `instance`, `exclusive`: as of `Leases`.
    """

    def __init__(
        self,
        database: Database,
        *,
        bound: int,
        user_bound: int,
        owner_id: int = 0,
        instance: str = "",
        exclusive: bool = True,
        history: History | None = None,
        letters: DeadLetters | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            database, instance=instance, exclusive=exclusive, history=history, letters=letters, clock=clock
        )
        self._bound = bound
        self._user_bound = user_bound
        self._owner_id = owner_id
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
        size_bytes: int | None = None,
        fronts: Iterable[str] = (),
    ) -> Job:
        """Write an accepted job. Raises Busy at a bound; `mine` tells whether it is the person's own.

        `fronts`: those that can be reached; jobs of others wait for them and count for no bound. Empty: all are.
        """
        among = sorted({front, *fronts}) if fronts else []
        now = self._clock()
        known = (ulid(self._clock), front, link, quality, title, user_id, target)
        job = Job(
            *(*known, ACCEPTED, 0, random_id(), None, now, now, part, batch, batch_position), size_bytes=size_bytes
        )
        async with self._database.transaction():
            if await self._open(among) >= self._bound:
                raise Busy("queue bound", mine=False, bound=self._bound)
            if await self._open(among, user_id or VISITORS) >= self._user_bound:
                raise Busy("user bound", mine=True, bound=self._user_bound)
            await self._insert(job)
            self._added += 1
            if self._added % SWEEP_EVERY == 0:
                await self.sweep()
        return job

    def now(self) -> float:
        """What the queue's clock says (UTC epoch)."""
        return self._clock()

    async def get(self, job_id: str) -> Job | None:
        """The job; None where there is none, or nobody can read it."""
        row = await self._database.one("SELECT * FROM jobs WHERE id = ?", job_id)
        return readable_job(row) if row else None

    async def under_way(self, front: str, target: Mapping[str, object]) -> bool:
        """Whether an open job of that front has a target that begins with these fields."""
        beginning = f"{packed(target)[:-1]},%"
        return await self._count(f"{OPEN_SQL} AND front = ? AND target LIKE ?", front, beginning) > 0

    async def waiting(self, fronts: Sequence[str]) -> list[Waiting]:
        """The accepted jobs of these fronts in the order in which they will be begun (see `in_order`).

        Those that rest are not among them.
        """
        now = self._clock()
        ready = "state = 'accepted' AND (not_before <= ? OR not_before > ?)"
        rows = await self._database.all(
            f"SELECT {ORDER_COLUMNS} FROM jobs WHERE {ready} AND front IN ({', '.join('?' * len(fronts))})",  # noqa: S608 - marks
            *(now, now + REST_BOUND_SECONDS, *fronts),
        )
        if not rows:
            return []
        running = await self._database.all(
            f"SELECT COALESCE(user_id, {VISITORS}) AS person, COUNT(*) AS number FROM jobs WHERE {UNDER_WAY_SQL}"  # noqa: S608 - constant
            " GROUP BY person"
        )
        turns = await self._database.all("SELECT person, turn FROM queue_turns")
        return in_order(
            [waiting_of(row) for row in rows],
            {row["person"]: row["number"] for row in running},
            {row["person"]: row["turn"] for row in turns},
            now=now,
            owner_id=self._owner_id,
        )

    async def take(self, fronts: Sequence[str], busy: Sequence[Key] = (), *, recordings: bool = True) -> list[Job]:
        """Begin the next job of these fronts and all others with its key; empty where nothing may begin.

        Keys in `busy` are passed over, and recordings where `recordings` says that none may begin. Nothing begins
        beside a job that is suspected of having killed a process, as long as that one is being watched.
        """
        if not fronts or not await self._count("state = 'accepted'"):
            return []
        async with self._database.transaction():
            if await self._watching():
                return []
            held = set(busy)
            line = await self.waiting(fronts)
            for job in line:
                if job.key not in held and (recordings or not is_recording(job.key[2])):
                    await self._serve(job.person)
                    return await self.take_same(job.key, fronts)
            return []

    async def take_same(self, key: Key, fronts: Sequence[str]) -> list[Job]:
        """Begin every accepted job with that key, oldest first; also those that rest, for somebody else tries now."""
        marks = ", ".join("?" * len(fronts))
        same = f"canonical = ? AND quality = ? AND part = ? AND front IN ({marks})"
        rows = await self._database.all(f"{BEGIN_SQL} {same} RETURNING *", *self._lease(), *key, *fronts)
        return sorted((job_of(row) for row in rows), key=lambda job: job.id)

    async def begin(self, job: Job, *, light: bool = False) -> Job | None:
        """Begin exactly this job; None where somebody else began or ended it, or where it is to run alone.

        `light`: nothing of it can kill a process, because it only sends again what Telegram keeps.
        """
        row = await self._database.one(
            f"{BEGIN_SQL} id = ? AND suspicions = 0 RETURNING *", *self._lease(light=light), job.id
        )
        return job_of(row) if row else None

    async def move(
        self, job: Job, state: str, error_code: str | None = None, *, size_bytes: int | None = None
    ) -> Job | None:
        """Put a job that we work on into SENDING, DONE or FAILED; a failed one is kept as a dead letter too.

        None where it isn't ours any more: it has ended, or its lease was lost and somebody else has begun it.
        """
        now = self._clock()
        async with self._database.transaction():
            row = await self._database.one(
                "UPDATE jobs SET state = ?, error_code = ?, updated_at = ?, size_bytes = COALESCE(?, size_bytes),"  # noqa: S608 - constant
                f" sending_at = CASE WHEN ? THEN ? ELSE sending_at END WHERE {MINE_SQL} RETURNING *",
                *(state, error_code, now, size_bytes, state == SENDING, now, job.id, job.attempt, self._instance),
            )
            return await self._ended(row)

    async def cancel(self, job_id: str) -> Job | None:
        """End an open job whoever works on it; None where it has ended already."""
        async with self._database.transaction():
            row = await self._database.one(
                "UPDATE jobs SET state = 'cancelled', error_code = 'cancelled', updated_at = ?"  # noqa: S608 - constant
                f" WHERE id = ? AND {OPEN_SQL} RETURNING *",
                *(self._clock(), job_id),
            )
            return await self._ended(row)

    async def recover(self) -> tuple[list[Job], list[Job]]:
        """After a start: what was under way is accepted again; returns (all accepted, given up as poison)."""
        await self.end_unreadable()
        _, poison = await self.reclaim()
        await self.sweep()
        waiting = await self._database.all("SELECT * FROM jobs WHERE state = 'accepted' ORDER BY id")
        return [job_of(row) for row in waiting], poison

    async def sweep(self) -> None:
        """Forget what ended long ago, and whose turn it was of people who wait for nothing."""
        await self.history.sweep()
        await self.letters.sweep()
        await self._database.run(
            "DELETE FROM queue_turns WHERE person NOT IN"  # noqa: S608 - constant
            f" (SELECT COALESCE(user_id, {VISITORS}) FROM jobs WHERE {OPEN_SQL})"
        )

    async def replay(self, letter_id: str) -> Job | None:
        """A fresh job for a dead letter, which is gone then; None where there is none of that id.

        It keeps the random id, so that what an earlier try did get through doesn't come a second time.
        """
        async with self._database.transaction():
            letter = await self.letters.take(letter_id)
            if letter is None:
                return None
            now = self._clock()
            job = Job(
                id=ulid(self._clock),
                state=ACCEPTED,
                attempt=0,
                error_code=None,
                created_at=now,
                updated_at=now,
                **{name: getattr(letter, name) for name in REPLAYED},
            )
            # an item of a batch is one job at a time
            await self._database.run("UPDATE jobs SET batch = '' WHERE id = ?", letter.id)
            await self._insert(job)
        return job

    async def replay_all(self, error_code: str) -> list[Job]:
        """The same for the oldest dead letters that failed for that reason, at most REPLAY_BOUND of them."""
        jobs = [await self.replay(letter_id) for letter_id in await self.letters.oldest(error_code)]
        return [job for job in jobs if job is not None]

    async def counts(self) -> dict[str, int]:
        """Number of jobs per state."""
        rows = await self._database.all("SELECT state, COUNT(*) AS number FROM jobs GROUP BY state")
        return {row["state"]: row["number"] for row in rows}

    async def _serve(self, person: int) -> None:
        await self._database.run(
            "INSERT INTO queue_turns (person, turn) SELECT ?, COALESCE(MAX(turn), 0) + 1 FROM queue_turns WHERE TRUE"
            " ON CONFLICT (person) DO UPDATE SET turn = excluded.turn",
            person,
        )

    async def _insert(self, job: Job) -> None:
        await self._database.run(
            "INSERT INTO jobs (id, front, link, canonical, quality, title, user_id, target, state, attempt,"
            " random_id, error_code, created_at, updated_at, part, batch, batch_position, size_bytes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(job.id, job.front, packed(job.link), job.link.canonical, job.quality, job.title, job.user_id),
            *(packed(job.target), job.state, job.attempt, job.random_id, job.error_code, job.created_at),
            *(job.updated_at, job.part, job.batch, job.batch_position, job.size_bytes),
        )

    async def _open(self, fronts: Sequence[str], person: int | None = None) -> int:
        marks = f" AND front IN ({', '.join('?' * len(fronts))})" if fronts else ""
        mine = f" AND COALESCE(user_id, {VISITORS}) = ?" if person is not None else ""
        return await self._count(f"{OPEN_SQL}{marks}{mine}", *fronts, *((person,) if mine else ()))
