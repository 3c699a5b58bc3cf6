"""How long a job takes: learned per phase from the ones done lately, by platform and size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from platforms.parts import is_recording

if TYPE_CHECKING:
    from core.job_queue_shapes import Took

#: jobs remembered in all, and of one platform
REMEMBERED: Final = 200
OF_PLATFORM: Final = 40
#: platforms remembered, those of the newest jobs
PLATFORMS: Final = 50
#: fewer tell nothing of a platform or a size of its own
ENOUGH: Final = 3
#: sizes within that factor take about as long
NEAR: Final = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of each phase, and the bytes that were moved."""

    size_bytes: int
    fetch_seconds: float
    send_seconds: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds that the phases of a job are likely to take."""

    fetch_seconds: float
    send_seconds: float

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.fetch_seconds + self.send_seconds


class Estimates:
    """The newest jobs that were really downloaded; a stored copy says nothing about the next download."""

    def __init__(self) -> None:
        self._all: deque[Sample] = deque(maxlen=REMEMBERED)
        self._platforms: dict[str, deque[Sample]] = {}

    def learn(self, jobs: Iterable[Took]) -> None:
        """Take in jobs that are done, the oldest first. A recording takes as long as was asked, so it tells nothing."""
        for job in jobs:
            if job.began_at is None or job.sending_at is None or not job.size_bytes or is_recording(job.part):
                continue
            fetched, sent = job.sending_at - job.began_at, job.ended_at - job.sending_at
            if fetched < 0 or sent < 0:  # the clock was set meanwhile
                continue
            sample = Sample(job.size_bytes, fetched, sent)
            self._all.append(sample)
            own = self._platforms.pop(job.platform, None) or deque(maxlen=OF_PLATFORM)
            own.append(sample)
            self._platforms[job.platform] = own
            while len(self._platforms) > PLATFORMS:
                self._platforms.pop(next(iter(self._platforms)))

    def of(self, platform: str, size_bytes: int | None) -> Estimate | None:
        """The estimate for a job of that platform and size (None: unknown); None before anything was learned."""
        own: Sequence[Sample] = self._platforms.get(platform, ())
        known = own if len(own) >= ENOUGH else self._all
        if not known:
            return None
        if size_bytes:
            near = [each for each in known if size_bytes / NEAR <= each.size_bytes <= size_bytes * NEAR]
            if len(near) < ENOUGH:
                return Estimate(
                    median(each.fetch_seconds / each.size_bytes for each in known) * size_bytes,
                    median(each.send_seconds / each.size_bytes for each in known) * size_bytes,
                )
            known = near
        return Estimate(median(each.fetch_seconds for each in known), median(each.send_seconds for each in known))
