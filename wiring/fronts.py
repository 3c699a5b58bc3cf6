"""The parts that people and hosts meet: page and /health, log, reports, shelf, the bot and who may use it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.system_manager import Part
from utils.logs import get_logger, setup_logs

if TYPE_CHECKING:
    from api.server import HttpPart
    from bot.client import TelegramPart
    from services.alerts import AlertCenter
    from services.app import App
    from services.batch import Batches
    from services.downloads import Downloads
    from services.reminders import Reminders
    from services.reports import Reports
    from services.shelf import Shelf
    from services.users import Users
    from utils.config import Settings
    from utils.database import Database


@dataclass(frozen=True, slots=True)
class Fronts:
    """Factories of these parts; each imports what it needs when it is called. `listener`: bound and listening."""

    settings: Settings
    app: App
    listener: socket.socket

    def first(self) -> list[Part]:
        """Those that are up before anything heavy is loaded; the last one is what the others wait for."""
        return [
            Part("http", self.http),
            Part("logs", self.logs, ("http",)),
            Part("reports", self.reports, ("logs",)),
        ]

    def last(self) -> list[Part]:
        """Those that stand on the way of a link."""
        parts = [Part("shelf", self.shelf, ("downloads",)), Part("alerts", self.alerts, ("database", "downloads"))]
        if self.settings.telegram.bot_token:
            parts.append(Part("users", self.users, ("database",)))
            parts.append(Part("reminders", self.reminders, ("database",)))
            needs = ("database", "downloads", "users", "batches", "reminders", "alerts")
            parts.append(Part("telegram", self.telegram, needs, vital=False))
        return parts

    def http(self) -> HttpPart:
        """The gate of the page."""
        from api.server import HttpPart

        return HttpPart(self.app, self.listener)

    def logs(self, _http: HttpPart) -> None:
        """Only a setup: /health answers before it."""
        port = self.listener.getsockname()[1]
        setup_logs(self.settings.log.level, self.settings.log.format, self.settings.secrets)
        get_logger().info("http.listening", port=port, page=f"http://localhost:{port}/")

    def reports(self, *_first: object) -> Reports:
        """Failures with an unknown cause."""
        from services.reports import Reports

        settings = self.settings
        self.app.up_reports = Reports(settings.data_dir / "reports", settings.reports, secrets=settings.secrets)
        return self.app.up_reports

    def shelf(self, downloads: Downloads) -> Shelf:
        """Files that wait for their download from the page."""
        from services.shelf import Shelf

        self.app.up_shelf = Shelf(self.settings.data_dir / "shelf", self.settings.storage)
        downloads.deliver_to("web", self.app.up_shelf)
        return self.app.up_shelf

    def alerts(self, database: Database, _downloads: Downloads) -> AlertCenter:
        """What the owner is told of by itself."""
        from services.alert_rules import read_rules
        from services.alert_values import AlertValues
        from services.alerts import AlertCenter
        from utils.alerts import Alerts
        from utils.config import DEFAULTS

        settings = self.settings.alerts
        path = Path(settings.rules).expanduser() if settings.rules else DEFAULTS.with_name("alerts.yaml")
        self.app.up_alerts = AlertCenter(Alerts(read_rules(path)), AlertValues(self.app), settings, database)
        return self.app.up_alerts

    def users(self, database: Database) -> Users:
        """Who may use the bot."""
        from services.users import Users

        telegram = self.settings.telegram
        self.app.up_users = Users(database, owner_id=telegram.owner_id, besides=telegram.users)
        return self.app.up_users

    def reminders(self, database: Database) -> Reminders:
        """Later tries, and streams that somebody waits for."""
        from services.reminders import Reminders

        self.app.up_reminders = Reminders(database, self.settings.reminders)
        return self.app.up_reminders

    def telegram(
        self,
        database: Database,
        _downloads: Downloads,
        _users: Users,
        _batches: Batches,
        _reminders: Reminders,
        _alerts: AlertCenter,
    ) -> TelegramPart:
        """The bot."""
        from bot.client import TelegramPart

        return TelegramPart(self.settings, self.app, database)
