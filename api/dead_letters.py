"""/api/v1/dead-letters: what failed for good; replay it, or all of one reason, or forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

from api.bodies import ReplayBody, read_json
from api.replies import json_reply
from services.shapes import letter_shape
from utils.errors import AccessDenied, BadRequest

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.app import App

#: letters of one answer
PAGE: Final = 50
LAST: Final = 1_000_000


class DeadLettersApi:
    """Links of all people stand in them, so a page that is open to everybody doesn't show them."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> list[Route]:
        """The addresses of this resource."""
        one = "/api/v1/dead-letters/{id}"
        return [
            Route("/api/v1/dead-letters", self.show, methods=["GET"]),
            Route("/api/v1/dead-letters/replay", self.replay_all, methods=["POST"]),
            Route(f"{one}/replay", self.replay, methods=["POST"]),
            Route(one, self.discard, methods=["DELETE"]),
        ]

    async def show(self, request: Request) -> Response:
        """The newest ones behind the first `first`, and how many there are."""
        self._check()
        word = request.query_params.get("first", "0")
        if not (word.isascii() and word.isdecimal() and int(word[:9]) <= LAST):
            raise BadRequest("type", field="first", expected="a whole number")
        letters, total = await self._app.downloads.dead_letters(PAGE, int(word[:9]))
        shapes = [letter_shape(letter, self._app.texts) for letter in letters]
        return json_reply({"ok": True, "total": total, "dead_letters": shapes})

    async def replay(self, request: Request) -> Response:
        """A fresh job for the same target: 202 and its id."""
        self._check()
        job = await self._app.downloads.replay(request.path_params["id"])
        return json_reply({"ok": True, "job": job.id}, 202)

    async def replay_all(self, request: Request) -> Response:
        """The same for the oldest that failed for one reason: 202, the ids of the jobs, and how many are left."""
        self._check()
        body = await read_json(request, ReplayBody)
        jobs, left = await self._app.downloads.replay_all(body.code)
        return json_reply({"ok": True, "jobs": [job.id for job in jobs], "left": left}, 202)

    async def discard(self, request: Request) -> Response:
        """Forget one."""
        self._check()
        await self._app.downloads.discard(request.path_params["id"])
        return json_reply({"ok": True})

    def _check(self) -> None:
        if self._app.settings.server.access == "open":
            raise AccessDenied("a page that is open to everybody")
