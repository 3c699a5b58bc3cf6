"""Where the waiting jobs stand and when they will be there, told to everybody who waits as the queue moves."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from services.jobs import JobEvent

if TYPE_CHECKING:
    from core.job_queue import Job, JobQueue, Key
    from core.job_queue_estimates import Estimates
    from core.job_queue_order import Waiting
    from services.feeds import Feeds
    from services.flights import Flight
    from utils.errors import GoldcrestError

log = structlog.get_logger()
#: between two rounds of telling everybody
ROUND_SECONDS: Final = 5.0
#: who stands that near hears of every step, the others only where a fifth of the way is done
NEAR: Final = 5
STEP: Final = 0.2
#: an estimate that changed by less isn't news
ETA_STEP: Final = 0.25


class Places:
    """Tells `queued` events with `position` and `eta_seconds`.

    `flights`: what is under way; `fronts`: whose jobs may begin; both asked whenever needed.
    """

    def __init__(
        self,
        queue: JobQueue,
        feeds: Feeds,
        estimates: Estimates,
        flights: Callable[[], Sequence[Flight]],
        fronts: Callable[[], Sequence[str]],
        *,
        parallel: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._queue = queue
        self._feeds = feeds
        self._estimates = estimates
        self._flights = flights
        self._fronts = fronts
        self._parallel = parallel
        self._sleep = sleep
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """The queue is another than before: tell everybody soon."""
        self._moved.set()

    async def run(self) -> None:
        """Tell everybody whenever the queue has moved, at most once in ROUND_SECONDS."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            try:
                await self._tell_all()
            except Exception:  # the edge of this task: who waits only sees an old place
                log.exception("places broke")
            await self._sleep(ROUND_SECONDS)

    async def tell(self, job: Job, error: GoldcrestError | None = None) -> None:
        """Tell one job its place now; `error`: why it waits again."""
        feed = self._feeds.get(job.id)
        before = feed and feed.latest
        line = await self._queue.waiting(tuple({*self._fronts(), job.front}))
        places = self._places(line)
        if feed is None or feed.latest is not before:  # it has heard something newer meanwhile
            return
        if job.id in places and not self._under_way(job.id):
            self._feeds.publish([job], _event(job.id, *places[job.id], error))

    def tell_why(self, job: Job, error: GoldcrestError) -> None:
        """Tell one job why it has no place in the line for now."""
        if not self._under_way(job.id):
            self._feeds.publish([job], JobEvent(job.id, "queued", error=error))

    async def _tell_all(self) -> None:
        before = self._feeds.newest()
        line = await self._queue.waiting(self._fronts())
        for job_id, (position, eta_seconds) in self._places(line).items():
            feed = self._feeds.get(job_id)
            if feed is None:
                continue
            if feed.latest is not before.get(job_id):  # it has heard something meanwhile, perhaps of an older line
                self.moved()
                continue
            if feed.latest.phase != "queued" or self._under_way(job_id):
                continue
            if _is_news(feed.latest, position, eta_seconds):
                why = feed.latest.error if feed.latest.position is not None else None  # it is in the line again
                feed.publish(_event(job_id, position, eta_seconds, why))

    def _under_way(self, job_id: str) -> bool:
        return any(job_id in flight.jobs for flight in self._flights())

    def _places(self, line: Iterable[Waiting]) -> dict[str, tuple[int, float | None]]:
        """Per job: the downloads before it, and the seconds until it is there (None where nothing is known yet)."""
        flights = [flight for flight in self._flights() if not flight.spare]
        slots = [self._left(flight) for flight in flights]
        slots += [0.0] * max(0, self._parallel - len(slots))
        known = None not in slots
        free = [seconds for seconds in slots if seconds is not None]
        heapq.heapify(free)
        keys: dict[Key, tuple[int, float | None]] = {}
        places = {}
        for job in line:
            if job.key not in keys:
                estimate = self._estimates.of(job.platform, job.size_bytes)
                eta_seconds = None
                if known and estimate is not None:
                    eta_seconds = heapq.heapreplace(free, free[0] + estimate.seconds) + estimate.seconds
                else:  # nobody behind it can be told either
                    known = False
                keys[job.key] = (len(keys), eta_seconds)
            places[job.id] = keys[job.key]
        return places

    def _left(self, flight: Flight) -> float | None:
        """Seconds until a flight has landed."""
        job = next(iter(flight.jobs.values()), None)
        if job is None:
            return 0.0
        progress = flight.progress
        estimate = self._estimates.of(job.link.platform, job.size_bytes)
        if estimate is None:
            return None
        if progress is not None and progress.eta_seconds is not None:
            return progress.eta_seconds + (estimate.send_seconds if flight.fetched is None else 0.0)
        spent = max(0.0, self._queue.now() - (job.began_at or 0.0))
        return max(0.0, estimate.seconds - spent)


def _event(job_id: str, position: int, eta_seconds: float | None, error: GoldcrestError | None) -> JobEvent:
    return JobEvent(job_id, "queued", position=position, eta_seconds=eta_seconds, error=error)


def _is_news(told: JobEvent, position: int, eta_seconds: float | None) -> bool:
    if told.position is None or (told.eta_seconds is None) != (eta_seconds is None):
        return True
    if position != told.position and (position <= NEAR or abs(position - told.position) >= STEP * told.position):
        return True
    if eta_seconds is None or told.eta_seconds is None:
        return False
    return abs(eta_seconds - told.eta_seconds) >= max(ROUND_SECONDS, ETA_STEP * told.eta_seconds)
