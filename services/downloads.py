"""The way of a link: probe, choose, accept, fetch once, hand over to everybody who asked, remember the copy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from core.job_queue import OPEN_STATES, Job, JobQueue
from platforms.parts import Recording, check_minutes, is_recording, read_part
from platforms.shapes import QUALITY_KEYS, Link, Listing, Media
from services.feeds import Feeds
from services.jobs import Delivery, JobEvent, Offer, Order, Reporter, StoredFile, ended_event
from services.leaseholder import tell_poison
from services.letters import Letters
from services.workers import Workers
from utils.errors import (
    GoldcrestError,
    NotAllowed,
    NotFound,
    ShuttingDown,
    StorageTrouble,
    UnknownQuality,
)
from utils.ids import button_token
from utils.sandbox import sweep

if TYPE_CHECKING:
    from pathlib import Path

    from core.guard import Guard
    from core.platform_manager import PlatformManager
    from platforms.registry import Detected
    from services.away import Away
    from services.monitor import Monitor
    from services.stored import Offers, StoredFiles
    from utils.health import Health

log = structlog.get_logger()


class Downloads(Letters):
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
        live_minutes: int = 30,
        reports: Reporter | None = None,
        monitor: Monitor | None = None,
        put_backs: int = 3,
        away: Away | None = None,
    ) -> None:
        super().__init__(queue, self._taken)
        self._platforms = platforms
        self._stored = stored
        self._offers = offers
        self._work = work
        self._links_per_message = links_per_message
        self._live_minutes = live_minutes
        self._reports = reports
        self._monitor = monitor
        self._feeds = Feeds(queue, monitor)
        self._workers = Workers(
            *(platforms, queue, stored, self._feeds),
            work=work,
            parallel=parallel,
            reports=reports,
            put_backs=put_backs,
            away=away,
        )
        self.figures = self._workers.figures

    @property
    def guard(self) -> Guard:
        """Breakers and retries before the sites, and their figures."""
        return self._platforms.guard

    async def start(self) -> None:
        """Take up the accepted jobs of the last process and begin to work."""
        await asyncio.to_thread(sweep, self._work)
        await self._offers.sweep()
        await self._stored.sweep()
        waiting, poison = await self._queue.recover()
        for job in waiting:
            self._feeds.open(job)
        tell_poison(self._feeds, poison)
        await self._workers.learn()
        self._workers.start()

    async def stop(self) -> None:
        """End all work; the jobs stay accepted and go on at the next start."""
        self._stopping = True
        try:
            await self._workers.stop()
            await self._feeds.stop()
        finally:  # also when the time is up; a broken-off attempt must not look like one that killed the process
            await self._queue.release()

    async def open_jobs(self) -> dict[str, int]:
        """How many jobs stand in which open state."""
        counts = await self._queue.counts()
        return {state: counts.get(state, 0) for state in OPEN_STATES}

    async def restart(self) -> None:
        """Begin to work again where that has stopped; what is under way goes on."""
        self._workers.loops.revive()
        self._workers.wake()

    def health(self) -> Health:
        """Whether accepted jobs are begun."""
        return self._workers.loops.health()

    def deliver_to(self, front: str, delivery: Delivery) -> None:
        """Register the way back to a front; its jobs wait until then."""
        self._feeds.register(front, delivery)
        self._workers.wake()

    def detect(self, text: str) -> Detected:
        """Every link in a text, claimed or refused."""
        return self._platforms.detect(text, self._links_per_message)

    async def probe(self, link: Link) -> Media:
        """Title, kind and real qualities of what stands behind a link. Raises a GoldcrestError."""
        began, failure = time.monotonic(), None
        try:
            return await self._platforms.probe(link)
        except GoldcrestError as error:
            failure = error
            if self._reports is not None:
                await self._reports.keep(error, link)
            raise
        finally:
            if self._monitor is not None:
                self._monitor.probed(link.platform, time.monotonic() - began, failure)

    async def page(self, link: Link, first: int = 1, count: int = 10) -> Listing:
        """At most `count` items of a list from a position on, kept for a while. Raises a GoldcrestError."""
        return await self._platforms.page(link, first, count)

    def beside(self, link: Link) -> Link | None:
        """The list that an item's link names besides the item (a video opened from a playlist or mix), or None."""
        return self._platforms.beside(link)

    async def resolve(self, link: Link) -> Link:
        """The link itself, or the item that a short link leads to. Raises DeadLink where it leads to none."""
        return await self._platforms.resolve(link)

    def pause_site(self, name: str, seconds: float | None) -> None:
        """Leave a site alone; None: until `resume_site`. Raises NotFound."""
        self._platforms.pause(name, seconds)

    def resume_site(self, name: str) -> None:
        """Let it in again. Raises NotFound."""
        self._platforms.resume(name)

    async def offer(self, media: Media, link: Link, user_id: int | None) -> str:
        """Keep a menu; the token of its buttons (12 characters)."""
        return await self._offers.make(media, link, user_id)

    async def offered(self, token: str) -> Offer:
        """What a button offers. Raises Expired."""
        return await self._offers.get(token)

    async def stored(self, canonical: str, quality: str) -> tuple[StoredFile, ...]:
        """Telegram's copies; () where nothing is stored."""
        return await self._stored.find(canonical, quality)

    async def stored_qualities(self, media: Media, part: str = "") -> frozenset[str]:
        """Which qualities of an item, or of a part of it, come at once."""
        from platforms.extractor.formats import settle

        if media.is_live or not (stored := await self._stored.qualities(media.canonical, part)):
            return frozenset()
        return frozenset(each.key for each in media.qualities if settle(media, each.key) in stored)

    async def submit(self, order: Order) -> Job:
        """Accept a job: it is written first and told afterwards.

        Raises UnknownQuality, BadPart, Busy or ShuttingDown.
        """
        if self._stopping:
            raise ShuttingDown
        if order.quality not in QUALITY_KEYS:
            raise UnknownQuality(order.quality, quality=order.quality)
        link = await self._platforms.resolve(order.link)
        quality, part = self._settle(link, order)
        job = await self._queue.add(
            order.front,
            link,
            quality,
            title=order.title,
            user_id=order.user_id,
            target=order.target,
            part=part,
            batch=order.batch,
            batch_position=order.batch_position,
            size_bytes=order.size_bytes,
            fronts=(*self._feeds.fronts, order.front),
        )
        log.info("job accepted", job=job.id, front=job.front, platform=link.platform, quality=job.quality)
        self._feeds.open(job)
        try:
            await self._workers.take_in(job)
        except StorageTrouble:  # it is written, so it is accepted, and begun like any other that waits
            self._workers.wake()
        return job

    def _settle(self, link: Link, order: Order) -> tuple[str, str]:
        """Quality and part as the job is kept under them."""
        if not order.part:
            return self._platforms.settle(link, order.quality), ""
        wanted = read_part(self._platforms.settle_part(link, order.part))
        if isinstance(wanted, Recording):  # a stream is another one each time: no two recordings share anything
            wanted = Recording(check_minutes(wanted.minutes, self._live_minutes), button_token())
        part = wanted.key if wanted else ""
        return self._platforms.settle(link, order.quality, part), part

    def _taken(self, job: Job) -> None:
        """A job that waits like any other."""
        self._feeds.open(job)
        self._workers.wake()

    async def job(self, job_id: str) -> Job:
        """One job. Raises NotFound."""
        job = await self._queue.get(job_id)
        if job is None:
            raise NotFound(f"job {job_id}")
        return job

    async def under_way(self, front: str, target: Mapping[str, object]) -> bool:
        """Whether an order for a target that begins with these fields is being worked on or waits."""
        return await self._queue.under_way(front, target)

    async def watch(self, job_id: str) -> AsyncIterator[JobEvent]:
        """Events from the present state on; ends after the final one. Raises NotFound."""
        feed = self._feeds.get(job_id)
        if feed is None:
            job = await self.job(job_id)
            if job.state in OPEN_STATES:
                feed = self._feeds.open(job)
            else:
                yield ended_event(job)
                return
        async for event in feed.follow():
            yield event

    async def days(self) -> list[dict[str, Any]]:
        """Sums of the last days (see `core.job_queue_history.History.days`)."""
        return await self._queue.history.days()

    async def finish(self, job_id: str, user_id: int | None = None) -> bool:
        """End a recording now and hand over what there is; False where it isn't being recorded. `user_id` as below.

        Raises NotFound, and NotAllowed for somebody else's job.
        """
        job = await self.job(job_id)
        if user_id is not None and job.user_id != user_id:
            raise NotAllowed("somebody else's job")
        return is_recording(job.part) and self._workers.finish(job)

    async def cancel(self, job_id: str, user_id: int | None = None) -> bool:
        """Stop a job in any phase; False where it has ended already. `user_id` None: the operator.

        Raises NotFound, and NotAllowed for somebody else's job.
        """
        job = await self.job(job_id)
        if user_id is not None and job.user_id != user_id:
            raise NotAllowed("somebody else's job")
        if job.state not in OPEN_STATES:
            return False
        return await self._workers.cancel(job)
