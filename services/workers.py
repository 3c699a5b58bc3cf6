"""The work behind the downloads: slots, one flight per key, hand-over to everybody who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

import structlog

from core.job_queue import ACCEPTED, DONE, FAILED, SENDING, Job, JobQueue
from services.figures import Figures
from services.flights import Flight
from services.jobs import JobEvent, StoredFile
from utils.errors import GoldcrestError, InternalError
from utils.sandbox import job_folder, remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    from core.platform_manager import PlatformManager
    from platforms.base import Fetched, Progress
    from services.feeds import Feeds
    from services.stored import StoredFiles

log = structlog.get_logger()
#: hand-overs of stored files at the same time; they cost a message each, no download
SPARE_BOUND: Final = 8


class Workers:
    """Takes jobs from the queue into at most `parallel` flights that download; `work` holds their folders."""

    def __init__(
        self,
        platforms: PlatformManager,
        queue: JobQueue,
        stored: StoredFiles,
        feeds: Feeds,
        *,
        work: Path,
        parallel: int,
    ) -> None:
        self.figures = Figures()
        self._platforms = platforms
        self._queue = queue
        self._stored = stored
        self._feeds = feeds
        self._work = work
        self._parallel = parallel
        self._flights: dict[tuple[str, str], Flight] = {}
        self._wake = asyncio.Event()
        self._scheduler: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take jobs."""
        self._scheduler = asyncio.create_task(self._schedule(), name="workers")
        self._wake.set()

    async def stop(self) -> None:
        """End all work where it stands; the table still holds every job."""
        tasks = [flight.task for flight in self._flights.values() if flight.task is not None]
        if self._scheduler is not None:
            tasks.append(self._scheduler)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def wake(self) -> None:
        """Look for jobs: something may be ready now."""
        self._wake.set()

    async def take_in(self, job: Job) -> None:
        """Let a new job join its key's flight, be served from a stored copy at once, or wait for a slot."""
        if (flight := self._flights.get(job.key)) is not None:
            flight.jobs[job.id] = job  # first, so that the flight can't end between the look and the write
            self._feeds.publish([job], flight.event)
            if (begun := await self._queue.begin(job)) is not None and job.id in flight.jobs:
                flight.jobs[job.id] = begun
        elif not await self._again(job):
            await self._tell_place(job)

    async def drop(self, job: Job) -> None:
        """Let a job leave its flight; waits until what only it needed has stopped and is cleared away."""
        for flight in [flight for flight in self._flights.values() if job.id in flight.jobs]:
            await flight.drop(job.id)

    async def _schedule(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while sum(not flight.spare for flight in self._flights.values()) < self._parallel:
                jobs = await self._queue.take(self._feeds.fronts, tuple(self._flights))
                if not jobs:
                    break
                self._launch(Flight(jobs[0].key, {job.id: job for job in jobs}))

    async def _again(self, job: Job) -> bool:
        """Begin to send a stored copy where there is one; the job needs no download and no slot then."""
        spare = sum(flight.spare for flight in self._flights.values())
        if spare >= SPARE_BOUND or job.key in self._flights or not await self._copies(job):
            return False
        if (begun := await self._queue.begin(job)) is None:
            return False
        self._launch(Flight(job.key, {job.id: begun}, spare=True, phase="uploading"))
        return True

    def _launch(self, flight: Flight) -> None:
        self._flights[flight.key] = flight
        self._feeds.publish(flight.jobs.values(), flight.event)
        flight.task = asyncio.create_task(self._fly(flight), name=f"flight {flight.key[0]}")

    async def _fly(self, flight: Flight) -> None:
        """Fetch unless a stored copy does, hand over to each job in turn, leave nothing behind."""
        folder: Path | None = None
        try:
            while flight.jobs:
                job = next(iter(flight.jobs.values()))
                copies = await self._copies(job)
                if copies and await self._hand_over(flight, job, self._resend(job, copies)):
                    continue
                if flight.spare:
                    await self._requeue(flight, job)
                    continue
                if flight.fetched is None:
                    folder = job_folder(self._work)
                    flight.fetched = await self._fetch(flight, job, folder)
                    continue  # who waits may have changed meanwhile
                await self._hand_over(flight, job, self._send(job, flight.fetched))
                for late in await self._queue.take_same(flight.key, self._feeds.fronts):
                    flight.jobs[late.id] = late
        except GoldcrestError as error:
            await self._fail(flight, error)
        except Exception as error:  # the edge of a worker: the job must end, and with a word
            log.exception("job broke", key=flight.key)
            await self._fail(flight, InternalError(repr(error)))
        finally:
            del self._flights[flight.key]
            if folder is not None:
                await asyncio.to_thread(remove_folder, folder)
            self._wake.set()

    async def _requeue(self, flight: Flight, job: Job) -> None:
        """The stored copy was dead: the job needs a download and waits for a slot like any other."""
        flight.jobs.pop(job.id, None)
        if (waiting := await self._queue.move(job, ACCEPTED)) is not None:
            await self._tell_place(waiting)

    async def _tell_place(self, job: Job) -> None:
        self._feeds.open(job).publish(JobEvent(job.id, "queued", position=await self._queue.position(job)))
        self._wake.set()

    async def _copies(self, job: Job) -> tuple[StoredFile, ...]:
        delivery = self._feeds.deliveries.get(job.front)
        return await self._stored.find(*job.key) if delivery is not None and delivery.keeps else ()

    async def _fetch(self, flight: Flight, job: Job, folder: Path) -> Fetched:
        def on_progress(progress: Progress) -> None:
            flight.phase, flight.progress = progress.phase, progress
            self._feeds.publish(flight.jobs.values(), flight.event)

        flight.phase, flight.progress = "probing", None
        self._feeds.publish(flight.jobs.values(), flight.event)
        return await self._platforms.fetch(job.link, job.quality, folder, on_progress)

    async def _hand_over(self, flight: Flight, job: Job, deliver: Coroutine[Any, Any, bool]) -> bool:
        """Run one hand-over so that cancelling this job stops nothing else; False: it could not be used."""
        task = await flight.deliver(job.id, deliver)
        if task.cancelled():
            return True
        error = task.exception()
        if error is None and not task.result():
            return False
        flight.jobs.pop(job.id, None)
        if error is None:
            await self.end(job, DONE)
        elif isinstance(error, GoldcrestError):
            await self.end(job, FAILED, error)
        else:
            log.error("hand-over broke", job=job.id, exc_info=error)
            await self.end(job, FAILED, InternalError(repr(error)))
        return True

    async def _resend(self, job: Job, copies: tuple[StoredFile, ...]) -> bool:
        """Hand over Telegram's copy; False where it is dead, and forgotten then."""
        if (sending := await self._queue.move(job, SENDING)) is None:
            return True
        if await self._feeds.deliveries[job.front].resend(sending, copies):
            return True
        await self._stored.forget(*job.key)
        return False

    async def _send(self, job: Job, fetched: Fetched) -> bool:
        feed = self._feeds.open(job)

        def on_progress(progress: Progress) -> None:
            feed.publish(JobEvent(job.id, "uploading", progress, files=fetched.files))

        if (sending := await self._queue.move(job, SENDING)) is None:
            return True
        feed.publish(JobEvent(job.id, "uploading", files=fetched.files))
        kept = await self._feeds.deliveries[job.front].send(sending, fetched, on_progress)
        if kept:
            await self._stored.keep(kept)
        return True

    async def _fail(self, flight: Flight, error: GoldcrestError) -> None:
        for job in list(flight.jobs.values()):
            flight.jobs.pop(job.id, None)
            await self.end(job, FAILED, error)

    async def end(self, job: Job, state: str, error: GoldcrestError | None = None) -> bool:
        """Write, count and tell the end of a job; False where it had ended before."""
        ended = await self._queue.move(job, state, error.code if error else None)
        if ended is None:
            return False
        self.figures.count(ended)
        log.info("job ended", job=job.id, state=state, error=ended.error_code, detail=error.detail if error else None)
        self._feeds.open(ended).publish(JobEvent(job.id, state, error=error))
        return True
