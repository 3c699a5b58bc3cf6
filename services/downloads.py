"""The way of a link: probe, choose, accept, fetch once, hand over to everybody who asked, remember the copy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from core.job_queue import CANCELLED, DONE, FAILED, OPEN_STATES, SENDING, Job, JobQueue
from platforms.base import QUALITY_KEYS, Fetched, Link, Media, Progress
from services.feeds import Feeds
from services.figures import Figures
from services.flights import Flight
from services.jobs import Delivery, JobEvent, Offer, Order, StoredFile
from utils.errors import (
    Cancelled,
    GoldcrestError,
    InternalError,
    NotAllowed,
    NotFound,
    UnknownQuality,
    WorkerCrashed,
    error_by_code,
)
from utils.sandbox import job_folder, remove_folder, sweep

if TYPE_CHECKING:
    from pathlib import Path

    from core.platform_manager import PlatformManager
    from platforms.registry import Detected
    from services.stored import Offers, StoredFiles

log = structlog.get_logger()
#: hand-overs of stored files at the same time; they cost a message each, no download
SPARE_BOUND: Final = 8


class Downloads:
    """A part: `start` takes up what the last process left, `stop` ends the work and keeps it accepted.

    `parallel`: downloads at the same time; `work`: folder for working files, swept at the start.
    """

    def __init__(
        self,
        platforms: PlatformManager,
        queue: JobQueue,
        stored: StoredFiles,
        offers: Offers,
        *,
        work: Path,
        parallel: int,
        links_per_message: int = 20,
    ) -> None:
        self.figures = Figures()
        self._platforms = platforms
        self._queue = queue
        self._stored = stored
        self._offers = offers
        self._work = work
        self._parallel = parallel
        self._links_per_message = links_per_message
        self._feeds = Feeds()
        self._flights: dict[tuple[str, str], Flight] = {}
        self._wake = asyncio.Event()
        self._scheduler: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up the accepted jobs of the last process and begin to work."""
        await asyncio.to_thread(sweep, self._work)
        await self._offers.sweep()
        waiting, poison = await self._queue.recover()
        for job in waiting:
            self._feeds.open(job)
        for job in poison:
            self._feeds.open(job).publish(JobEvent(job.id, FAILED, error=WorkerCrashed("poison")))
        self._scheduler = asyncio.create_task(self._schedule(), name="downloads")
        self._wake.set()

    async def stop(self) -> None:
        """End all work; the jobs stay accepted and go on at the next start."""
        tasks = [flight.task for flight in self._flights.values() if flight.task is not None]
        if self._scheduler is not None:
            tasks.append(self._scheduler)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._feeds.stop()
        await self._queue.release()

    def deliver_to(self, front: str, delivery: Delivery) -> None:
        """Register the way back to a front; its jobs wait until then."""
        self._feeds.register(front, delivery)
        self._wake.set()

    def detect(self, text: str) -> Detected:
        """Every link in a text, claimed or refused."""
        return self._platforms.detect(text, self._links_per_message)

    async def probe(self, link: Link) -> Media:
        """Title, kind and real qualities of what stands behind a link. Raises a GoldcrestError."""
        return await self._platforms.probe(link)

    async def offer(self, media: Media, link: Link, user_id: int | None) -> str:
        """Keep a menu; the token of its buttons (12 characters)."""
        return await self._offers.make(media, link, user_id)

    async def offered(self, token: str) -> Offer:
        """What a button offers. Raises Expired."""
        return await self._offers.get(token)

    async def stored(self, canonical: str, quality: str) -> tuple[StoredFile, ...]:
        """Telegram's copies; () where nothing is stored."""
        return await self._stored.find(canonical, quality)

    async def stored_qualities(self, canonical: str) -> frozenset[str]:
        """Which qualities of an item come at once."""
        return await self._stored.qualities(canonical)

    async def submit(self, order: Order) -> Job:
        """Accept a job: it is written first and told afterwards. Raises UnknownQuality or Busy."""
        if order.quality not in QUALITY_KEYS:
            raise UnknownQuality(order.quality, quality=order.quality)
        link = await self._platforms.resolve(order.link)
        job = await self._queue.add(
            order.front, link, order.quality, title=order.title, user_id=order.user_id, target=order.target
        )
        log.info("job accepted", job=job.id, front=job.front, platform=link.platform, quality=job.quality)
        feed = self._feeds.open(job)
        if (flight := self._flights.get(job.key)) is not None:
            flight.jobs[job.id] = job  # first, so that the flight can't end between the look and the write
            feed.publish(flight.event.of(job.id))
            if (begun := await self._queue.begin(job)) is not None and job.id in flight.jobs:
                flight.jobs[job.id] = begun
        elif not await self._again(job):
            feed.publish(JobEvent(job.id, "queued", position=await self._queue.position(job)))
            self._wake.set()
        return job

    async def job(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        job = await self._queue.get(job_id)
        if job is None:
            raise NotFound(f"job {job_id}")
        return job

    async def watch(self, job_id: str) -> AsyncIterator[JobEvent]:
        """Events from the present state on; ends after the final one. Raises NotFound."""
        feed = self._feeds.get(job_id)
        if feed is None:
            job = await self.job(job_id)
            if job.state in OPEN_STATES:
                feed = self._feeds.open(job)
            else:
                error = error_by_code(job.error_code)() if job.error_code else None
                yield JobEvent(job.id, job.state, error=error)
                return
        async for event in feed.follow():
            yield event

    async def cancel(self, job_id: str, user_id: int | None = None) -> bool:
        """Stop a job in any phase; False where it has ended already. `user_id` None: the operator.

        Raises NotFound, and NotAllowed for somebody else's job.
        """
        job = await self.job(job_id)
        if user_id is not None and job.user_id != user_id:
            raise NotAllowed("somebody else's job")
        if job.state not in OPEN_STATES:
            return False
        flights = [flight for flight in self._flights.values() if job_id in flight.jobs]
        await self._end(job, CANCELLED, Cancelled())
        for flight in flights:
            await flight.drop(job_id)
        return True

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
                if flight.fetched is None:
                    flight.spare = False
                    folder = job_folder(self._work)
                    flight.fetched = await self._fetch(flight, job, folder)
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
            await self._end(job, DONE)
        elif isinstance(error, GoldcrestError):
            await self._end(job, FAILED, error)
        else:
            log.error("hand-over broke", job=job.id, exc_info=error)
            await self._end(job, FAILED, InternalError(repr(error)))
        return True

    async def _resend(self, job: Job, copies: tuple[StoredFile, ...]) -> bool:
        """Hand over Telegram's copy; False where it is dead, and forgotten then."""
        job = await self._queue.move(job, SENDING)
        if await self._feeds.deliveries[job.front].resend(job, copies):
            return True
        await self._stored.forget(*job.key)
        return False

    async def _send(self, job: Job, fetched: Fetched) -> bool:
        feed = self._feeds.open(job)

        def on_progress(progress: Progress) -> None:
            feed.publish(JobEvent(job.id, "uploading", progress, files=fetched.files))

        feed.publish(JobEvent(job.id, "uploading", files=fetched.files))
        job = await self._queue.move(job, SENDING)
        kept = await self._feeds.deliveries[job.front].send(job, fetched, on_progress)
        if kept:
            await self._stored.keep(kept)
        return True

    async def _fail(self, flight: Flight, error: GoldcrestError) -> None:
        for job in list(flight.jobs.values()):
            flight.jobs.pop(job.id, None)
            await self._end(job, FAILED, error)

    async def _end(self, job: Job, state: str, error: GoldcrestError | None = None) -> None:
        job = await self._queue.move(job, state, error.code if error else None)
        self.figures.count(job)
        log.info("job ended", job=job.id, state=state, error=job.error_code, detail=error.detail if error else None)
        self._feeds.open(job).publish(JobEvent(job.id, state, error=error))
