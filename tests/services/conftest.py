"""A Downloads service over a real database; the sites are scripted."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.job_queue import JobQueue
from platforms.shapes import Fetched, FetchedFile, Link, Media, Progress, Quality
from services.downloads import Downloads
from services.jobs import Order, StoredFile
from services.stored import Offers, StoredFiles
from utils.database import Database

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"


QUALITY = Quality("best", "360p", 360, "h264", 10, True, "18")


def link(item="1", *, short=False):
    return Link(f"https://site.test/{item}", f"site:{item}", "site", "video", item, short=short)


def media(of):
    return Media(of.platform, of.id, of.kind, of.canonical, of.url, "T", (QUALITY, replace(QUALITY, key="360p")))


def order(item="1", *, front="telegram", user=7, quality="best"):
    return Order(front, link(item), quality, user, "T", {"chat_id": user})


class Sites:
    """What PlatformManager offers. A fetch writes a file, reports once and waits for `gate`."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()
        self.fetches = []
        self.folders = []
        self.fails = []

    def detect(self, text, bound):
        return text, bound

    async def resolve(self, link):
        return link

    async def probe(self, link):
        return media(link)

    def settle(self, link, quality):
        return {"best": "360p"}.get(quality, quality)

    async def fetch(self, link, quality, folder, on_progress):
        self.fetches.append((link.canonical, quality))
        self.folders.append(folder)
        path = folder / "video.mp4"
        path.write_bytes(b"x" * 10)
        on_progress(Progress("downloading", 5, 10))
        self.began.set()
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)
        return Fetched(media(link), (FetchedFile(path, 10, "video", "video/mp4", 640, 360, 6.0),))


class Front:
    """A Delivery that writes down what it is told; `gate` holds back a hand-over."""

    def __init__(self, *, keeps):
        self.keeps = keeps
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()
        self.sent = []
        self.resent = []
        self.reports = []
        self.alive = True
        self.fails = []

    async def send(self, job, fetched, on_progress):
        self.began.set()
        on_progress(Progress("uploading", 1, 10))
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)
        assert all(file.path.exists() for file in fetched.files)
        self.sent.append((job.id, job.random_id))
        kept = StoredFile(job.link.canonical, job.quality, 0, "file", 1, len(self.sent), "video", 10)
        return (kept,) if self.keeps else ()

    async def resend(self, job, stored):
        if not self.alive:
            return False
        self.resent.append((job.id, stored[0].file_id))
        return True

    async def report(self, job, event):
        self.reports.append((job.id, event))

    def phases(self, job):
        return [event.phase for job_id, event in self.reports if job_id == job.id]


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def sites():
    return Sites()


@pytest.fixture
def telegram():
    return Front(keeps=True)


@pytest.fixture
def web():
    return Front(keeps=False)


@pytest.fixture
def make(database, sites, tmp_path):
    """Build a service on the same database: what a restart is."""

    def make(*, bound=50, user_bound=50, parallel=2, away=None):
        return Downloads(
            sites,
            JobQueue(database, bound=bound, user_bound=user_bound),
            StoredFiles(database),
            Offers(database),
            work=tmp_path / "work",
            parallel=parallel,
            away=away,
        )

    return make


@pytest.fixture
async def downloads(make, telegram, web):
    downloads = make()
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    downloads.deliver_to("web", web)
    yield downloads
    await downloads.stop()


async def ended(downloads, job):
    """The final event of a job."""
    async with asyncio.timeout(10):
        events = [event async for event in downloads.watch(job.id)]
    return events[-1]
