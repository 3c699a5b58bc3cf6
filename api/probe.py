"""POST /api/v1/probe: what stands behind a link. GET /api/v1/thumbnail: its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import FileResponse
from starlette.routing import Route

from api.bodies import ProbeBody, read_json
from api.replies import json_reply
from api.visitors import unless_gone
from platforms.shapes import LIST_KINDS, Listing
from services.list_shapes import listing_shape
from services.shapes import media_shape
from services.thumbnails import Thumbnails
from utils.errors import Busy, Expired, NoLink, error_by_code

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from platforms.shapes import Link, Media
    from services.app import App
    from services.jobs import Offer

#: probes of the page under way; each may be a worker process
PROBES: Final = 16
PICTURE_CACHE: Final = "private, max-age=3600"


class ProbeApi:
    """What the page asks before it orders."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._thumbnails = Thumbnails(app.settings.data_dir / "thumbnails")
        self._under_way = 0

    def routes(self) -> list[Route]:
        """The addresses of this resource."""
        return [
            Route("/api/v1/probe", self.probe, methods=["POST"]),
            Route("/api/v1/thumbnail", self.thumbnail),
        ]

    async def probe(self, request: Request) -> Response:
        """Title, kind, picture and real qualities, and the offer to order from; of a list its first items instead."""
        body = await read_json(request, ProbeBody)
        link = first_link(self._app, body.url)
        if self._under_way >= PROBES:
            raise Busy("probes", bound=PROBES, looks=True)
        self._under_way += 1
        try:
            link, found = await unless_gone(request.receive, self._look(link))
        finally:
            self._under_way -= 1
        if isinstance(found, Listing):
            return json_reply({"ok": True, "list": listing_shape(found)})
        media = found
        offer = await self._app.downloads.offer(media, link, None)
        picture = thumbnail_url(offer) if media.thumbnail else None
        times: dict[str, float | None] = {"start_seconds": link.start_seconds, "end_seconds": link.end_seconds}
        times["live_minutes"] = self._app.settings.downloads.live_minutes
        beside = self._app.downloads.beside(link)
        more = {"thumbnail": picture, **times, "list_url": beside.url if beside else None}
        return json_reply({"ok": True, "media": media_shape(media), "offer": offer, **more})

    async def _look(self, link: Link) -> tuple[Link, Media | Listing]:
        """What the link leads to; of a list its first items."""
        link = await self._app.downloads.resolve(link)
        if link.kind in LIST_KINDS:
            return link, await self._app.downloads.page(link)
        return link, await self._app.downloads.probe(link)

    async def thumbnail(self, request: Request) -> Response:
        """The picture of an offer, fetched as carefully as everything else; no other address can be asked for."""
        offer = await web_offer(self._app, request.query_params.get("offer", ""))
        reading = self._thumbnails.get(offer.media.thumbnail, self._app.extractor)
        picture = await unless_gone(request.receive, reading)
        return FileResponse(picture.path, media_type=picture.mime, headers={"cache-control": PICTURE_CACHE})


def first_link(app: App, text: str) -> Link:
    """The first link of a text. Raises NoLink, or why the link there is was refused."""
    detected = app.downloads.detect(text)
    if detected.links:
        return detected.links[0]
    if detected.refused:
        raise error_by_code(detected.refused[0].code)(detected.refused[0].text)
    raise NoLink


async def web_offer(app: App, token: str) -> Offer:
    """An offer made to the page. Raises Expired for any other."""
    offer = await app.downloads.offered(token)
    if offer.user_id is not None:
        raise Expired("an offer to somebody in Telegram")
    return offer


def thumbnail_url(offer: str) -> str:
    """Where the page finds the picture of an offer."""
    return f"/api/v1/thumbnail?offer={offer}"
