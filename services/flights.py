"""One download and everybody who waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.jobs import JobEvent
from utils.log_context import log_context

if TYPE_CHECKING:
    from pathlib import Path

    from core.job_queue import Job, Key
    from platforms.shapes import Fetched, Progress
    from utils.errors import GoldcrestError


@dataclass(slots=True)
class Flight:
    """Jobs with one key; one leaves when its end is written. `delivering` is the hand-over: (job id, its task).

    `spare` flights only send again what is stored: they need no slot, because they download nothing; nor does one that
    `waits` for a front that is away. Nobody joins a `closed` one: it is failing, was cancelled or has served everybody,
    and only clears up. `enough` ends a recording.
    """

    key: Key
    jobs: dict[str, Job]
    spare: bool = False
    waits: bool = False
    closed: bool = False
    phase: str = "probing"
    progress: Progress | None = None
    folder: Path | None = None
    fetched: Fetched | None = None
    task: asyncio.Task[None] | None = None
    delivering: tuple[str, asyncio.Task[bool]] | None = None
    #: jobs that their front did not take for now: since when, and when it is tried again (see `services.away`)
    refused: dict[str, tuple[float, float]] = field(default_factory=dict)
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    #: why it was put back into the queue; told until it really goes on
    put_back: GoldcrestError | None = None

    @property
    def event(self) -> JobEvent:
        """The present state; `of` makes it that of one job."""
        position = self.progress.position if self.progress else None
        why = self.put_back if self.phase == "queued" else None
        return JobEvent("", self.phase, self.progress, position, error=why)

    async def deliver(self, job_id: str, hand_over: Coroutine[Any, Any, bool]) -> asyncio.Task[bool]:
        """Run one hand-over as a task of its own, so that cancelling its job stops nothing else; returns it ended."""
        task = asyncio.get_running_loop().create_task(hand_over, context=log_context(job=job_id))
        self.delivering = (job_id, task)
        try:
            await asyncio.wait({task})
        finally:
            self.delivering = None
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        return task

    def leave(self, job: Job) -> None:
        """That attempt of a job is dealt with; one that was begun anew meanwhile stays."""
        if self.jobs.get(job.id) is job:
            del self.jobs[job.id]

    async def drop(self, job_id: str) -> None:
        """Let one job leave: its hand-over stops, and the download too where nobody else waits for it.

        What only clears up is waited for: it may be writing what becomes of another job.
        """
        self.jobs.pop(job_id, None)
        tasks: list[asyncio.Task[Any]] = []
        if self.delivering is not None and self.delivering[0] == job_id:
            tasks.append(self.delivering[1])
            self.delivering[1].cancel()
        if not self.jobs and self.task is not None:
            tasks.append(self.task)
            if not self.closed:
                self.closed = True
                self.task.cancel()
        if tasks:
            await asyncio.wait(tasks)
