"""The real services behind a real server on loopback; only what sites answer and the picture reader are scripted."""

import asyncio
import io
import socket
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace as changed

from api.server import HttpPart
from core.batch_table import BatchTable
from core.item_cache import ItemCache
from core.job_queue import JobQueue
from core.platform_manager import PlatformManager
from platforms.extractor.host import ExtractorHost
from platforms.registry import Registry
from platforms.shapes import Entry, Fetched, FetchedFile, Listing, Media, Progress, Quality
from services.alerts import AlertCenter
from services.app import App
from services.batch import Batches
from services.downloads import Downloads
from services.monitor import Monitor
from services.shelf import Shelf
from services.stored import Offers, StoredFiles
from tests.api.client import Client
from utils.alerts import Alerts, Rule
from utils.config import load_settings
from utils.database import Database
from utils.egress import Egress
from utils.texts import Texts

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"
VIDEO = "https://media.example.net/films/heron.mp4"
MEBIBYTE = 1 << 20


def quality(key, label, size_mb, *, height=None, codec="h264", fits=True):
    ext = "m4a" if key == "audio" else "mp4"
    return Quality(key, label, height, codec, int(size_mb * MEBIBYTE), fits, key, ext)


QUALITIES = (
    quality("best", "1080p", 212.4, height=1080),
    quality("2160p", "2160p", 2613.0, height=2160, codec="vp9", fits=False),
    quality("1080p", "1080p", 212.4, height=1080),
    quality("720p", "720p", 96.8, height=720),
    quality("480p", "480p", 41.3, height=480),
    quality("360p", "360p", 22.7, height=360),
    quality("audio", "M4A", 5.6, codec="aac"),
)


class Sites(Registry):
    """The real registry, whose links are claimed for real; what the sites then answer comes from this script.

    `probes`: url -> error to raise; `steps`: progress reports of a fetch, which then waits for `gate`; `fails`: errors
    of the next fetches; `files`: contents; `asked`: links that were probed; `left`: probes that were given up.
    """

    def __init__(self):
        super().__init__()
        self.title = "The heron at the mill pond: one day in four minutes"
        self.qualities = QUALITIES
        self.thumbnail = "https://media.example.net/heron.jpg"
        self.missing = 0
        self.probes = {}
        self.fails = []
        self.broken = {}
        self.asked = []
        self.left = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.probe_gate = asyncio.Event()
        self.probe_gate.set()
        self.length = 12
        self.steps = [Progress("downloading", 50, 100, 2_400_000.0, 21.0)]
        self.files = [b"0123456789" * 1000]
        self.kind, self.mime, self.suffix = "video", "video/mp4", ".mp4"

    def platform(self, name):
        return Actor(super().platform(name), self)

    def media(self, link):
        return Media(
            link.platform,
            link.id,
            link.kind,
            link.canonical,
            link.url,
            self.title,
            self.qualities,
            duration_seconds=252.0,
            thumbnail=self.thumbnail,
            uploader="Marsh Diary",
            missing=self.missing,
        )


class Actor:
    """A site that claims links itself and plays the rest."""

    def __init__(self, real, script):
        self._real = real
        self._script = script

    def match(self, *link):
        return self._real.match(*link)

    async def probe(self, link, *_means):
        script = self._script
        script.asked.append(link.url)
        try:
            await script.probe_gate.wait()
        except asyncio.CancelledError:
            script.left += 1
            raise
        if link.url in script.probes:
            raise script.probes[link.url]
        return script.media(link)

    def beside(self, link):
        return self._real.beside(link)

    async def page(self, link, _extractor, first, count):
        script = self._script
        if link.url in script.probes:
            raise script.probes[link.url]
        last = min(first + count - 1, script.length)
        entries = tuple(
            Entry(n, f"https://media.example.net/{n}.mp4", f"Part {n}", 61.0) for n in range(first, last + 1)
        )
        more = last < script.length
        more_of_it = link.platform, link.kind, link.canonical, link.url, "Days at the mill pond", "Marsh Diary"
        return Listing(*more_of_it, script.length, first, entries, more)

    async def fetch(self, media, _quality, *means):
        script = self._script
        _extractor, folder, _max_bytes, on_progress, *_part = means
        if media.url in script.broken:
            raise script.broken[media.url]
        for step in script.steps:
            on_progress(step)
        await script.gate.wait()
        if script.fails:
            raise script.fails.pop(0)
        files = []
        for number, content in enumerate(script.files):
            path = folder / f"file-{number}{script.suffix}"
            path.write_bytes(content)
            files.append(FetchedFile(path, len(content), script.kind, script.mime, 1920, 1080, 252.0))
        return Fetched(media, tuple(files))


