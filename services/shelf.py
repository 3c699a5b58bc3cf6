"""Files fetched from the web page, waiting a while for their download: bounded by age and by size."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from utils.errors import Expired, TooLarge
from utils.filenames import file_name
from utils.health import Health, of_folder, of_task

if TYPE_CHECKING:
    from core.job_queue import Job
    from platforms.shapes import Fetched, FetchedFile, ProgressSink
    from services.jobs import JobEvent, StoredFile
    from utils.config import Storage

log = structlog.get_logger()
CARD: Final = "card.json"
CONTENT: Final = "content"
MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ShelfFile:
    """One file and what its download needs. `token` (128 random bits) is its address, `kept_at` a UTC epoch."""

    token: str
    job_id: str
    name: str
    size_bytes: int
    kind: str
    mime: str
    width: int | None
    height: int | None
    duration_seconds: float | None
    kept_at: float


class Shelf:
    """A part, and the way back to people at the web page.

    A file lies as `folder/<token>/content` beside a card that says what it is, so that it survives a restart. The
    oldest leave first where `shelf_mb` would be exceeded.
    """

    keeps = False

    def __init__(
        self,
        folder: Path,
        storage: Storage,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._keep_seconds = storage.shelf_minutes * 60
        self._bound_bytes = storage.shelf_mb * MEBIBYTE
        self._clock = clock
        self._sleep = sleep
        self._files: dict[str, ShelfFile] = {}
        self._placing = asyncio.Lock()
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take back what the last process left and is still good; remove the rest."""
        async with self._placing:  # what is handed over meanwhile would look like something half written
            self._files = await asyncio.to_thread(self._take_stock)
        await self._sweep()
        self._sweeper = asyncio.create_task(self._sweep_for_ever(), name="shelf")

    async def stop(self) -> None:
        """Stop sweeping; the files stay for the next start."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait({self._sweeper})

    def health(self) -> Health:
        """Whether old files leave and new ones find room."""
        swept = of_task(self._sweeper, "shelf")
        return of_folder(self._folder) if swept.ok else swept

    # --- delivery -----------------------------------------------------------------------------------------------------

    async def send(self, job: Job, fetched: Fetched, on_progress: ProgressSink) -> tuple[StoredFile, ...]:  # noqa: ARG002 - nothing to report, a link takes no time
        """Put the files on the shelf; a repeat for the same job replaces them. Raises TooLarge."""
        size_bytes = sum(file.size_bytes for file in fetched.files)
        if size_bytes > self._bound_bytes:
            raise TooLarge(size_mb=size_bytes // MEBIBYTE, limit_mb=self._bound_bytes // MEBIBYTE)
        cards = [self._card(job, fetched, number) for number in range(len(fetched.files))]
        async with self._placing:
            await self._drop([file.token for file in self._files.values() if file.job_id == job.id])
            await self._make_room(size_bytes)
            placing = asyncio.ensure_future(asyncio.to_thread(self._place, cards, fetched.files))
            try:
                await asyncio.shield(placing)
            except BaseException:
                await asyncio.wait({placing})  # a cancelled job must not leave what the thread was still writing
                await self._drop([card.token for card in cards])
                raise
            self._files.update((card.token, card) for card in cards)
        return ()

    async def resend(self, job: Job, stored: tuple[StoredFile, ...]) -> bool:  # noqa: ARG002 - the shape of a Delivery
        """Telegram's copies are of no use here."""
        return False

    async def report(self, job: Job, event: JobEvent) -> None:
        """The page follows its jobs by itself."""

    # --- pick-up ------------------------------------------------------------------------------------------------------

    def of(self, job_id: str) -> tuple[ShelfFile, ...]:
        """The files of a job; () where it has none or they have left."""
        now = self._clock()
        return tuple(file for file in self._files.values() if file.job_id == job_id and self.until(file) > now)

    def find(self, token: str) -> tuple[ShelfFile, Path]:
        """A file and where it lies. Raises Expired."""
        file = self._files.get(token)
        if file is None or self.until(file) <= self._clock():
            raise Expired("shelf")
        return file, self._folder / token / CONTENT

    def until(self, file: ShelfFile) -> float:
        """When it leaves (UTC epoch)."""
        return file.kept_at + self._keep_seconds

    def figures(self) -> dict[str, Any]:
        """For the dashboard."""
        return {"files": len(self._files), "bytes": sum(file.size_bytes for file in self._files.values())}

    # --- keeping order ------------------------------------------------------------------------------------------------

    def _card(self, job: Job, fetched: Fetched, number: int) -> ShelfFile:
        file, count = fetched.files[number], len(fetched.files)
        note = f"{number + 1} of {count}" if count > 1 else job.quality if job.quality[:1].isdigit() else ""
        return ShelfFile(
            token=secrets.token_urlsafe(16),
            job_id=job.id,
            name=file_name(file.title or fetched.media.title, file.path.suffix, note),
            size_bytes=file.size_bytes,
            kind=file.kind,
            mime=file.mime,
            width=file.width,
            height=file.height,
            duration_seconds=file.duration_seconds,
            kept_at=self._clock(),
        )

    def _place(self, cards: list[ShelfFile], files: tuple[FetchedFile, ...]) -> None:
        for card, file in zip(cards, files, strict=True):
            place = self._folder / card.token
            place.mkdir(mode=0o700, parents=True)
            try:
                # A second name for the same bytes: others may wait for the file in the job's folder, too.
                os.link(file.path, place / CONTENT)
            except OSError:
                shutil.copyfile(file.path, place / CONTENT)
            (place / CARD).write_bytes(msgspec.json.encode(card))

    def _take_stock(self) -> dict[str, ShelfFile]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found: dict[str, ShelfFile] = {}
        for place in self._folder.iterdir():
            try:
                card = msgspec.json.decode((place / CARD).read_bytes(), type=ShelfFile)
                whole = card.token == place.name and (place / CONTENT).stat().st_size == card.size_bytes
            except (OSError, msgspec.MsgspecError):
                whole = False
            if whole:
                found[card.token] = card
            else:
                shutil.rmtree(place, ignore_errors=True)
        return found

    async def _make_room(self, size_bytes: int) -> None:
        used = sum(file.size_bytes for file in self._files.values())
        leaving = []
        for file in sorted(self._files.values(), key=lambda file: file.kept_at):
            if used + size_bytes <= self._bound_bytes:
                break
            leaving.append(file.token)
            used -= file.size_bytes
        await self._drop(leaving)

    async def _sweep_for_ever(self) -> None:
        while True:
            await self._sleep(min(60.0, self._keep_seconds / 2))
            await self._sweep()

    async def _sweep(self) -> None:
        now = self._clock()
        await self._drop([file.token for file in self._files.values() if self.until(file) <= now])
        await self._make_room(0)

    async def _drop(self, tokens: list[str]) -> None:
        for token in tokens:
            self._files.pop(token, None)
            await asyncio.to_thread(shutil.rmtree, self._folder / token, ignore_errors=True)
        if tokens:
            log.info("shelf.dropped", files=len(tokens))
