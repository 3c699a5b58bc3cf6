"""The extractor host against the test sites: both real, one in the test's loop, the others in a thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from platforms.extractor.groups import is_alive
from platforms.extractor.host import ExtractorHost
from platforms.shapes import FetchOrder, Progress
from tests.sites.harness import Sites, threaded_sites
from utils.config import load_settings
from utils.egress import Egress

GIB = 1 << 30
T = TypeVar("T")


@dataclass
class Running:
    """A host with its egress, and what it said of its progress."""

    host: ExtractorHost
    egress: Egress
    sites: Sites
    root: Path
    progress: list[Progress] = field(default_factory=list)
    on_progress: Callable[[Progress], None] | None = None

    def link(self, path: str) -> str:
        """A page of the origin as the internet sees it."""
        return self.sites.public_url + path

    def folder(self) -> Path:
        """A new folder for one job."""
        folder = self.root / str(len(list(self.root.iterdir())))
        folder.mkdir()
        return folder

    async def fetch(self, url: str, format_id: str = "", **more: Any) -> dict[str, Any]:
        """Fetch into a new folder; the best format where none is named."""
        fields = {"folder": self.folder(), "options": {}, "max_bytes": GIB, **more}
        return await self.host.fetch(FetchOrder(url=url, format_id=format_id, **fields), self._hear)

    async def fetch_file(self, url: str, format_id: str = "", **more: Any) -> dict[str, Any]:
        """The one file of a fetch."""
        (file,) = (await self.fetch(url, format_id, **more))["files"]
        return dict(file)

    async def pid(self) -> int:
        """The process id of the only child, as soon as it has one."""

        def ask() -> int | None:
            workers = self.host._launcher.workers if self.host._launcher else ()
            return next((worker.pid for worker in workers if worker.pid), None)

        return await until(ask)

    def _hear(self, progress: Progress) -> None:
        self.progress.append(progress)
        if self.on_progress:
            self.on_progress(progress)


async def until(ask: Callable[[], T | None], seconds: float = 10) -> T:
    """The first answer that isn't empty."""
    async with asyncio.timeout(seconds):
        while not (answer := ask()):
            await asyncio.sleep(0.005)
    return answer


def group_is_gone(group: int) -> bool:
    """Whether no process of the group runs any more."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return not is_alive(group)


Start = Callable[..., AbstractAsyncContextManager[Running]]


@asynccontextmanager
async def running_host(sites: Sites, root: Path, **environment: str) -> AsyncIterator[Running]:
    """A host with settings from `environment`, where `stall_seconds="1"` is a key of the extractor's section."""
    keys = {key if key.isupper() else f"GOLDCREST_EXTRACTOR__{key.upper()}": text for key, text in environment.items()}
    # the process of the tests counts as well
    settings = load_settings({**sites.env(), "DATA_DIR": str(root), "MAX_MEMORY_MB": "4000", **keys})
    egress = Egress(settings.egress)
    await egress.start()
    host = ExtractorHost(settings, egress)
    await host.start()
    jobs = root / "jobs"
    jobs.mkdir(exist_ok=True)
    try:
        yield Running(host, egress, sites, jobs)
    finally:
        await host.stop()
        await egress.stop()


@pytest.fixture(scope="session")
def sites() -> Iterator[Sites]:
    with threaded_sites() as running:
        yield running


@pytest.fixture
def start_host(sites: Sites, tmp_path: Path) -> Start:
    """Start a host of this test's own, with its own settings."""
    return lambda **environment: running_host(sites, tmp_path, **environment)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(sites: Sites, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A host for all tests of a module that leave it as it was."""
    async with running_host(sites, tmp_path_factory.mktemp("host"), stall_seconds="5") as running:
        yield running
