"""/dashboard: the operator's view, a page that draws what /status tells; who may see it stands in api/access.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from api.pages import Pages
    from services.app import App

#: sentences that the script shows; their placeholders stand for themselves until it fills them
WORDS: Final = (
    *("starting", "running", "degraded", "stopping", "stopped", "failed"),
    *("uptime", "all_well", "memory_of", "memory_unknown", "queue_of", "waiting", "working", "sending"),
    *("jobs_total", "jobs_well", "error_rate", "error_unknown", "none_yet"),
    *("phase", "count", "mean", "median", "slowest", "queue", "probe", "download", "record", "merge", "fit", "upload"),
    *("site", "good", "bad", "breaker", "closed", "half_open", "open", "sites_open"),
    *("no_failures", "failure", "slow", "no_alerts", "since", "critical", "warning", "info", "last_alert"),
    *("raised", "repeated", "cleared", "fresh", "stale"),
)
PLACES: Final = ("time", "used", "count", "bound", "share", "site", "phase", "code", "open", "name", "kind")


class Dashboard:
    """One page beside those of `api.pages`."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._texts = app.texts
        self._pages = pages

    def routes(self) -> list[Route]:
        """One."""
        return [Route("/dashboard", self.show)]

    async def show(self, _request: Request) -> Response:
        """The page; its script asks for /status every few seconds."""
        themselves = {place: f"{{{place}}}" for place in PLACES}
        words = {name: self._texts(f"dashboard.{name}", **themselves) for name in WORDS}
        # "<" would let a sentence end the script element it stands in
        written = msgspec.json.encode(words).decode().replace("<", "\\u003c")
        return self._pages.page("dashboard.html", {"script_words": written})
