"""The way of a link without a front: the one way out, workers, accounts of sites, downloads, batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.system_manager import Part
from wiring.stores import MEBIBYTE, Stores

if TYPE_CHECKING:
    from platforms.extractor.host import ExtractorHost
    from services.app import App
    from services.batch import Batches
    from services.cookies import CookieFiles
    from services.downloads import Downloads
    from utils.cache import HybridCache
    from utils.circuit_breakers import Breakers
    from utils.config import Settings
    from utils.database import Database
    from utils.egress import Egress
    from utils.memory_manager import MemoryManager


def media_parts(settings: Settings, app: App, after: str | None = None, port: int = 0) -> list[Part]:
    """Everything that a link needs, the stores beneath it too.

    `after`: a part that is up before any of them; `port`: where our own page listens, which no link may reach.
    """
    first = (after,) if after else ()
    public = urlsplit(settings.server.public_url).hostname
    own_hosts = ((public,) if public else ()) + ((f"127.0.0.1:{port}",) if port else ())
    return [*Stores(settings, app).parts(first), *Media(settings, app, own_hosts).parts(first)]


@dataclass(frozen=True, slots=True)
class Media:
    """Factories of these parts; each imports what it needs when it is called.

    `own_hosts`: names and addresses of this very service, refused as links and as destinations.
    """

    settings: Settings
    app: App
    own_hosts: tuple[str, ...]

    def parts(self, first: tuple[str, ...]) -> list[Part]:
        """`first`: what is up before any of them."""
        return [
            Part("egress", self.egress, first),
            Part("extractor", self.extractor, ("egress", "memory")),
            Part("cookies", self.cookies, ("database", "breakers")),
            Part("downloads", self.downloads, ("database", "extractor", "breakers", "cookies", "cache"), renewed=True),
            Part("batches", self.batches, ("database", "downloads")),
        ]

    def egress(self, *_first: object) -> Egress:
        """The proxy that decides about every address."""
        from utils.egress import Egress

        self.app.up_egress = Egress(self.settings.egress, own_hosts=self.own_hosts)
        return self.app.up_egress

    def extractor(self, egress: Egress, memory: MemoryManager) -> ExtractorHost:
        """yt-dlp in processes of its own."""
        from platforms.extractor.host import ExtractorHost

        self.app.up_extractor = ExtractorHost(self.settings, egress, memory=memory)
        return self.app.up_extractor

    def cookies(self, database: Database, breakers: Breakers) -> CookieFiles:
        """Sites, and who we are to them."""
        from core.identities import Identities
        from core.identity_file import identities_path, read_identities
        from platforms.registry import Registry
        from services.cookies import CookieFiles
        from utils.addresses import parse_networks

        settings = self.settings
        registry = Registry(
            settings.platforms.enabled,
            parse_networks(settings.egress.allow),
            ports=settings.egress.ports,
            own_hosts=self.own_hosts,
            more_hosts={"peertube": settings.platforms.peertube_instances},
        )
        path = identities_path(settings.platforms.identities, settings.data_dir)
        configured = read_identities(path, registry.names(), registry.domains) if path else {}
        self.app.up_cookies = CookieFiles(
            settings.data_dir / "cookies",
            registry,
            Identities(configured, breakers),
            database,
            notice_days=settings.platforms.cookie_notice_days,
        )
        return self.app.up_cookies

    def downloads(
        self,
        database: Database,
        extractor: ExtractorHost,
        breakers: Breakers,
        cookies: CookieFiles,
        cache: HybridCache,
    ) -> Downloads:
        """Jobs from the order to the hand-over."""
        from core.dead_letters import DeadLetters
        from core.item_cache import ItemCache
        from core.job_queue import JobQueue
        from core.job_queue_history import History
        from core.limits import Limits
        from core.platform_manager import PlatformManager
        from services.away import Away
        from services.downloads import Downloads
        from services.monitor import Monitor
        from services.stored import Offers, StoredFiles
        from utils.rate_limiter import MemoryStore
        from utils.rate_redis import RedisLimits

        app, settings, bounds = self.app, self.settings, self.settings.downloads
        app.up_monitor = Monitor(settings.monitoring)
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
            JobQueue(
                database,
                bound=bounds.queue_bound,
                user_bound=bounds.user_bound,
                owner_id=settings.telegram.owner_id if bounds.owner_first else 0,
                history=History(database, bound=bounds.history_bound, days=bounds.history_days),
                letters=DeadLetters(database, bound=bounds.dead_bound, days=bounds.dead_days),
            ),
            StoredFiles(database, bound=bounds.stored_bound),
            Offers(database),
            work=settings.data_dir / "work",
            parallel=bounds.parallel,
            links_per_message=bounds.links_per_message,
            reports=app.up_reports,
            monitor=app.up_monitor,
            live_minutes=bounds.live_minutes,
            put_backs=settings.memory.put_backs,
            away=Away(bounds.away_minutes * 60),
        )
        return app.up_downloads

    def batches(self, database: Database, downloads: Downloads) -> Batches:
        """Many items in one order."""
        from core.batch_table import BatchTable
        from services.batch import Batches

        limits = self.settings.downloads
        self.app.up_batches = Batches(
            downloads,
            BatchTable(database),
            bound=limits.batch_bound,
            parallel=limits.parallel + 1,  # the next one is ready when a slot is
        )
        return self.app.up_batches
