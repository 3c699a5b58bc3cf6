"""One job's files to its front: what is stored already, or what was just fetched."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core.job_queue import SENDING
from platforms.parts import is_recording
from services.jobs import JobEvent
from utils.errors import StorageTrouble

if TYPE_CHECKING:
    from core.job_queue import Job, JobQueue
    from platforms.shapes import Fetched, Progress
    from services.feeds import Feeds
    from services.jobs import StoredFile
    from services.leaseholder import Leaseholder
    from services.stored import StoredFiles


class HandOver:
    """That it is being sent is written before anything is sent; a job that isn't ours any more is left alone."""

    def __init__(self, queue: JobQueue, stored: StoredFiles, feeds: Feeds, leaseholder: Leaseholder) -> None:
        self._queue = queue
        self._stored = stored
        self._feeds = feeds
        self._leaseholder = leaseholder

    async def copies(self, job: Job) -> tuple[StoredFile, ...]:
        """What Telegram keeps of it and its front can use."""
        delivery = self._feeds.deliveries.get(job.front)
        return await self._stored.find(*job.key) if delivery is not None and delivery.keeps else ()

    async def resend(self, job: Job, copies: tuple[StoredFile, ...]) -> bool:
        """Hand over Telegram's copy; False where it is dead, and forgotten then."""
        if (sending := await self._sending(job)) is None:
            return True
        if await self._feeds.deliveries[job.front].resend(sending, copies):
            with suppress(StorageTrouble):
                await self._stored.used(*job.key)
            return True
        await self._leaseholder.written(lambda: self._stored.forget(*job.key))
        return False

    async def send(self, job: Job, fetched: Fetched) -> bool:
        """Hand over what was fetched, and remember what Telegram keeps of it."""
        if (sending := await self._sending(job)) is None:
            return True
        feed = self._feeds.open(sending)  # not before: one that was cancelled has had its last word

        def on_progress(progress: Progress) -> None:
            feed.publish(JobEvent(job.id, "uploading", progress, files=fetched.files))

        feed.publish(JobEvent(job.id, "uploading", files=fetched.files))
        kept = await self._feeds.deliveries[job.front].send(sending, fetched, on_progress)
        if kept and not is_recording(job.part):  # nobody can ask for that moment again
            with suppress(StorageTrouble):  # it has come all the same; the next one is downloaded again
                await self._stored.keep(kept)
        return True

    async def _sending(self, job: Job) -> Job | None:
        return await self._leaseholder.written(lambda: self._queue.move(job, SENDING))
