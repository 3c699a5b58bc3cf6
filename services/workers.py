"""The work behind the downloads: slots, one flight per key, hand-over to everybody who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

import structlog

from core.job_queue import ACCEPTED, DONE, FAILED, SENDING, Job, JobQueue
from platforms.parts import is_recording
from services.figures import Figures
from services.flights import Flight
from services.jobs import JobEvent, Reporter, StoredFile
from services.put_backs import PutBacks
from utils.errors import GoldcrestError, InternalError, MemoryShort, OutOfMemory
from utils.log_context import log_context
from utils.sandbox import job_folder, remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    from core.job_queue import Key
    from core.platform_manager import PlatformManager
    from platforms.shapes import Fetched, Progress
    from services.feeds import Feeds
    from services.stored import StoredFiles

log = structlog.get_logger()
#: hand-overs of stored files at the same time; they cost a message each, no download
SPARE_BOUND: Final = 8
#: rest after a look at the queue that broke (disk full, database locked)
TROUBLE_SECONDS: Final = 1.0


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
        reports: Reporter | None = None,
        put_backs: int = 3,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.figures = Figures()
        self._reports = reports
        self._put_backs = PutBacks(put_backs)
        self._platforms = platforms
        self._queue = queue
        self._stored = stored
        self._feeds = feeds
        self._work = work
        self._parallel = parallel
        self._sleep = sleep
        self._flights: list[Flight] = []
        self._stopped = False
        self._wake = asyncio.Event()
        self._scheduler: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take jobs."""
        self._scheduler = asyncio.create_task(self._schedule(), name="workers")
        self._wake.set()

    async def stop(self) -> None:
        """End all work where it stands; the table still holds every job."""
        self._stopped = True
        for flight in self._flights:
            flight.closed = True
        tasks = [task for task in (self._scheduler, *(flight.task for flight in self._flights)) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def wake(self) -> None:
        """Look for jobs: something may be ready now."""
        self._wake.set()

    async def take_in(self, job: Job) -> None:
        """Let a new job join its key's flight, be served from a stored copy at once, or wait for a slot."""
        kept = self._joinable(job.key) is None and await self._copies(job)
        # the job is in the flight first, so that the flight can't end between the look and the write
        if (flight := self._joinable(job.key)) is not None:
            flight.jobs.setdefault(job.id, job)
            self._feeds.publish([job], flight.event)
        elif kept and not self._stopped and sum(flight.spare for flight in self._flights) < SPARE_BOUND:
            flight = self._launch(Flight(job.key, {job.id: job}, spare=True, phase="uploading"))
        else:
            await self._tell_place(job)
            return
        if (begun := await self._queue.begin(job)) is not None and job.id in flight.jobs:
            flight.jobs[job.id] = begun

    def finish(self, job: Job) -> bool:
        """End a recording and keep what there is; False where nothing of it runs any more, or not yet."""
        flights = [flight for flight in self._flights if job.id in flight.jobs and flight.fetched is None]
        for flight in flights:
            flight.enough.set()
        return bool(flights)

    async def drop(self, job: Job) -> None:
        """Let a job leave its flight; waits until what only it needed has stopped and is cleared away."""
        for flight in [flight for flight in self._flights if job.id in flight.jobs]:
            await flight.drop(job.id)

    async def _schedule(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._fill_slots()
            except Exception:  # the edge of the scheduler: it must live as long as the process
                log.exception("queue broke")
                await self._sleep(TROUBLE_SECONDS)
                self._wake.set()

    async def _fill_slots(self) -> None:
        while sum(not flight.spare for flight in self._flights) < self._parallel:
            # a recording keeps its slot for minutes: where there are two, one is left for everything else
            recording = sum(is_recording(flight.key[2]) for flight in self._flights)
            jobs = await self._queue.take(
                self._feeds.fronts,
                [flight.key for flight in self._flights],
                recordings=recording < max(1, self._parallel - 1),
            )
            if not jobs:
                break
            begun = {job.id: job for job in jobs}
            if (flight := self._joinable(jobs[0].key)) is None:
                self._launch(Flight(jobs[0].key, begun))
            else:  # it took off while the queue was being read
                flight.jobs.update(begun)

    def _joinable(self, key: Key) -> Flight | None:
        return next((flight for flight in self._flights if flight.key == key and not flight.closed), None)

    def _launch(self, flight: Flight) -> Flight:
        self._flights.append(flight)
        self._feeds.publish(flight.jobs.values(), flight.event)
        context = log_context(job=next(iter(flight.jobs)))  # others that join it name it in their own lines
        flight.task = asyncio.create_task(self._fly(flight), name=f"flight {flight.key[0]}", context=context)
        return flight

    async def _fly(self, flight: Flight) -> None:
        """Serve everybody, leave no folder behind, and tell a failure to who is left."""
        failure: GoldcrestError | None = None
        try:
            try:
                await self._serve(flight)
            except GoldcrestError as error:
                failure = error
            except Exception as error:  # the edge of a worker: the job must end, and with a word
                log.exception("job broke", key=flight.key)
                failure = InternalError(repr(error))
            finally:
                flight.closed = True
                if flight.folder is not None:  # first: where the job has filled the disk its end needs room
                    await asyncio.to_thread(remove_folder, flight.folder)
            if isinstance(failure, MemoryShort):
                failure = await self._put_back(flight, failure)
            else:
                self._put_backs.over(flight.key)
            if failure is not None:
                await self._fail(flight, failure)
        except Exception:  # its jobs stay open in the table and are begun again at the next start
            log.exception("job could not be ended", key=flight.key)
        finally:
            self._flights.remove(flight)
            self._wake.set()

    async def _serve(self, flight: Flight) -> None:
        """Fetch unless a stored copy does, hand over to each job in turn."""
        while flight.jobs:
            job = next(iter(flight.jobs.values()))
            copies = await self._copies(job)
            if copies and await self._hand_over(flight, job, self._resend(job, copies)):
                continue
            if flight.spare:
                await self._requeue(flight, job)
                continue
            if flight.fetched is None:
                flight.folder = job_folder(self._work)
                flight.fetched = await self._fetch(flight, job, flight.folder)
                continue  # who waits may have changed meanwhile
            await self._hand_over(flight, job, self._send(job, flight.fetched))
            for late in await self._queue.take_same(flight.key, self._feeds.fronts):
                flight.jobs[late.id] = late

    async def _requeue(self, flight: Flight, job: Job) -> None:
        """The stored copy was dead: the job needs a download and waits for a slot like any other."""
        waiting = await self._queue.move(job, ACCEPTED)
        flight.jobs.pop(job.id, None)
        if waiting is not None:
            await self._tell_place(waiting)

    async def _put_back(self, flight: Flight, error: MemoryShort) -> GoldcrestError | None:
        """Memory ran short: its jobs wait again, and hear why; what they fail with where that happened too often."""
        if not self._put_backs.again(flight.key):
            return OutOfMemory(error.detail)
        for job in list(flight.jobs.values()):
            waiting = await self._queue.move(job, ACCEPTED)
            flight.jobs.pop(job.id, None)
            if waiting is not None:
                log.info("job put back", job=job.id, detail=error.detail)
                await self._tell_place(waiting, error)
        return None

    async def _tell_place(self, job: Job, error: GoldcrestError | None = None) -> None:
        position = await self._queue.position(job)
        if not any(job.id in flight.jobs for flight in self._flights):  # it may have begun meanwhile
            self._feeds.publish([job], JobEvent(job.id, "queued", position=position))
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
        more: dict[str, Any] = {"part": job.part, "enough": flight.enough} if job.part else {}
        return await self._platforms.fetch(job.link, job.quality, folder, on_progress, **more)

    async def _hand_over(self, flight: Flight, job: Job, deliver: Coroutine[Any, Any, bool]) -> bool:
        """Run one hand-over so that cancelling this job stops nothing else; False: it could not be used."""
        task = await flight.deliver(job.id, deliver)
        if task.cancelled() and job.id not in flight.jobs:
            return True
        error = InternalError("hand-over cancelled itself") if task.cancelled() else task.exception()
        if error is None and not task.result():
            return False
        if error is not None and not isinstance(error, GoldcrestError):
            log.error("hand-over broke", job=job.id, exc_info=error)
            cause, error = error, InternalError(repr(error))
            error.__cause__ = cause
        await self.end(job, FAILED if error else DONE, error)
        flight.jobs.pop(job.id, None)
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
        if kept and not is_recording(job.part):  # nobody can ask for that moment again
            await self._stored.keep(kept)
        return True

    async def _fail(self, flight: Flight, error: GoldcrestError) -> None:
        for job in list(flight.jobs.values()):
            await self.end(job, FAILED, error)
            flight.jobs.pop(job.id, None)

    async def end(self, job: Job, state: str, error: GoldcrestError | None = None) -> bool:
        """Write, count and tell the end of a job; False where it had ended before."""
        ended = await self._queue.move(job, state, error.code if error else None)
        if ended is None:
            return False
        if state == FAILED and error is not None and self._reports is not None:
            await self._reports.keep(error, job.link)
        self.figures.count(ended)
        log.info("job ended", job=job.id, state=state, error=ended.error_code, detail=error.detail if error else None)
        self._feeds.open(ended).publish(JobEvent(job.id, state, error=error))
        return True
