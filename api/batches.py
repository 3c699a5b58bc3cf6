"""/api/v1/batches: order items of a list or many links at once, look at them, follow them, cancel them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import Route

from api.bodies import BatchBody, read_json
from api.events import LAST_ID, follow
from api.jobs import file_shape
from api.lists import list_link
from api.replies import json_reply
from api.visitors import EventStream
from services.batch_shapes import BatchOrder
from services.list_shapes import batch_shape
from services.ranges import ALL, parse_ranges
from services.shapes import error_shape
from utils.errors import BadRequest, Busy, NoLink, NotFound, error_by_code

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

    from platforms.links import Refused
    from services.app import App
    from services.batch_shapes import Batch, BatchEvent, BatchItem

FRONT: Final = "web"
#: open event streams, each a connection and a few kB
STREAMS: Final = 32


class BatchesApi:
    """Batches of the page; those of other fronts don't exist here."""

    def __init__(self, app: App, closing: asyncio.Event) -> None:
        self._app = app
        self._closing = closing
        self._streams = 0

    def routes(self) -> list[Route]:
        """The addresses of this resource."""
        return [
            Route("/api/v1/batches", self.order, methods=["POST"]),
            Route("/api/v1/batches/{id}", self.show, methods=["GET"]),
            Route("/api/v1/batches/{id}", self.cancel, methods=["DELETE"]),
            Route("/api/v1/batches/{id}/items", self.items),
            Route("/api/v1/batches/{id}/events", self.follow),
        ]

    async def order(self, request: Request) -> Response:
        """Accept a batch: 202, its address, and what of the links is refused."""
        body = await read_json(request, BatchBody)
        if (body.url is None) == (body.urls is None):
            raise BadRequest("url_or_urls")
        batches, refused, left_out = self._app.batches, [], 0
        if body.url is not None:
            link = list_link(self._app, body.url)
            page = await self._app.downloads.page(link, 1, 1)
            ranges = parse_ranges(body.items or ALL, page.total, bound=batches.bound)
            order = BatchOrder(FRONT, body.quality, listing=link, ranges=ranges, title=page.title)
        else:
            found = [self._app.downloads.detect(text) for text in body.urls or ()]
            links = {link.canonical: link for each in found for link in each.links}
            refused = [each for detected in found for each in detected.refused]
            left_out = sum(detected.left_out for detected in found)
            if not links:
                raise error_by_code(refused[0].code)(refused[0].text) if refused else NoLink()
            order = BatchOrder(FRONT, body.quality, links=tuple(links.values()))
        batch = await batches.submit(order)
        answer = {
            "ok": True,
            "batch": self._shape(batch, await self._latest(batch.id)),
            "refused": [self._refusal(each) for each in refused],
            "left_out": left_out,
        }
        return json_reply(answer, 202, {"location": f"/api/v1/batches/{batch.id}"})

    async def show(self, request: Request) -> Response:
        """The present state."""
        batch = await self._batch(request)
        return json_reply({"ok": True, "batch": self._shape(batch, await self._latest(batch.id))})

    async def items(self, request: Request) -> Response:
        """Every item that was read, with its files as long as they are kept."""
        batch = await self._batch(request)
        items = await self._app.batches.items(batch.id)
        return json_reply({"ok": True, "items": [self._item(item) for item in items]})

    async def cancel(self, request: Request) -> Response:
        """Stop all of it; `cancelled` is false where it had ended already."""
        batch = await self._batch(request)
        cancelled = await self._app.batches.cancel(batch.id)
        shape = self._shape(batch, await self._latest(batch.id))
        if cancelled:
            shape["cancelled"] = True  # before its feeder has noticed
        return json_reply({"ok": True, "cancelled": cancelled, "batch": shape})

    async def follow(self, request: Request) -> Response:
        """Server-sent events."""
        batch = await self._batch(request)
        if request.headers.get("last-event-id") == LAST_ID:
            return Response(status_code=204)  # tells an EventSource that nothing follows
        if self._streams >= STREAMS:
            raise Busy("streams", bound=STREAMS, streams=True)
        return EventStream(self._events(batch))

    async def _events(self, batch: Batch) -> AsyncGenerator[bytes, None]:
        self._streams += 1
        watches = {batch.id: self._app.batches.watch(batch.id)}
        chunks = follow(watches, lambda event: self._shape(batch, event), self._closing)
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        finally:
            self._streams -= 1

    async def _batch(self, request: Request) -> Batch:
        batch = await self._app.batches.batch(request.path_params["id"])
        if batch.front != FRONT:
            raise NotFound("a batch of another front")
        return batch

    async def _latest(self, batch_id: str) -> BatchEvent:
        async with aclosing(self._app.batches.watch(batch_id)) as events:  # type: ignore[type-var]
            async for event in events:
                return event
        raise NotFound(f"batch {batch_id}")

    def _shape(self, batch: Batch, event: BatchEvent) -> dict[str, Any]:
        return {
            **batch_shape(event, self._app.texts),
            "title": batch.title,
            "quality": batch.quality,
            "created_at": batch.created_at,
        }

    def _refusal(self, refused: Refused) -> dict[str, Any]:
        error = error_by_code(refused.code)(refused.text)
        return {"text": refused.text, "code": refused.code, "error": error_shape(error, self._app.texts)}

    def _item(self, item: BatchItem) -> dict[str, Any]:
        shelf = self._app.shelf
        files = shelf.of(item.job_id) if item.state == "done" else ()
        return {
            "position": item.position,
            "title": item.title,
            "url": item.url,
            "state": item.state,
            "job": item.job_id or None,
            "files": [file_shape(file, shelf) for file in files],
            "error": error_shape(error_by_code(item.error_code)(), self._app.texts) if item.error_code else None,
        }
