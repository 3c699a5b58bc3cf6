"""Jobs that were begun and wait in the queue again: memory ran short, their site rests, a stored copy was no use."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from utils.errors import MemoryShort, OutOfMemory

if TYPE_CHECKING:
    from core.job_queue import Job, JobQueue, Key
    from services.flights import Flight
    from services.leaseholder import Leaseholder
    from services.places import Places
    from utils.errors import GoldcrestError

#: downloads remembered; one that is forgotten begins to count anew
BOUND: Final = 1000
#: seconds; longer by so much each time in a row that memory ran short, the first time not at all
MEMORY_REST_SECONDS: Final = 10.0
#: a site that rests is waited for so often in a row; each of its rests is longer than the one before
SITE_RESTS: Final = 8


class PutBacks:
    """`memory`: a download that memory ran short for so often in a row is given up; `wake`: look for what can begin.

    `clock`: monotonic seconds.
    """

    def __init__(
        self,
        queue: JobQueue,
        leaseholder: Leaseholder,
        places: Places,
        wake: Callable[[], None],
        *,
        memory: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._leaseholder = leaseholder
        self._places = places
        self._wake = wake
        self._most = {MemoryShort.code: memory}
        self._clock = clock
        self._counts: OrderedDict[Key, Counter[str]] = OrderedDict()
        self._rests: dict[Key, float] = {}

    async def put_back(self, flight: Flight, error: GoldcrestError | None) -> GoldcrestError | None:
        """Let the jobs of a flight that has ended wait again, where that helps; what else they fail with, if at all.

        A recording that somebody has ended doesn't begin anew.
        """
        enough = flight.enough.is_set()
        if error is None or error.rest_seconds is None or enough or not self._again(flight.key, error.code):
            self.forget(flight.key)
            return OutOfMemory(error.detail) if isinstance(error, MemoryShort) else error
        before = self._counts[flight.key][error.code] - 1
        seconds = before * MEMORY_REST_SECONDS if isinstance(error, MemoryShort) else 0.0
        if seconds:
            self._rests[flight.key] = self._clock() + seconds
        for job in list(flight.jobs.values()):
            await self.one(job, flight, error, seconds)
        return None

    async def one(
        self, job: Job, flight: Flight | None = None, error: GoldcrestError | None = None, seconds: float = 0.0
    ) -> None:
        """Let one job leave its flight and wait again, `seconds` at least; `error`: why, if it is to know."""
        if error is not None:
            seconds = max(seconds, error.rest_seconds or 0.0, error.retry_after_seconds or 0.0)
        waiting = await self._leaseholder.written(lambda: self._queue.put_back(job, seconds))
        if flight is not None:  # not before: what breaks the flight off would leave the job to nobody
            flight.leave(job)
        if waiting is None:
            return
        if error is not None and seconds:
            self._places.tell_why(waiting, error)
        else:
            await self._places.tell(waiting, error)
        self._wake()

    def resting(self) -> list[Key]:
        """What memory ran short for lately: whoever orders the same rests with the others."""
        now = self._clock()
        self._rests = {key: until for key, until in self._rests.items() if until > now}
        return list(self._rests)

    def forget(self, key: Key) -> None:
        """Nobody waits for it any more; whoever orders it next begins to count anew."""
        self._counts.pop(key, None)
        self._rests.pop(key, None)

    def why(self, key: Key) -> GoldcrestError | None:
        """Whether memory ran short for it, and it hasn't ended since."""
        return MemoryShort() if self._counts.get(key, Counter())[MemoryShort.code] else None

    def _again(self, key: Key, code: str) -> bool:
        """Count one more for that reason; False where that is too often."""
        counts = self._counts[key] = self._counts.pop(key, Counter())
        counts[code] += 1
        if len(self._counts) > BOUND:
            self._counts.popitem(last=False)
        return counts[code] <= self._most.get(code, SITE_RESTS)
