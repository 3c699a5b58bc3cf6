"""The bot in this process, with the real client, against a Telegram server on loopback; the sites are scripted."""

import asyncio
import io
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.client import TelegramPart
from core.batch_table import BatchTable
from core.job_queue import JobQueue
from platforms.extractor.formats import settle
from platforms.parts import is_recording, read_part, wanted_part
from platforms.registry import Registry
from platforms.shapes import Entry, Fetched, FetchedFile, Listing, Media, Missing, Progress, Quality
from services.app import App
from services.away import Away
from services.batch import Batches
from services.downloads import Downloads
from services.reminders import Reminders
from services.reports import Reports
from services.stored import Offers, StoredFiles
from services.users import Users
from tests.telegram_server.client import API_ID
from tests.telegram_server.harness import running_server
from utils.config import load_settings
from utils.database import Database
from utils.seal import Seal
from utils.texts import Texts

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"
MEBIBYTE = 1 << 20
QUALITIES = (
    Quality("best", "1080p", 1080, "h264", 84 * MEBIBYTE, True, "137+140"),
    Quality("2160p", "2160p", 2160, "vp9", 3000 * MEBIBYTE, False, "401+140"),
    Quality("1080p", "1080p", 1080, "h264", 84 * MEBIBYTE, True, "137+140"),
    Quality("360p", "360p", 360, "h264", None, True, "18"),
    Quality("audio", "audio", None, "aac", 3 * MEBIBYTE, True, "140", "m4a"),
)


def jpeg(width, height):
    """A small picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), "gold").save(target, "JPEG")
    return target.getvalue()


async def settled(condition, seconds=10):
    """Wait until something holds that nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


class Sites:
    """What PlatformManager offers: links are found for real, probes and downloads are scripted.

    `looking` and `fetching` hold a probe or a fetch back; `fails` are raised by probes, `breaks` by fetches; `files`
    are (name, bytes, fields of FetchedFile) that a fetch leaves, `missing` what it could not get; `shape` changes
    fields of what a probe finds. Every list has `length` entries; `pages` are the positions that it was read from.
    """

    def __init__(self, folder):
        self.folder = folder
        self.registry = Registry()
        self.title = "A <b>goldcrest</b> & *its* nest"
        self.qualities = QUALITIES
        self.shape: dict[str, Any] = {}
        self.fails, self.breaks, self.probes, self.fetches = [], [], [], []
        self.length, self.pages = 25, []
        self.looking, self.fetching = asyncio.Event(), asyncio.Event()
        self.looking.set()
        self.fetching.set()
        self.files = [
            ("video.mp4", b"v" * 700_000, {"kind": "video", "mime": "video/mp4", "width": 640, "height": 360}),
        ]
        self.missing: tuple[Missing, ...] = ()
        self.phases = [Progress("downloading", 350_000, 700_000, 70_000.0, 5.0)]

    def detect(self, text, bound):
        return self.registry.detect(text, bound)

    async def resolve(self, link):
        return link

    async def probe(self, link):
        self.probes.append(link.canonical)
        await self.looking.wait()
        if self.fails:
            raise self.fails.pop(0)
        return self.media(link)

    def media(self, link):
        known = (link.platform, link.id, link.kind, link.canonical, link.url, self.title, self.qualities)
        return replace(Media(*known, 6.2, None, "Goldie"), **self.shape)

    def settle(self, link, quality, part=""):
        return settle(self.media(link), quality, live=is_recording(part))

    def settle_part(self, link, part):
        wanted, _media = wanted_part(read_part(part), self.media(link), 2000 * MEBIBYTE)
        return wanted.key if wanted else ""

    def beside(self, link):
        return self.registry.platform(link.platform).beside(link)

    async def page(self, link, first, count):
        self.pages.append(first)
        await self.looking.wait()
        if self.fails:
            raise self.fails.pop(0)
        last = min(first + count - 1, self.length)
        entries = tuple(
            Entry(place, f"https://www.youtube.com/watch?v=entry{place:06}", f"Entry {place}", 61.0)
            for place in range(first, last + 1)
        )
        known = (link.platform, link.kind, link.canonical, link.url, "A list", "Goldie", self.length)
        return Listing(*known, first, entries, last < self.length)

    async def fetch(self, link, quality, folder, on_progress, part="", enough=None):  # noqa: PLR0917 - as it is called
        self.fetches.append((link.canonical, quality, part) if part else (link.canonical, quality))
        self.enough = enough
        for progress in self.phases:
            on_progress(progress)
        await self.fetching.wait()
        if self.breaks:
            raise self.breaks.pop(0)
        files = []
        for name, content, fields in self.files:
            path = folder / name
            path.write_bytes(content)
            thumbnail = None
            if fields["kind"] == "video":
                thumbnail = path.with_suffix(".jpg")
                thumbnail.write_bytes(jpeg(320, 180))
            known: dict[str, Any] = {"duration_seconds": 6.2, **fields}
            files.append(FetchedFile(path, len(content), thumbnail=thumbnail, **known))
        return Fetched(self.media(link), tuple(files), self.missing)


