"""Keeps the leases of what is worked on, finds what others lost, and waits out a database that can't be written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from core.job_queue import FAILED
from services.jobs import JobEvent
from utils.errors import StorageTrouble, WorkerCrashed

if TYPE_CHECKING:
    from core.job_queue import Job, JobQueue
    from services.feeds import Feeds
    from services.flights import Flight

log = structlog.get_logger()
T = TypeVar("T")
#: three of them may be lost before a lease is
BEAT_SECONDS: Final = 8.0
#: rest before a write is tried again
TROUBLE_SECONDS: Final = 1.0


class Leaseholder:
    """`flights`: what is under way; `wake`: called when something may be ready to begin."""

    def __init__(
        self,
        queue: JobQueue,
        feeds: Feeds,
        flights: Callable[[], Sequence[Flight]],
        wake: Callable[[], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._queue = queue
        self._feeds = feeds
        self._flights = flights
        self._wake = wake
        self._sleep = sleep

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self._sleep(BEAT_SECONDS)
            try:
                await self.beat()
            except StorageTrouble as error:
                log.warning("queue.no_beat", detail=error.detail)
            except Exception:  # the edge of this task: without it every lease would end
                log.exception("beat broke")
            self._wake()  # another process may have written a job: a replay, a command of the terminal

    async def beat(self) -> None:
        """Renew, stop what was lost to somebody else or cancelled elsewhere, take over what others left."""
        held = [job for flight in self._flights() for job in flight.jobs.values()]
        for job in await self._queue.heartbeat(held) if held else ():
            log.warning("job lost", job=job.id, attempt=job.attempt)
            await self._drop(job)
        free, poison = await self._queue.reclaim()
        for job in free:
            self._feeds.open(job)
        tell_poison(self._feeds, poison)

    async def written(self, write: Callable[[], Awaitable[T]]) -> T:
        """The result of a write that must not be lost: tried again as long as the database is in trouble."""
        while True:
            try:
                return await write()
            except StorageTrouble as error:
                log.warning("queue.write_waits", detail=error.detail)
                await self._sleep(TROUBLE_SECONDS)

    async def _drop(self, job: Job) -> None:
        for flight in list(self._flights()):
            known = flight.jobs.get(job.id)
            if known is not None and known.attempt == job.attempt:
                await flight.drop(job.id)


def tell_poison(feeds: Feeds, poison: Sequence[Job]) -> None:
    """The last word for jobs that killed their process too often."""
    for job in poison:
        feeds.open(job).publish(JobEvent(job.id, FAILED, error=WorkerCrashed("poison")))
