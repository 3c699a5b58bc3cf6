"""What every front end is given: the settings, the words and the use cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from utils.errors import Starting

if TYPE_CHECKING:
    from core.limits import Limits
    from platforms.extractor.host import ExtractorHost
    from services.alerts import AlertCenter
    from services.batch import Batches
    from services.cookies import CookieFiles
    from services.downloads import Downloads
    from services.monitor import Monitor
    from services.reminders import Reminders
    from services.reports import Reports
    from services.shelf import Shelf
    from services.users import Users
    from utils.cache import HybridCache
    from utils.config import Settings
    from utils.egress import Egress
    from utils.memory_manager import MemoryManager
    from utils.redis_store import RedisStore
    from utils.texts import Texts


@dataclass(slots=True)
class App:
    """One object per process, filled by wiring/ as the parts come up.

    `state()` is the system manager's live view (see `core.system_manager.SystemManager.state`). Asking for a use case
    that isn't up yet raises Starting.
    """

    settings: Settings
    texts: Texts
    state: Callable[[], dict[str, Any]] = dict
    up_downloads: Downloads | None = None
    up_batches: Batches | None = None
    up_users: Users | None = None
    up_reminders: Reminders | None = None
    up_reports: Reports | None = None
    up_shelf: Shelf | None = None
    up_cookies: CookieFiles | None = None
    up_egress: Egress | None = None
    up_extractor: ExtractorHost | None = None
    up_cache: HybridCache | None = None
    up_memory: MemoryManager | None = None
    up_limits: Limits | None = None
    up_redis: RedisStore | None = None
    up_monitor: Monitor | None = None
    up_alerts: AlertCenter | None = None

    @property
    def critical(self) -> list[str]:
        """Names of the critical alerts that are active."""
        return self.up_alerts.critical() if self.up_alerts else []

    @property
    def downloads(self) -> Downloads:
        """The way of a link."""
        if self.up_downloads is None:
            raise Starting
        return self.up_downloads

    @property
    def batches(self) -> Batches:
        """Many items in one order."""
        if self.up_batches is None:
            raise Starting
        return self.up_batches

    @property
    def reminders(self) -> Reminders:
        """Later tries, and streams that somebody waits for."""
        if self.up_reminders is None:
            raise Starting
        return self.up_reminders

    @property
    def reports(self) -> Reports:
        """What is kept of failures with an unknown cause."""
        if self.up_reports is None:
            raise Starting
        return self.up_reports

    @property
    def users(self) -> Users:
        """Who may do what."""
        if self.up_users is None:
            raise Starting
        return self.up_users

    @property
    def cookies(self) -> CookieFiles:
        """The owner's cookie files."""
        if self.up_cookies is None:
            raise Starting
        return self.up_cookies

    @property
    def shelf(self) -> Shelf:
        """Files that wait for their download from the page."""
        if self.up_shelf is None:
            raise Starting
        return self.up_shelf

    @property
    def extractor(self) -> ExtractorHost:
        """The worker processes, for what isn't a job (thumbnails)."""
        if self.up_extractor is None:
            raise Starting
        return self.up_extractor
