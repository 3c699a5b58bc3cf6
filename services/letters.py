"""What failed for good: shown, tried again one by one or all of one reason, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from utils.errors import NotFound, ShuttingDown

if TYPE_CHECKING:
    from core.dead_letters import DeadLetter
    from core.job_queue import Job, JobQueue

log = structlog.get_logger()


class Letters:
    """The part of Downloads that deals with them. `begin`: told of each fresh job."""

    def __init__(self, queue: JobQueue, begin: Callable[[Job], None]) -> None:
        self._queue = queue
        self._begin = begin
        self._stopping = False

    async def dead_letters(self, most: int, first: int = 0) -> tuple[list[DeadLetter], int]:
        """The newest jobs that failed for good, at most `most` behind the first `first`; and how many there are."""
        return await self._queue.letters.newest(most, first), await self._queue.letters.count()

    async def reasons(self) -> dict[str, int]:
        """By error code how many failed for it, the most frequent first."""
        return await self._queue.letters.reasons()

    async def replay(self, letter_id: str) -> Job:
        """A fresh job for the same target out of a dead letter, which is gone then. Raises NotFound or ShuttingDown."""
        if self._stopping:
            raise ShuttingDown
        job = await self._queue.replay(letter_id)
        if job is None:
            raise NotFound(f"dead letter {letter_id}")
        log.info("job replayed", job=job.id, letter=letter_id)
        self._begin(job)
        return job

    async def replay_all(self, error_code: str) -> tuple[list[Job], int]:
        """The same for the oldest that failed for that reason, so many at once (`core.dead_letters.REPLAY_BOUND`).

        Also how many of them are left. Raises ShuttingDown.
        """
        if self._stopping:
            raise ShuttingDown
        jobs = await self._queue.replay_all(error_code)
        log.info("jobs replayed", jobs=len(jobs), error=error_code)
        for job in jobs:
            self._begin(job)
        return jobs, await self._queue.letters.count(error_code)

    async def discard(self, letter_id: str) -> None:
        """Forget a dead letter. Raises NotFound."""
        if await self._queue.letters.take(letter_id) is None:
            raise NotFound(f"dead letter {letter_id}")
