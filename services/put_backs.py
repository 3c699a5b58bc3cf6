"""Jobs that were begun and wait in the queue again: because memory ran short, or a stored copy was no use."""

from __future__ import annotations

from collections import OrderedDict
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


class PutBacks:
    """`memory`: a download that memory ran short for so often in a row is given up; `wake`: look for what can begin."""

    def __init__(
        self, queue: JobQueue, leaseholder: Leaseholder, places: Places, wake: Callable[[], None], *, memory: int
    ) -> None:
        self._queue = queue
        self._leaseholder = leaseholder
        self._places = places
        self._wake = wake
        self._most = memory
        self._counts: OrderedDict[Key, int] = OrderedDict()

    async def put_back(self, flight: Flight, error: GoldcrestError | None) -> GoldcrestError | None:
        """Let the jobs of a flight that has ended wait again, where that helps; what else they fail with, if at all."""
        if not isinstance(error, MemoryShort):
            self._counts.pop(flight.key, None)
            return error
        if not self._again(flight.key):
            return OutOfMemory(error.detail)
        for job in list(flight.jobs.values()):
            await self.one(job, error)
            flight.leave(job)
        return None

    async def one(self, job: Job, error: GoldcrestError | None = None) -> None:
        """Let one job wait again; `error`: why, if it is to know."""
        waiting = await self._leaseholder.written(lambda: self._queue.put_back(job))
        if waiting is not None:
            await self._places.tell(waiting, error)
            self._wake()

    def why(self, key: Key) -> GoldcrestError | None:
        """Why it was put back, where it was and hasn't ended since."""
        return MemoryShort() if key in self._counts else None

    def _again(self, key: Key) -> bool:
        """Count one more; False where that is too often, and forgotten then."""
        times = self._counts.pop(key, 0) + 1
        if times > self._most:
            return False
        self._counts[key] = times
        if len(self._counts) > BOUND:
            self._counts.popitem(last=False)
        return True
