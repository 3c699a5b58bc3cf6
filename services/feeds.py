"""Who is told what: one feed per job, and a reporter that carries it to the front that asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

import structlog

from services.jobs import Feed, JobEvent, ended_event
from utils.errors import GoldcrestError, TelegramAway
from utils.log_context import log_context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.job_queue import Job, JobQueue
    from services.jobs import Delivery
    from services.monitor import Monitor

log = structlog.get_logger()
#: an end is shown again where the front was away, after pauses of twice the last one's length: two hours in all
END_TRIES: Final = 9
AGAIN_SECONDS: Final = 15.0


class JobFeed(Feed[JobEvent]):
    """A job's feed, overheard by the monitor."""

    def __init__(self, job: Job, monitor: Monitor | None) -> None:
        super().__init__(JobEvent(job.id, "queued"))
        self._job = job
        self._monitor = monitor
        self._overhear(self.latest)

    def publish(self, event: JobEvent) -> None:
        """As a feed does."""
        if not self.latest.final:
            self._overhear(event)
        super().publish(event)

    def _overhear(self, event: JobEvent) -> None:
        if self._monitor is not None:
            self._monitor.heard(self._job, event)


class Feeds:
    """The feeds of all open jobs and the deliveries of the fronts, by front name.

    A feed lives until its reporter has shown the final event. Jobs of a front that isn't up yet wait for `register`.
    An end that a front has not shown is told once more when it registers the next time, in another process too.
    """

    def __init__(
        self,
        queue: JobQueue,
        monitor: Monitor | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._queue = queue
        self._monitor = monitor
        self.deliveries: dict[str, Delivery] = {}
        self._feeds: dict[str, Feed[JobEvent]] = {}
        self._unheard: list[Job] = []
        self._reports: set[asyncio.Task[None]] = set()
        self._stopped = False

    @property
    def fronts(self) -> tuple[str, ...]:
        """Names of the fronts that can be reached."""
        return tuple(self.deliveries)

    def register(self, front: str, delivery: Delivery) -> None:
        """Open the way back to a front."""
        self.deliveries[front] = delivery
        heard = [job for job in self._unheard if job.front == front]
        self._unheard = [job for job in self._unheard if job.front != front]
        for job in heard:
            self._report(job, self._feeds[job.id])
        if not self._stopped:
            self._spawn(self._tell_ends(front), f"ends of {front}")

    def open(self, job: Job) -> Feed[JobEvent]:
        """The job's feed; made, with its reporter, at the first call."""
        feed = self._feeds.get(job.id)
        if feed is None:
            feed = self._feeds[job.id] = JobFeed(job, self._monitor)
            if job.front in self.deliveries and not self._stopped:
                self._report(job, feed)
            else:
                self._unheard.append(job)
        return feed

    def get(self, job_id: str) -> Feed[JobEvent] | None:
        """The feed of an open job."""
        return self._feeds.get(job_id)

    def newest(self) -> dict[str, JobEvent]:
        """What each open job has heard last."""
        return {job_id: feed.latest for job_id, feed in self._feeds.items()}

    def publish(self, jobs: Iterable[Job], event: JobEvent) -> None:
        """Tell the same to several jobs; those that have had their last word hear nothing more."""
        for job in jobs:
            if (feed := self._feeds.get(job.id)) is not None:
                feed.publish(event.of(job.id))

    async def stop(self) -> None:
        """End the reporters; no new ones are made."""
        self._stopped = True
        for task in self._reports:
            task.cancel()
        if self._reports:
            await asyncio.wait(self._reports)

    def _report(self, job: Job, feed: Feed[JobEvent]) -> None:
        self._spawn(self._carry(job, feed), f"report {job.id}", job=job.id)

    async def _carry(self, job: Job, feed: Feed[JobEvent]) -> None:
        """Show one job's states to its front, and note when the final one is shown."""
        shown = False
        async for event in feed.follow():
            shown = await self._show(job, event)
        try:
            if shown:
                await self._queue.told(job.id)
        except GoldcrestError as error:  # it is told twice then
            log.warning("end.not_noted", job=job.id, detail=error.detail)
        finally:
            self._feeds.pop(job.id, None)

    async def _show(self, job: Job, event: JobEvent) -> bool:
        """Whether it could be shown; the final one is tried for a while."""
        for number in range(END_TRIES if event.final else 1):
            if number:
                await self._sleep(AGAIN_SECONDS * 2**number)
            try:
                await self.deliveries[job.front].report(job, event)
            except TelegramAway as error:
                log.warning("report.waits", job=job.id, detail=error.detail)
            except Exception:
                log.exception("report broke", job=job.id)
                return False
            else:
                return True
        return False

    async def _tell_ends(self, front: str) -> None:
        """What has ended without the front having shown it; the monitor has heard of that."""
        try:
            untold = await self._queue.untold(front)
        except GoldcrestError as error:  # the next time that it registers
            log.warning("ends.not_told", front=front, detail=error.detail)
            return
        for job in untold:
            if job.id not in self._feeds:
                feed = self._feeds[job.id] = Feed(ended_event(job))
                self._report(job, feed)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str, **context: str) -> None:
        task = asyncio.create_task(work, name=name, context=log_context(**context))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)
