"""The last word of a job: written where it is ours to write, counted, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.job_queue import DONE, FAILED
from services.figures import Figures
from services.jobs import JobEvent

if TYPE_CHECKING:
    from core.job_queue import Job, JobQueue
    from core.job_queue_estimates import Estimates
    from services.feeds import Feeds
    from services.jobs import Reporter
    from services.leaseholder import Leaseholder
    from utils.errors import GoldcrestError

log = structlog.get_logger()


class Endings:
    """`reports`: where failures with an unknown cause are kept; `estimates`: learns from what was done."""

    def __init__(
        self,
        queue: JobQueue,
        feeds: Feeds,
        leaseholder: Leaseholder,
        estimates: Estimates,
        reports: Reporter | None,
    ) -> None:
        self.figures = Figures()
        self._queue = queue
        self._feeds = feeds
        self._leaseholder = leaseholder
        self._estimates = estimates
        self._reports = reports

    async def end(self, job: Job, error: GoldcrestError | None, size_bytes: int) -> None:
        """Write the end of a job that we work on, and tell it unless it isn't ours any more."""
        code, state = (error.code, FAILED) if error else (None, DONE)
        ended = await self._leaseholder.written(lambda: self._queue.move(job, state, code, size_bytes=size_bytes))
        if ended is None:
            return
        try:
            if error is not None and self._reports is not None:
                await self._reports.keep(error, job.link)
        finally:  # it is written, so it is told, whatever becomes of the report
            if error is None:
                self._estimates.learn([ended.took])
            self.tell(ended, error)

    def tell(self, ended: Job, error: GoldcrestError | None) -> None:
        """Tell an end that is written."""
        self.figures.count(ended)
        detail = error.detail if error else None
        log.info("job ended", job=ended.id, state=ended.state, error=ended.error_code, detail=detail)
        self._feeds.open(ended).publish(JobEvent(ended.id, ended.state, error=error))
