"""/api/v1/breakers: how the sites do, and pausing one by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from api.bodies import BreakerBody, read_json
from api.replies import json_reply
from utils.errors import AccessDenied

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.app import App


class BreakersApi:
    """The breakers of sites and of their identities, by name."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> list[Route]:
        """The addresses of this resource."""
        return [
            Route("/api/v1/breakers", self.show, methods=["GET"]),
            Route("/api/v1/breakers", self.change, methods=["POST"]),
        ]

    async def show(self, _request: Request) -> Response:
        """All of them with their figures."""
        return json_reply({"ok": True, "breakers": self._app.downloads.guard.breakers()})

    async def change(self, request: Request) -> Response:
        """Open one, for some seconds or until it is closed, or close it. Raises AccessDenied where all may come."""
        if self._app.settings.server.access == "open":
            raise AccessDenied("a page that is open to everybody")
        body = await read_json(request, BreakerBody)
        if body.state == "open":
            self._app.downloads.pause_site(body.name, body.seconds)
        else:
            self._app.downloads.resume_site(body.name)
        return json_reply({"ok": True, "name": body.name, "state": body.state})
