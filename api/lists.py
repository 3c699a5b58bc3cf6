"""POST /api/v1/lists: a page of a playlist, channel, mix or search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from api.bodies import ListBody, read_json
from api.probe import first_link
from api.replies import json_reply
from api.visitors import unless_gone
from platforms.shapes import LIST_KINDS
from services.list_shapes import listing_shape
from utils.errors import Busy

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from platforms.shapes import Link
    from services.app import App

#: pages under way; each may be a worker process
PAGES: Final = 16


class ListsApi:
    """What a list holds, before anything of it is ordered."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._under_way = 0

    def routes(self) -> list[Route]:
        """The address of this resource."""
        return [Route("/api/v1/lists", self.show, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Items from a position on; nothing is asked about the items themselves."""
        body = await read_json(request, ListBody)
        link = list_link(self._app, body.url)
        if self._under_way >= PAGES:
            raise Busy("pages", bound=PAGES, looks=True)
        self._under_way += 1
        try:
            page = await unless_gone(request.receive, self._app.downloads.page(link, body.first, body.count))
        finally:
            self._under_way -= 1
        return json_reply({"ok": True, "list": listing_shape(page)})


def list_link(app: App, text: str) -> Link:
    """The list that the first link of a text is or names beside its item. Raises as `first_link`."""
    link = first_link(app, text)
    return link if link.kind in LIST_KINDS else app.downloads.beside(link) or link
