"""Goldcrest as main wires it, without fronts, in front of the hostile site; and what to look at afterwards."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from core.system_manager import SystemManager
from main import make_app
from platforms.shapes import FetchOrder
from services.jobs import Order
from services.thumbnails import Thumbnails
from tests.attacks.internet import Internet
from tests.attacks.marks import Marks
from utils.config import load_settings
from utils.egress import Egress
from utils.errors import GoldcrestError, LiveNow, error_by_code
from utils.sandbox import job_folder, remove_folder
from wiring.media import media_parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from core.job_queue import Job
    from platforms.extractor.host import ExtractorHost
    from platforms.shapes import Fetched, FetchedFile, Link, ProgressSink
    from services.app import App
    from services.jobs import JobEvent, StoredFile
    from tests.sites.harness import Sites

FRONT: Final = "test"
MAX_BYTES: Final = 50 << 20
SETTLE_SECONDS: Final = 10
#: Short enough that a bait which hangs doesn't hold up the others, long enough for two busy cores.
BOUNDS: Final = {
    "RETRY_MAX_ATTEMPTS": "1",
    "GOLDCREST_EXTRACTOR__RETRIES": "0",
    "GOLDCREST_EXTRACTOR__STALL_SECONDS": "10",
    "GOLDCREST_EXTRACTOR__SOCKET_TIMEOUT_SECONDS": "10",
    "GOLDCREST_EXTRACTOR__PROBE_DEADLINE_SECONDS": "30",
    "GOLDCREST_EXTRACTOR__FETCH_DEADLINE_SECONDS": "30",
    "GOLDCREST_DOWNLOADS__PARALLEL": "3",
    # All baits lie on a few hosts; neither patience nor a breaker may keep one of them from being taken.
    "GOLDCREST_LIMITS__PLATFORM_BURST": "1000",
    "GOLDCREST_LIMITS__GLOBAL_PER_MINUTE": "10000",
    "GOLDCREST_BREAKER__CONSECUTIVE": "1000",
    "GOLDCREST_BREAKER__MINIMUM_CALLS": "1000",
}


class Desk:
    """A front's delivery: looks into every file that it is handed."""

    keeps = False

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.files: dict[str, tuple[FetchedFile, ...]] = {}
        self.leaks: list[str] = []

    async def send(self, job: Job, fetched: Fetched, on_progress: ProgressSink) -> tuple[StoredFile, ...]:
        paths = [path for file in fetched.files for path in (file.path, file.thumbnail) if path]
        self.leaks += [f"{job.link.url}: {name}" for name in self._marks.found(paths)]
        self.files[job.id] = fetched.files
        return ()

    async def resend(self, job: Job, stored: tuple[StoredFile, ...]) -> bool:
        return False

    async def report(self, job: Job, event: JobEvent) -> None:
        pass


@dataclass
class World:
    """`leaks`: files that held the secret; `tmp`: the folder of the process for temporary files."""

    app: App
    sites: Sites
    root: Path
    desk: Desk
    marks: Marks
    internet: Internet | None
    forced_leaks: list[str] = field(default_factory=list)

    @property
    def host(self) -> ExtractorHost:
        return self.app.extractor

    @property
    def leaks(self) -> list[str]:
        return self.desk.leaks + self.forced_leaks

    @property
    def contacts(self) -> list[Any]:
        """Every knock at the canary, and every private address that was dialled."""
        return [*self.sites.canary.knocks, *(self.internet.strays if self.internet else ())]

    def claim(self, text: str) -> Link:
        """What a front makes of a text with one link. Raises the error under which it is refused."""
        detected = self.app.downloads.detect(text)
        if detected.refused:
            raise error_by_code(detected.refused[0].code)(text)
        (link,) = detected.links
        return link

    async def download(self, text: str) -> tuple[FetchedFile, ...]:
        """The whole way: claim, probe, thumbnail, job. Raises what a person would be told."""
        link = self.claim(text)
        media = await self.app.downloads.probe(link)
        with suppress(GoldcrestError):
            await Thumbnails(self.root / "data" / "thumbnails").get(media.thumbnail, self.host)
        if media.is_live:
            raise LiveNow
        job = await self.app.downloads.submit(Order(FRONT, link, "best"))
        async for event in self.app.downloads.watch(job.id):
            if event.error:
                raise event.error
        return self.desk.files[job.id]

    async def fetch(self, url: str) -> None:
        """A worker's fetch, whatever a probe would have said of the link."""
        folder = job_folder(self.root / "forced")
        try:
            await self.host.fetch(FetchOrder(url, folder, "", {}, MAX_BYTES), lambda _progress: None)
        finally:
            self.forced_leaks += [f"{url}: {name}" for name in self.marks.found(folder.rglob("*"))]
            remove_folder(folder)

    async def resolve(self, url: str) -> None:
        """Follow it as a short link."""
        await self.host.resolve(url)

    def left(self) -> list[str]:
        """Files that should be gone: all but the database, kept thumbnails and what is remembered of links."""
        kept = [self.root / "data" / name for name in ("goldcrest.db", "thumbnails", "cache")]
        # os.walk minds no folder that goes meanwhile
        found = (str(Path(folder, name)) for folder, _, names in os.walk(self.root) for name in names)
        return [path for path in found if not path.startswith(tuple(map(str, kept)))]

    async def settle(self) -> None:
        """Wait until nothing is left; a job's folder goes just after its last event."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while self.left() or self.workers():
                await asyncio.sleep(0.01)

    def workers(self) -> list[psutil.Process]:
        """Processes below the forkserver."""
        forkserver = self.host.state()["forkserver"]
        return psutil.Process(forkserver).children(recursive=True) if forkserver else []


async def code_of(outcome: Awaitable[object]) -> str:
    """`ok`, or the code of the error that a person would be told."""
    try:
        await outcome
    except GoldcrestError as error:
        return error.code
    return "ok"


@asynccontextmanager
async def open_world(
    sites: Sites, root: Path, *, upstream: bool, landlock: bool, **environment: str
) -> AsyncIterator[World]:
    """Goldcrest behind the sites' proxy, or on its own with the small internet's names and addresses."""
    settings = load_settings(
        {
            "MAX_MEMORY_MB": "4000",  # the process of the tests counts as well
            **(sites.env() if upstream else {"EGRESS_TRUST": str(sites.ca_file)}),
            **BOUNDS,
            "DATA_DIR": str(root / "data"),
            "GOLDCREST_SANDBOX__LANDLOCK": "yes" if landlock else "no",
            **environment,
        }
    )
    await asyncio.to_thread(settings.data_dir.mkdir, parents=True)
    app = make_app(settings)
    internet = None if upstream else Internet(sites.port, sites.canary.host)

    def direct(*_needs: object) -> Egress:
        assert internet is not None
        app.up_egress = Egress(settings.egress, resolver=internet.resolve, dial=internet.dial)
        return app.up_egress

    parts = media_parts(settings, app)
    if internet is not None:
        parts = [replace(part, make=direct) if part.name == "egress" else part for part in parts]
    manager = SystemManager(parts)
    await manager.start()
    marks = Marks(sites)
    desk = Desk(marks)
    app.downloads.deliver_to(FRONT, desk)
    try:
        yield World(app, sites, root, desk, marks, internet)
    finally:
        await manager.stop()
