"""The web app behind the gate: every route, and the one edge around them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route, Router

from api.access import Access
from api.batches import BatchesApi
from api.breakers import BreakersApi
from api.dashboard import Dashboard
from api.dead_letters import DeadLettersApi
from api.downloads import DownloadsApi
from api.edge import Edge
from api.files import FilesApi
from api.health import health, readiness
from api.lists import ListsApi
from api.metrics import MetricsApi
from api.pages import Pages
from api.probe import ProbeApi
from api.replies import json_reply
from api.status import status
from utils.errors import MethodNotAllowed, NotFound

if TYPE_CHECKING:
    import asyncio

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from services.app import App


#: what every address of the API takes and answers
DESCRIPTION: Final = Path(__file__).with_name("openapi.yaml")


class Addresses(Router):
    """Routes that name the right methods where a wrong one came; several may share an address."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead a request to its route. Raises MethodNotAllowed or NotFound."""
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as error:
            if error.status_code != MethodNotAllowed.http_status:
                raise
            raise MethodNotAllowed(allow=", ".join(sorted(self._methods(scope["path"])))) from None

    def _methods(self, path: str) -> set[str]:
        fitting = (route for route in self.routes if isinstance(route, Route) and route.path_regex.match(path))
        return {method for route in fitting for method in route.methods or ()}


def make_web(app: App, closing: asyncio.Event) -> Edge:
    """The ASGI app. `closing` is set when streams are to end."""

    async def show_health(_request: Request) -> Response:
        code, body = health(app.state(), app.critical)
        return json_reply(body, code)

    async def show_readiness(_request: Request) -> Response:
        code, body = readiness(app.state())
        return json_reply(body, code)

    async def show_description(_request: Request) -> Response:
        return Response(DESCRIPTION.read_bytes(), media_type="application/yaml")

    async def show_status(_request: Request) -> Response:
        return json_reply(await status(app))

    access = Access(app.settings.server)
    pages = Pages(app, access)
    routes = [
        Route("/health", show_health),
        Route("/ready", show_readiness),
        Route("/status", show_status),
        Route("/api/v1/openapi.yaml", show_description),
        *pages.routes(),
        *ProbeApi(app).routes(),
        *DownloadsApi(app, closing).routes(),
        *ListsApi(app).routes(),
        *BatchesApi(app, closing).routes(),
        *BreakersApi(app).routes(),
        *FilesApi(app).routes(),
        *DeadLettersApi(app).routes(),
        *MetricsApi(app).routes(),
        *Dashboard(app, pages).routes(),
    ]
    return Edge(Addresses(routes, redirect_slashes=False, default=_nowhere), access, app, pages)


async def _nowhere(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("no such address")
