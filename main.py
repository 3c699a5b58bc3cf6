"""Entry and only wiring: the parts, what each needs, and imports inside the factories so that nothing loads unasked."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from core.system_manager import Part, SystemManager
from services.app import App
from utils.config import Settings, load_settings
from utils.errors import ConfigError
from utils.logs import get_logger, setup_logs

if TYPE_CHECKING:
    from api.server import HttpPart
    from bot.client import TelegramPart
    from platforms.extractor.host import ExtractorHost
    from services.batch import Batches
    from services.cookies import CookieFiles
    from services.downloads import Downloads
    from services.reminders import Reminders
    from services.reports import Reports
    from services.shelf import Shelf
    from services.users import Users
    from utils.cache import HybridCache
    from utils.circuit_breakers import Breakers
    from utils.database import Database
    from utils.egress import Egress
    from utils.redis_store import RedisStore

ROOT = Path(__file__).resolve().parent
MEBIBYTE = 1 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments) in ([], ["serve"]):
        return serve()
    from cli.main import run

    return run(arguments, open_app, serve)


def serve() -> int:
    """Run the web app, and the bot where there is a token, until SIGTERM or SIGINT."""
    try:
        settings = load_settings()
        folder = lock_folder(settings.data_dir)
        listener = listen(settings)
    except ConfigError as error:
        print(error.detail, file=sys.stderr)
        return 2
    with folder, listener:
        return asyncio.run(run_until_signal(settings, listener))


def lock_folder(folder: Path) -> BinaryIO:
    """Keep a second process out of the data folder: it would take over the jobs of the first."""
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise ConfigError(f"DATA_DIR = {folder} can't be used: {error.strerror}; it must be writable") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(f"DATA_DIR = {folder} is in use by another Goldcrest; each needs its own") from None
    return lock


def listen(settings: Settings) -> socket.socket:
    """Bind and listen before anything heavy is loaded; callers wait in the backlog meanwhile."""
    host, port = settings.server.host, settings.server.port
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"PORT = {port} on {host} can't be used: {error.strerror}; another one may be free") from None
    listener.listen(128)
    listener.setblocking(False)
    return listener


async def run_until_signal(settings: Settings, listener: socket.socket) -> int:
    """Start all parts, wait for the end, stop them. A second signal doesn't wait any more."""
    manager = wire(settings, listener)
    ended = asyncio.Event()

    def on_signal() -> None:
        if ended.is_set():
            os._exit(1)
        ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    starting = asyncio.create_task(start(manager, settings.start.cold_start_target_seconds))
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.is_set() and starting.exception() is None:
        await waiting
    await manager.stop()
    await asyncio.wait({starting})
    waiting.cancel()
    if ended.is_set():
        return 0
    error = starting.exception()
    if isinstance(error, ConfigError):
        print(error.detail, file=sys.stderr)
        return 2
    print(f"Goldcrest could not start: {error}", file=sys.stderr)
    return 1


async def start(manager: SystemManager, target_seconds: float) -> None:
    """Start all parts; a start slower than the target is worth a warning."""
    began = time.monotonic()
    await manager.start()
    seconds = time.monotonic() - began
    if seconds > target_seconds:
        get_logger().warning("system.slow_start", seconds=round(seconds, 1), target_seconds=target_seconds)


def wire(settings: Settings, listener: socket.socket) -> SystemManager:
    """Build the parts of a server around one App."""
    app = make_app(settings)
    port = listener.getsockname()[1]

    def http() -> HttpPart:
        from api.server import HttpPart

        return HttpPart(app, listener)

    def logs(_http: HttpPart) -> None:
        setup_logs(settings.log.level, settings.log.format, settings.secrets)
        get_logger().info("http.listening", port=port, page=f"http://localhost:{port}/")

    def shelf(downloads: Downloads) -> Shelf:
        from services.shelf import Shelf

        app.up_shelf = Shelf(settings.data_dir / "shelf", settings.storage)
        downloads.deliver_to("web", app.up_shelf)
        return app.up_shelf

    def reports(*_first: object) -> Reports:
        from services.reports import Reports

        app.up_reports = Reports(settings.data_dir / "reports", settings.reports, secrets=settings.secrets)
        return app.up_reports

    def reminders(database: Database) -> Reminders:
        from services.reminders import Reminders

        app.up_reminders = Reminders(database, settings.reminders)
        return app.up_reminders

    def users(database: Database) -> Users:
        from services.users import Users

        app.up_users = Users(database, owner_id=settings.telegram.owner_id)
        return app.up_users

    def telegram(
        database: Database, _downloads: Downloads, _users: Users, _batches: Batches, _reminders: Reminders
    ) -> TelegramPart:
        from bot.client import TelegramPart

        return TelegramPart(settings, app, database)

    parts = [
        Part("http", http),
        Part("logs", logs, ("http",)),
        Part("reports", reports, ("logs",)),
        *media_parts(settings, app, after="reports", port=port),
        Part("shelf", shelf, ("downloads",)),
    ]
    if settings.telegram.bot_token:
        parts.append(Part("users", users, ("database",)))
        parts.append(Part("reminders", reminders, ("database",)))
        needs = ("database", "downloads", "users", "batches", "reminders")
        parts.append(Part("telegram", telegram, needs, vital=False))
    manager = SystemManager(parts, stop_seconds=settings.start.stop_seconds)
    app.state = manager.state
    return manager


def make_app(settings: Settings) -> App:
    """The object that every front is given."""
    from utils.texts import Texts

    return App(settings=settings, texts=Texts())


