"""The work behind the downloads: slots, one flight per key, hand-over to everybody who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

import structlog

from core.job_queue_estimates import Estimates
from platforms.parts import is_recording
from services.away import Away
from services.endings import Endings
from services.faults import failure_of
from services.flights import Flight
from services.hand_over import HandOver
from services.jobs import JobEvent
from services.leaseholder import TROUBLE_SECONDS, Leaseholder
from services.loops import Loops
from services.places import Places
from services.put_backs import PutBacks
from utils.errors import (
    Cancelled,
    GoldcrestError,
    InternalError,
    StorageTrouble,
    TelegramAway,
)
from utils.log_context import log_context
from utils.sandbox import job_folder, remove_folder

if TYPE_CHECKING:
    from pathlib import Path

    from core.job_queue import Job, JobQueue, Key
    from core.platform_manager import PlatformManager
    from platforms.shapes import Fetched, Progress
    from services.feeds import Feeds
    from services.jobs import Reporter
    from services.stored import StoredFiles

log = structlog.get_logger()
#: hand-overs of stored files at the same time; they cost a message each, no download
SPARE_BOUND: Final = 8
#: done jobs that the estimates begin with
LEARNED: Final = 200


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
        away: Away | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._away = away or Away()
        self._platforms = platforms
        self._queue = queue
        self._feeds = feeds
        self._work = work
        self._parallel = parallel
        self._sleep = sleep
        self._flights: list[Flight] = []
        self._stopped = False
        self._wake = asyncio.Event()
        self._leaseholder = Leaseholder(queue, feeds, lambda: self._flights, self.wake, sleep=sleep)
        self._hands = HandOver(queue, stored, feeds, self._leaseholder)
        self._estimates = Estimates()
        self._endings = Endings(queue, feeds, self._leaseholder, self._estimates, reports)
        self.figures = self._endings.figures
        self._places = Places(
            *(queue, feeds, self._estimates, lambda: self._flights, self._fronts), parallel=parallel, sleep=sleep
        )
        self._put_backs = PutBacks(queue, self._leaseholder, self._places, self.wake, memory=put_backs)
        self.loops = Loops({"workers": self._schedule, "leases": self._leaseholder.run, "places": self._places.run})

    def start(self) -> None:
        """Begin to take jobs."""
        self.loops.revive()
        self.wake()

    async def stop(self) -> None:
        """End all work where it stands; the table still holds every job."""
        self._stopped = True
        for flight in self._flights:
            flight.closed = True
        tasks = [*self.loops.tasks, *(flight.task for flight in self._flights if flight.task is not None)]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def wake(self) -> None:
        """Look for jobs: something may be ready now."""
        self._wake.set()
        self._places.moved()

    async def take_in(self, job: Job) -> None:
        """Let a new job join its key's flight, be served from a stored copy at once, or wait for a slot."""
        why = self._away.why(job.front)
        kept = why is None and self._joinable(job.key) is None and await self._hands.copies(job)
        flight = self._joinable(job.key)
        if flight is None and not (kept and self._spare_room()):
            if why is not None:
                self._places.tell_why(job, why)
            else:
                await self._places.tell(job)
            self.wake()
            return
        if (begun := await self._queue.begin(job, light=flight is None or flight.spare)) is None:
            self.wake()  # it was begun or cancelled meanwhile, or is to run alone
        elif (flight := self._joinable(job.key)) is not None:
            flight.jobs[job.id] = begun
            self._feeds.publish([job], flight.event)
        elif kept and self._spare_room():
            self._launch(Flight(job.key, {job.id: begun}, spare=True, phase="uploading"))
        else:  # the flight that it was to join has landed meanwhile
            await self._put_backs.one(begun)

    def _spare_room(self) -> bool:
        return not self._stopped and sum(flight.spare for flight in self._flights) < SPARE_BOUND

    def finish(self, job: Job) -> bool:
        """End a recording and keep what there is; False where nothing of it runs any more, or not yet."""
        flights = [flight for flight in self._flights if job.id in flight.jobs and flight.fetched is None]
        for flight in flights:
            flight.enough.set()
        return bool(flights)

    async def cancel(self, job: Job) -> bool:
        """End a job; waits until what only it needed has stopped and is cleared away. False where it had ended."""
        ended = await self._queue.cancel(job.id)
        if ended is None:  # its flight is just leaving, with a last word of its own
            return False
        self._endings.tell(ended, Cancelled())
        self._places.moved()
        for flight in [flight for flight in self._flights if job.id in flight.jobs]:
            await flight.drop(job.id)
        if self._joinable(job.key) is None:
            self._put_backs.forget(job.key)
        return True

    async def learn(self) -> None:
        """Begin with what the jobs done last took."""
        self._estimates.learn(await self._queue.history.newest_done(LEARNED))

    async def _schedule(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._fill_slots()
            except StorageTrouble as error:
                log.warning("queue.waits", detail=error.detail)
                await self._sleep(TROUBLE_SECONDS)
                self._wake.set()
            except Exception:  # the edge of the scheduler: it must live as long as the process
                log.exception("queue broke")
                await self._sleep(TROUBLE_SECONDS)
                self._wake.set()

    async def _fill_slots(self) -> None:
        while self._slots_taken() < self._parallel:
            # a recording keeps its slot for minutes: where there are two, one is left for everything else
            recording = sum(is_recording(flight.key[2]) for flight in self._flights)
            jobs = await self._queue.take(
                self._fronts(),
                [*(flight.key for flight in self._flights), *self._put_backs.resting()],
                recordings=recording < max(1, self._parallel - 1),
            )
            if not jobs:
                break
            self._places.moved()
            begun = {job.id: job for job in jobs}
            for job in jobs:  # one that another process has written has none yet
                self._feeds.open(job)
            if (flight := self._joinable(jobs[0].key)) is None:
                self._launch(Flight(jobs[0].key, begun))
            else:  # it took off while the queue was being read
                flight.jobs.update(begun)

    def _fronts(self) -> tuple[str, ...]:
        return self._away.here(self._feeds.fronts)

    def _slots_taken(self) -> int:
        """What only waits for its front takes none, as long as there are not too many of those."""
        heavy = [flight for flight in self._flights if not flight.spare]
        return len(heavy) - min(self._parallel, sum(flight.waits for flight in heavy))

    def _joinable(self, key: Key) -> Flight | None:
        return next((flight for flight in self._flights if flight.key == key and not flight.closed), None)

    def _launch(self, flight: Flight) -> Flight:
        self._flights.append(flight)
        flight.put_back = self._put_backs.why(flight.key)
        self._feeds.publish(flight.jobs.values(), flight.event)
        context = log_context(job=next(iter(flight.jobs)))  # others that join it name it in their own lines
        flight.task = asyncio.create_task(self._fly(flight), name=f"flight {flight.key[0]}", context=context)
        return flight

    async def _fly(self, flight: Flight) -> None:
        """Serve everybody, leave no folder behind, and tell a failure to who is left."""
        failure: GoldcrestError | None = None
        try:
            try:
                await self._leaseholder.written(lambda: self._serve(flight))
            except GoldcrestError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - the edge of a worker: the job must end, and with a word
                failure = failure_of(error, key=flight.key)
            finally:
                flight.closed = True
                if flight.folder is not None:  # first: where the job has filled the disk its end needs room
                    await asyncio.to_thread(remove_folder, flight.folder)
            if (failure := await self._put_backs.put_back(flight, failure)) is not None:
                await self._fail(flight, failure)
        except Exception:  # its jobs stay open in the table and are begun again when their leases have ended
            log.exception("job could not be ended", key=flight.key)
        finally:
            self._flights.remove(flight)
            self.wake()

    async def _serve(self, flight: Flight) -> None:
        """Fetch unless a stored copy does, hand over to each job in turn."""
        while flight.jobs:
            job = self._away.first(flight)
            if seconds := self._away.early_seconds(flight, job):
                flight.waits = True
                self.wake()  # its slot is another front's
                await self._away.rest(seconds)
                continue
            copies = await self._hands.copies(job)
            if copies and await self._hand_over(flight, job, self._hands.resend(job, copies)):
                continue
            if flight.spare:
                # the stored copy was dead: it needs a download, for which it waits
                await self._put_backs.one(job, flight)
                continue
            if flight.fetched is None:
                flight.folder = job_folder(self._work)
                flight.fetched = await self._fetch(flight, job, flight.folder)
                continue  # who waits may have changed meanwhile
            await self._hand_over(flight, job, self._hands.send(job, flight.fetched))
            for late in await self._queue.take_same(flight.key, self._feeds.fronts):
                flight.jobs[late.id] = late

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
        if isinstance(error, TelegramAway):
            if self._away.refused(flight, job, error):
                waiting = [each for each in flight.jobs.values() if each.front == job.front]
                self._feeds.publish(waiting, JobEvent("", "uploading", error=error))
                return True
        elif self._away.answered(flight, job):
            self.wake()
        if error is None and not task.result():
            return False
        if isinstance(error, StorageTrouble):
            raise error  # the whole of it again: the random id makes that harmless
        if error is not None and not isinstance(error, GoldcrestError):
            error = failure_of(error, job=job.id)
        await self._end(flight, job, error)
        return True

    async def _fail(self, flight: Flight, error: GoldcrestError) -> None:
        for job in list(flight.jobs.values()):
            await self._end(flight, job, error)

    async def _end(self, flight: Flight, job: Job, error: GoldcrestError | None) -> None:
        size_bytes = sum(file.size_bytes for file in flight.fetched.files) if flight.fetched else 0
        await self._endings.end(job, error, size_bytes)
        flight.leave(job)
        self._places.moved()
