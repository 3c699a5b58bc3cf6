"""Fronts that can take nothing for now: what is ready for them waits with its files, nothing new begins for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.job_queue import Job
    from services.flights import Flight
    from utils.errors import TelegramAway

#: between two tries where the front named no time, and between two looks whether somebody else has joined
AGAIN_SECONDS: Final = 5.0
#: who tries again gets through or is refused within that time; until then nothing new begins
TRIAL_SECONDS: Final = 180.0
NEVER: Final = float("-inf")


class Away:
    """`patience_seconds`: so long one job waits for its front, from its first refusal on."""

    def __init__(
        self,
        patience_seconds: float = 3600.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._sleep = sleep
        self._again_at: dict[str, float] = {}
        self._why: dict[str, TelegramAway] = {}

    def here(self, fronts: Iterable[str]) -> tuple[str, ...]:
        """Those of them for which something new may begin."""
        now = self._clock()
        return tuple(front for front in fronts if now >= self._again_at.get(front, NEVER) + TRIAL_SECONDS)

    def why(self, front: str) -> TelegramAway | None:
        """Why nothing begins for it; None where that isn't so."""
        return None if self.here((front,)) else self._why[front]

    def refused(self, flight: Flight, job: Job, error: TelegramAway) -> bool:
        """Note that the front did not take this job; whether it waits on, False where that would be too long."""
        now = self._clock()
        again_at = now + max(AGAIN_SECONDS, error.retry_after_seconds or 0.0)
        if error.everywhere:
            self._again_at[job.front], self._why[job.front] = again_at, error
        since, _ = flight.refused.get(job.id, (now, now))
        flight.refused[job.id] = (since, again_at)
        return again_at - since <= self._patience_seconds

    def answered(self, flight: Flight, job: Job) -> bool:
        """The front took this job, or said why not; whether it had been away."""
        flight.waits = False
        return self._again_at.pop(job.front, None) is not None

    def first(self, flight: Flight) -> Job:
        """Whose turn it is in a flight: those whose front is there go first."""
        return min(flight.jobs.values(), key=lambda job: self._due_at(flight, job))

    def early_seconds(self, flight: Flight, job: Job) -> float:
        """How long this job's front isn't to be tried yet; 0.0 where it is."""
        return max(0.0, self._due_at(flight, job) - self._clock())

    async def rest(self, seconds: float) -> None:
        """Sleep for a part of that time: somebody whose front is there may have joined."""
        await self._sleep(min(seconds, AGAIN_SECONDS))

    def _due_at(self, flight: Flight, job: Job) -> float:
        _, again_at = flight.refused.get(job.id, (NEVER, NEVER))
        return max(again_at, self._again_at.get(job.front, NEVER))