def media_parts(settings: Settings, app: App, after: str | None = None, port: int = 0) -> list[Part]:
    """The way of a link without a front: database, egress, extractor, downloads.

    `after`: a part that is up before any of them; `port`: where our own page listens, which no link may reach.
    """
    first = (after,) if after else ()
    public = urlsplit(settings.server.public_url).hostname
    own_hosts = ((public,) if public else ()) + ((f"127.0.0.1:{port}",) if port else ())

    def database(*_first: object) -> Database:
        from utils.database import Database

        return Database(settings.data_dir / "goldcrest.db", ROOT / "core" / "migrations")

    def egress(*_first: object) -> Egress:
        from utils.egress import Egress

        app.up_egress = Egress(settings.egress, own_hosts=own_hosts)
        return app.up_egress

    def extractor(egress: Egress) -> ExtractorHost:
        from platforms.extractor.host import ExtractorHost

        app.up_extractor = ExtractorHost(settings, egress)
        return app.up_extractor

    def redis(*_first: object) -> RedisStore:
        from utils.redis_store import RedisStore

        app.up_redis = RedisStore(settings.redis.url, timeout_seconds=settings.redis.timeout_seconds)
        return app.up_redis

    def breakers(database: Database, *shared: RedisStore) -> Breakers:
        from msgspec.structs import asdict

        from utils.breaker_redis import RedisBreakers
        from utils.breaker_store import SqliteBreakers
        from utils.circuit_breaker import BreakerPolicy
        from utils.circuit_breakers import Breakers

        store = RedisBreakers(shared[0]) if shared else SqliteBreakers(database)
        return Breakers(BreakerPolicy(**asdict(settings.breaker)), store=store)

    def cookies(database: Database, breakers: Breakers) -> CookieFiles:
        from core.identities import Identities
        from core.identity_file import identities_path, read_identities
        from platforms.registry import Registry
        from services.cookies import CookieFiles
        from utils.addresses import parse_networks

        registry = Registry(
            settings.platforms.enabled,
            parse_networks(settings.egress.allow),
            ports=settings.egress.ports,
            own_hosts=own_hosts,
            more_hosts={"peertube": settings.platforms.peertube_instances},
        )
        path = identities_path(settings.platforms.identities, settings.data_dir)
        configured = read_identities(path, registry.names(), registry.domains) if path else {}
        app.up_cookies = CookieFiles(
            settings.data_dir / "cookies",
            registry,
            Identities(configured, breakers),
            database,
            notice_days=settings.platforms.cookie_notice_days,
        )
        return app.up_cookies

    def cache(*_first: object) -> HybridCache:
        from utils.cache import HybridCache

        sizes = settings.cache
        app.up_cache = HybridCache(
            settings.data_dir / "cache",
            memory_bytes=sizes.memory_mb * MEBIBYTE,
            disk_bytes=sizes.size_mb * MEBIBYTE,
        )
        return app.up_cache

    def downloads(
        database: Database, extractor: ExtractorHost, breakers: Breakers, cookies: CookieFiles, cache: HybridCache
    ) -> Downloads:
        from core.item_cache import ItemCache
        from core.job_queue import JobQueue
        from core.limits import Limits
        from core.platform_manager import PlatformManager
        from services.downloads import Downloads
        from services.stored import Offers, StoredFiles
        from utils.rate_limiter import MemoryStore
        from utils.rate_redis import RedisLimits

        bounds = settings.downloads
        store = None
        if app.up_redis is not None:
            store = RedisLimits(app.up_redis, MemoryStore())
        limits = app.up_limits = Limits(settings.limits, lambda name: cookies.sites.platform(name).rate, store)
        items = ItemCache(
            cache,
            info_seconds=bounds.info_minutes * 60,
            stale_seconds=settings.cache.stale_minutes * 60,
            failure_seconds=settings.cache.failure_seconds,
        )
        platforms = PlatformManager(
            cookies.sites,
            extractor,
            settings.retry,
            items=items,
            max_bytes=min(bounds.max_size_mb, settings.telegram.max_upload_mb) * MEBIBYTE,
            breakers=breakers,
            identities=cookies.identities,
            limits=limits,
        )
        app.up_downloads = Downloads(
            platforms,
            JobQueue(database, bound=bounds.queue_bound, user_bound=bounds.user_bound),
            StoredFiles(database),
            Offers(database),
            work=settings.data_dir / "work",
            parallel=bounds.parallel,
            links_per_message=bounds.links_per_message,
            reports=app.up_reports,
            live_minutes=bounds.live_minutes,
        )
        return app.up_downloads

    def batches(database: Database, downloads: Downloads) -> Batches:
        from core.batch_table import BatchTable
        from services.batch import Batches

        limits = settings.downloads
        app.up_batches = Batches(
            downloads,
            BatchTable(database),
            bound=limits.batch_bound,
            parallel=limits.parallel + 1,  # the next one is ready when a slot is
        )
        return app.up_batches

    return [
        Part("database", database, first),
        Part("egress", egress, first),
        Part("extractor", extractor, ("egress",)),
        *([Part("redis", redis, first)] if settings.redis.url else []),
        Part("breakers", breakers, ("database", "redis") if settings.redis.url else ("database",)),
        Part("cookies", cookies, ("database", "breakers")),
        Part("cache", cache, first),
        Part("downloads", downloads, ("database", "extractor", "breakers", "cookies", "cache")),
        Part("batches", batches, ("database", "downloads")),
    ]


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """The way of a link for a single command of the terminal."""
    app = make_app(settings)
    manager = SystemManager(media_parts(settings, app), stop_seconds=settings.start.stop_seconds)
    app.state = manager.state
    await manager.start()
    try:
        yield app
    finally:
        await manager.stop()


if __name__ == "__main__":
    sys.exit(main())