class Ticker:
    """Wall time that stands until a test lets it pass; sleeps end when it does."""

    def __init__(self):
        self.now = time.time()
        self._sleepers = []

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        waking = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waking))
        await waking

    def pass_by(self, seconds):
        self.now += seconds
        for at, waking in self._sleepers:
            if at <= self.now and not waking.done():
                waking.set_result(None)


class Bot:
    """The parts of a bot process, started and stopped together. `environment` overrides settings.

    Waits are noted in `sleeps` and over at once, for the clock too; those of `endless` seconds and more never end.
    """

    def __init__(self, environment, folder, sites, endless):
        self.settings = load_settings(
            {
                "DATA_DIR": str(folder),
                "GOLDCREST_TELEGRAM__EDIT_INTERVAL_SECONDS": "0.05",
                **environment,
            }
        )
        self.database = Database(folder / "goldcrest.db", MIGRATIONS)
        self.app = App(settings=self.settings, texts=Texts(strict=True))
        self.sites = sites
        self.folder = folder
        self.sleeps = []
        self.endless = endless
        self.skipped = 0.0
        self.ticker = Ticker()
        self.part = TelegramPart(self.settings, self.app, self.database, clock=self._clock, sleep=self._sleep)

    def _clock(self):
        return time.monotonic() + self.skipped

    async def _sleep(self, seconds):
        self.sleeps.append(seconds)
        short = min(seconds, 0.02) if seconds < self.endless else 3600
        await asyncio.sleep(short)
        self.skipped += seconds - short

    async def start(self):
        await self.database.start()
        self.app.up_users = Users(self.database, self.settings.telegram.owner_id, self.settings.telegram.users)
        await self.app.up_users.start()
        self.app.up_reports = Reports(self.folder / "reports", self.settings.reports, secrets=self.settings.secrets)
        await self.app.up_reports.start()
        self.app.up_downloads = Downloads(
            self.sites,
            JobQueue(self.database, bound=50, user_bound=20),
            StoredFiles(self.database),
            Offers(self.database),
            work=self.folder / "work",
            parallel=2,
            reports=self.app.up_reports,
            away=Away(self.settings.downloads.away_minutes * 60, clock=self._clock, sleep=self._sleep),
        )
        await self.app.up_downloads.start()
        self.app.up_reminders = Reminders(
            self.database, self.settings.reminders, clock=self.ticker.clock, sleep=self.ticker.sleep
        )
        await self.app.up_reminders.start()
        self.app.up_batches = Batches(
            self.app.up_downloads,
            BatchTable(self.database),
            bound=self.settings.downloads.batch_bound,
            parallel=3,
            sleep=self._sleep,
        )
        await self.app.up_batches.start()
        await self.part.start()
        return self

    async def stop(self):
        await self.part.stop()
        await self.app.reminders.stop()
        await self.app.batches.stop()
        await self.app.downloads.stop()
        await self.database.stop()


@pytest.fixture
async def telegram():
    """A Telegram server with the bot's account and alice."""
    async with running_server() as telegram:
        yield telegram


@pytest.fixture
def sites(tmp_path):
    return Sites(tmp_path)


class Runs:
    """Starts a bot process' parts; alice owns it unless told otherwise. Called again it is a restart."""

    def __init__(self, telegram, sites, folder):
        self.telegram, self.sites, self.folder = telegram, sites, folder
        self.running = None

    async def __call__(self, *, endless=10**9, **environment):
        await self.stop()
        owned = self.telegram.env() | {"OWNER_ID": str(self.telegram.alice.id)}
        self.running = Bot(owned | environment, self.folder, self.sites, endless)
        return await self.running.start()

    async def sign_in(self):
        """Leave a session in the database, so that the next process needs no key exchange, which takes its time."""
        from bot.session_store import Record, SessionStore

        bot, server = self.telegram.bot, self.telegram.server
        database = Database(self.folder / "goldcrest.db", MIGRATIONS)
        await database.start()
        store = SessionStore(database, Seal(bot.token, f"telegram session {server.address}"), bot.id)
        key = os.urandom(256)
        server.add_key(2, key, bot.id)
        store.record = Record(api_id=API_ID, test_mode=False, auth_key=key, user_id=bot.id, is_bot=True)
        await store.keep()
        await database.stop()

    async def stop(self):
        bot, self.running = self.running, None
        if bot is not None:
            await bot.stop()


@pytest.fixture
async def run(telegram, sites, tmp_path):
    runs = Runs(telegram, sites, tmp_path)
    yield runs
    await runs.stop()


@pytest.fixture
async def bot(run):
    """A running bot that alice owns."""
    await run.sign_in()
    return await run()
