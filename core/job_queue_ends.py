"""How jobs end: counted, kept as a dead letter where they failed, told; and what nobody can read any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from core.job_queue_shapes import ENDED_STATES, FAILED, Job, job_of, readable_job
from utils.errors import InternalError
from utils.logs import get_logger

if TYPE_CHECKING:
    from sqlite3 import Row

    from core.dead_letters import DeadLetters
    from core.job_queue_history import History
    from utils.database import Database

log = get_logger()
#: an end is still news for so long, and of so many jobs
TELL_SECONDS: Final = 86_400.0
TELL_BOUND: Final = 500
OPEN_SQL: Final = "state IN ('accepted', 'running', 'sending')"


class Ends:
    """The part of the table `jobs` that says what became of a job, with the books that are kept beside it."""

    def __init__(
        self, database: Database, *, history: History, letters: DeadLetters, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._clock = clock
        self.history = history
        self.letters = letters

    async def untold(self, front: str) -> list[Job]:
        """What has ended lately without this front having shown it, the oldest first."""
        rows = await self._database.all(
            "SELECT * FROM jobs WHERE state IN ('done', 'failed', 'cancelled') AND updated_at > ? AND told = 0"
            " AND front = ? ORDER BY updated_at LIMIT ?",
            *(self._clock() - TELL_SECONDS, front, TELL_BOUND),
        )
        return [job_of(row) for row in rows]

    async def told(self, job_id: str) -> None:
        """The front has shown the end."""
        await self._database.run("UPDATE jobs SET told = 1 WHERE id = ?", job_id)

    async def end_unreadable(self) -> None:
        """Fail the open jobs whose row is damaged: nobody could work on one, and it must not hold up the others."""
        for row in await self._database.all(f"SELECT * FROM jobs WHERE {OPEN_SQL}"):  # noqa: S608 - constant
            if readable_job(row) is None:
                log.error("job.unreadable", job=row["id"])
                await self._database.run(
                    "UPDATE jobs SET state = 'failed', error_code = ?, updated_at = ?, told = 1 WHERE id = ?",
                    *(InternalError.code, self._clock(), row["id"]),
                )

    async def _ended(self, row: Row | None) -> Job | None:
        """The job of a changed row; one that has ended goes into the books."""
        if row is None:
            return None
        job = job_of(row)
        if job.state in ENDED_STATES:
            await self.history.note(job)
        if job.state == FAILED:
            await self.letters.bury(job)
        return job

    async def _count(self, condition: str, *values: object) -> int:
        row = await self._database.one(f"SELECT COUNT(*) FROM jobs WHERE {condition}", *values)  # noqa: S608 - constant
        assert row is not None
        return int(row[0])