def picture(size=(640, 360)):
    """A JPEG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", size, (90, 130, 60)).save(buffer, "JPEG")
    return buffer.getvalue()


class Reader(ExtractorHost):
    """The real extractor, but for what it reads of small resources."""

    def __init__(self, *means):
        super().__init__(*means)
        self.content = picture()
        self.read_urls = []

    async def read(self, url, path, max_bytes):
        self.read_urls.append(url)
        path.write_bytes(self.content[:max_bytes])
        return "image/jpeg"


RULES = (
    Rule(name="memory_critical", metric="memory", threshold=0.95, clear=0.9, level="critical"),
    Rule(name="error_rate", metric="error_rate", threshold=0.1),
)


class Watch:
    """What rules of alerts see, and when they look."""

    def __init__(self):
        self.values: dict[str, float | None] = {}
        self._ticks: asyncio.Queue[None] = asyncio.Queue()
        self._looked = asyncio.Event()

    async def look(self):
        self._looked.set()
        return self.values

    async def sleep(self, _seconds):
        await self._ticks.get()

    async def see(self, **values):
        """Let them look at these."""
        self.values = values
        self._looked.clear()
        self._ticks.put_nowait(None)
        await self._looked.wait()
        await asyncio.sleep(0)


class Stage:
    """One server with all that stands behind it."""

    def __init__(self, app, sites, reader, part, watch, *, port):
        self.app, self.sites, self.reader, self.part, self.watch = app, sites, reader, part, watch
        self.port = port
        self.client = Client(port)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def order(self, **body):
        """A job accepted over the API."""
        answer = await self.client.post("/api/v1/downloads", {"url": VIDEO, **body})
        assert answer.status == 202, answer.body
        return answer.json["job"]

    async def until(self, job_id, phase):
        """The job once it is in that phase."""
        async with asyncio.timeout(30):
            while True:
                job = (await self.client.get(f"/api/v1/downloads/{job_id}")).json["job"]
                if job["phase"] == phase:
                    return job
                await asyncio.sleep(0.005)


def settings_for(folder, **server):
    environment = {"DATA_DIR": str(folder), "PORT": "0"}
    environment |= {f"GOLDCREST_SERVER__{name.upper()}": value for name, value in server.items()}
    return load_settings(environment)


def listener():
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


LIVE = {
    "state": "ok",
    "ready": True,
    "uptime_seconds": 9912.5,
    "ready_seconds": 0.4,
    "parts": {"http": {"state": "running", "vital": True, "ok": True, "detail": ""}},
}


@asynccontextmanager
async def staged(folder, *, storage=None, **server):
    """Everything up; `server`: settings of that section, `storage`: changes of that section."""
    settings = settings_for(folder, **server)
    database = Database(folder / "goldcrest.db", MIGRATIONS)
    await database.start()
    sites = Sites()
    egress = Egress(settings.egress)
    reader = Reader(settings, egress)
    app = App(settings=settings, texts=Texts(strict=True), state=lambda: LIVE)
    app.up_monitor = Monitor(settings.monitoring)
    once = changed(settings.retry, max_attempts=1)
    downloads = Downloads(
        PlatformManager(sites, reader, once, max_bytes=2000 * MEBIBYTE, items=ItemCache(info_seconds=0)),
        JobQueue(database, bound=50, user_bound=50),
        StoredFiles(database),
        Offers(database),
        work=folder / "work",
        parallel=2,
        monitor=app.up_monitor,
    )
    watch = Watch()
    alerts = app.up_alerts = AlertCenter(Alerts(RULES), watch.look, settings.alerts, database, sleep=watch.sleep)
    batches = Batches(downloads, BatchTable(database), bound=settings.downloads.batch_bound, parallel=3)
    shelf = Shelf(folder / "shelf", storage or settings.storage)
    app.up_downloads, app.up_shelf, app.up_batches = downloads, shelf, batches
    app.up_egress, app.up_extractor = egress, reader
    await downloads.start()
    await batches.start()
    await shelf.start()
    await alerts.start()
    downloads.deliver_to("web", shelf)
    sock = listener()
    part = HttpPart(app, sock)
    await part.start()
    try:
        yield Stage(app, sites, reader, part, watch, port=sock.getsockname()[1])
    finally:
        await part.stop()
        await alerts.stop()
        await shelf.stop()
        await batches.stop()
        await downloads.stop()
        await database.stop()


def with_storage(folder, **changes):
    """The storage section with changes."""
    return changed(settings_for(folder).storage, **changes)
