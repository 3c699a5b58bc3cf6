"""What crosses between the use case "downloads" and its fronts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from utils.errors import error_by_code

if TYPE_CHECKING:
    from core.job_queue import Job
    from platforms.shapes import Fetched, FetchedFile, Link, Media, Progress, ProgressSink
    from utils.errors import GoldcrestError

FINAL_PHASES: Final = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Order:
    """What a front asks for. `target` is the front's own address of the person; it is kept as JSON.

    `part`: key of a part of the item (see `platforms.parts`), "" for the whole; `batch`, `batch_position`: as of `Job`;
    `size_bytes`: what its files are expected to have, None where nobody knows.
    """

    front: str
    link: Link
    quality: str
    user_id: int | None = None
    title: str = ""
    target: dict[str, Any] = field(default_factory=dict)
    part: str = ""
    batch: str = ""
    batch_position: int = 0
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A menu that was shown: what its buttons mean."""

    token: str
    media: Media
    link: Link
    user_id: int | None

    def size_bytes(self, quality: str) -> int | None:
        """What that quality is expected to have; None where nobody knows."""
        return next((each.size_bytes for each in self.media.qualities if each.key == quality), None)


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One state of a job.

    `phase`: queued, probing, downloading, recording, merging, fitting, uploading, done, failed or cancelled.
    `position`: jobs before it while queued; `eta_seconds`: until it is there, None where nobody knows. `error`: why it
    failed, or why it waits: it was put back into the queue, or its front can't take it now. `files`: what was fetched,
    once that is known.
    """

    job_id: str
    phase: str
    progress: Progress | None = None
    position: int | None = None
    eta_seconds: float | None = None
    error: GoldcrestError | None = None
    files: tuple[FetchedFile, ...] = ()

    @property
    def final(self) -> bool:
        """Nothing follows."""
        return self.phase in FINAL_PHASES

    def of(self, job_id: str) -> JobEvent:
        """The same for another job."""
        return replace(self, job_id=job_id)


def ended_event(job: Job) -> JobEvent:
    """The final event of a job that has ended, as far as the table knows it."""
    return JobEvent(job.id, job.state, error=error_by_code(job.error_code)() if job.error_code else None)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that Telegram keeps for us: (chat, message) finds it again when `file_id` has expired."""

    canonical: str
    quality: str
    position: int
    file_id: str
    chat_id: int
    message_id: int
    kind: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    title: str = ""
    performer: str = ""
    part: str = ""


class Reporter(Protocol):
    """Where failures with an unknown cause are kept for the operator (`services.reports.Reports`)."""

    async def keep(self, error: GoldcrestError, link: Link | None = None) -> str:
        """Write a report if the cause is unknown; its id or ""."""


class Delivery(Protocol):
    """The way back to whoever asked, one per front. `keeps`: it can use Telegram's copies."""

    keeps: bool

    async def send(self, job: Job, fetched: Fetched, on_progress: ProgressSink) -> tuple[StoredFile, ...]:
        """Hand the files over; what Telegram keeps of them, or () where nothing is kept.

        A repeat after a crash must not arrive twice: `job.random_id` is the same then. Raises a GoldcrestError;
        TelegramAway where a repeat may pass later.
        """

    async def resend(self, job: Job, stored: tuple[StoredFile, ...]) -> bool:
        """Hand over what is stored already; False where it can't be used any more."""

    async def report(self, job: Job, event: JobEvent) -> None:
        """Show a state. Called one after another with the newest event, and always with the final one.

        Raises TelegramAway where the final one can't be shown for now.
        """


class Event(Protocol):
    """A state of something that ends."""

    @property
    def final(self) -> bool:
        """Nothing follows."""


E = TypeVar("E", bound=Event)


class Feed(Generic[E]):
    """The newest event of a job or batch and whoever follows it."""

    def __init__(self, first: E) -> None:
        self.latest = first
        self._number = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def publish(self, event: E) -> None:
        """Replace the newest event; nothing follows a final one."""
        if self.latest.final:
            return
        self.latest = event
        self._number += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def follow(self) -> AsyncIterator[E]:
        """Yield the newest event whenever there is a new one, and the final one for certain."""
        seen = -1
        while True:
            if seen == self._number:
                future = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)
            seen, event = self._number, self.latest
            yield event
            if event.final:
                return
