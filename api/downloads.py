"""/api/v1/downloads: order one, look at it, follow it, cancel it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from api.bodies import DownloadBody, read_json
from api.events import LAST_ID, follow
from api.jobs import job_shape
from api.probe import first_link, web_offer
from api.replies import json_reply
from api.visitors import EventStream
from platforms.parts import asked_part, check_minutes
from platforms.shapes import LIST_KINDS
from services.jobs import Order
from utils.errors import BadRequest, Busy, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Any

    from starlette.requests import Request

    from core.job_queue import Job
    from services.app import App
    from services.jobs import JobEvent

FRONT: Final = "web"
#: open event streams, each a connection and a few kB
STREAMS: Final = 64
#: jobs in one stream
STREAM_JOBS: Final = 20


class DownloadsApi:
    """Jobs of the page; those of other fronts don't exist here."""

    def __init__(self, app: App, closing: asyncio.Event) -> None:
        self._app = app
        self._closing = closing
        self._streams = 0

    def routes(self) -> list[Route]:
        """The addresses of this resource."""
        return [
            Route("/api/v1/downloads", self.order, methods=["POST"]),
            Route("/api/v1/downloads/events", self.follow_many),
            Route("/api/v1/downloads/{id}", self.show, methods=["GET"]),
            Route("/api/v1/downloads/{id}", self.cancel, methods=["DELETE"]),
            Route("/api/v1/downloads/{id}/events", self.follow_one),
            Route("/api/v1/downloads/{id}/finish", self.finish, methods=["POST"]),
        ]

    async def order(self, request: Request) -> Response:
        """Accept a job: 202 and its address."""
        body = await read_json(request, DownloadBody)
        if (body.url is None) == (body.offer is None):
            raise BadRequest("one_of")
        if body.minutes is not None:
            check_minutes(body.minutes, self._app.settings.downloads.live_minutes)
        part = asked_part(body.start, body.end, body.minutes)
        if body.offer is not None:
            offer = await web_offer(self._app, body.offer)
            title, target = offer.media.title, {"offer": offer.token, "picture": bool(offer.media.thumbnail)}
            size_bytes = None if part else offer.size_bytes(body.quality)
            order = Order(
                *(FRONT, offer.link, body.quality), title=title, target=target, part=part, size_bytes=size_bytes
            )
        else:
            link = await self._app.downloads.resolve(first_link(self._app, body.url or ""))
            if link.kind in LIST_KINDS:
                raise BadRequest("list")
            order = Order(FRONT, link, body.quality, part=part)
        job = await self._app.downloads.submit(order)
        shape = self._shape(job, await self._latest(job.id))
        return json_reply({"ok": True, "job": shape}, 202, {"location": f"/api/v1/downloads/{job.id}"})

    async def show(self, request: Request) -> Response:
        """The present state."""
        job = await self._job(request.path_params["id"])
        return json_reply({"ok": True, "job": self._shape(job, await self._latest(job.id))})

    async def cancel(self, request: Request) -> Response:
        """Stop it in any phase; `cancelled` is false where it had ended already."""
        job = await self._job(request.path_params["id"])
        cancelled = await self._app.downloads.cancel(job.id)
        shape = self._shape(job, await self._latest(job.id))
        return json_reply({"ok": True, "cancelled": cancelled, "job": shape})

    async def finish(self, request: Request) -> Response:
        """End a recording and keep what there is; `finished` is false where nothing is being recorded."""
        job = await self._job(request.path_params["id"])
        finished = await self._app.downloads.finish(job.id)
        shape = self._shape(job, await self._latest(job.id))
        return json_reply({"ok": True, "finished": finished, "job": shape})

    async def follow_one(self, request: Request) -> Response:
        """Server-sent events of one job."""
        job = await self._job(request.path_params["id"])
        return self._stream(request, {job.id: job}, [])

    async def follow_many(self, request: Request) -> Response:
        """The same for `ids`, separated by commas: a browser has only six connections to spend.

        An id that nobody knows doesn't hold up the others; it is told as gone.
        """
        ids = list(dict.fromkeys(filter(None, request.query_params.get("ids", "").split(","))))
        if not ids:
            raise BadRequest("missing", field="ids")
        jobs, gone = {}, []
        for job_id in ids[:STREAM_JOBS]:
            try:
                jobs[job_id] = await self._job(job_id)
            except NotFound:
                gone.append(job_id)
        return self._stream(request, jobs, gone)

    def _stream(self, request: Request, jobs: dict[str, Job], gone: list[str]) -> Response:
        if request.headers.get("last-event-id") == LAST_ID:
            return Response(status_code=204)  # tells an EventSource that nothing follows
        if self._streams >= STREAMS:
            raise Busy("streams", bound=STREAMS, streams=True)
        return EventStream(self._events(jobs, gone))

    async def _events(self, jobs: dict[str, Job], gone: list[str]) -> AsyncGenerator[bytes, None]:
        self._streams += 1
        watches = {job_id: self._app.downloads.watch(job_id) for job_id in jobs}
        chunks = follow(watches, lambda event: self._shape(jobs[event.job_id], event), self._closing, gone=gone)
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        finally:
            self._streams -= 1

    async def _job(self, job_id: str) -> Job:
        job = await self._app.downloads.job(job_id)
        if job.front != FRONT:
            raise NotFound("a job of another front")
        return job

    async def _latest(self, job_id: str) -> JobEvent:
        async with aclosing(self._app.downloads.watch(job_id)) as events:  # type: ignore[type-var]
            async for event in events:
                return event
        raise NotFound(f"job {job_id}")

    def _shape(self, job: Job, event: JobEvent) -> dict[str, Any]:
        trace = self._app.up_monitor.trace(job.id) if self._app.up_monitor else None
        return job_shape(job, event, self._app.shelf, self._app.texts, trace.phases() if trace else [])
