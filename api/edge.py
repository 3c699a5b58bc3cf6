"""The one edge around all routes: access, names of requests, headers for safety, every failure as one sentence."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Protocol

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from structlog.contextvars import bound_contextvars

from api.access import READING, headers_of
from api.peers import Peers, share_of
from api.replies import error_reply
from api.way import LOGIN_PATH, wanted
from utils.errors import GoldcrestError, InternalError, NotFound
from utils.ids import ulid

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from api.access import Access
    from services.app import App

log = structlog.get_logger()
#: for everybody: what hosts ask, and what a notice about a refusal looks like
OPEN_PATHS: Final = re.compile(r"/health|/ready|/static/[^/]+")
#: what orders work lies here
API_PATHS: Final = "/api/"
#: a name that a caller may give to its request
REQUEST_ID: Final = re.compile(r"[\w.:+/=-]{1,64}", re.ASCII)
CONTENT_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
SAFETY: Final = (
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: with it browsers send "Origin: null" for our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Notices(Protocol):
    """What shows a failure to somebody at a browser."""

    def notice(self, error: GoldcrestError, way: str) -> Response:
        """A page with the sentence and the next step; `way`: where the person was going."""


class Edge:
    """An ASGI app around another one."""

    def __init__(
        self,
        inner: ASGIApp,
        access: Access,
        app: App,
        notices: Notices,
    ) -> None:
        self._inner = inner
        self._app = app
        self._access = access
        self._notices = notices
        self._peers = Peers(app.settings.server.trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever is logged meanwhile carries its name."""
        given = headers_of(scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else ulid()
        with bound_contextvars(request=request_id):
            await self._answer({**scope, "client": (self._peers.caller(scope), 0)}, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = False
        named = (b"x-request-id", request_id.encode())

        async def send_safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = {name for name, _ in message["headers"]}
                date = (b"date", formatdate(usegmt=True).encode())
                extra = [header for header in (named, date, *SAFETY) if header[0] not in own]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            if not OPEN_PATHS.fullmatch(scope["path"]):
                self._access.check(scope, key_free=scope["path"] == LOGIN_PATH)
            if scope["method"] == "POST" and scope["path"].startswith(API_PATHS) and self._app.up_limits is not None:
                await self._app.up_limits.person("web", share_of(scope["client"][0]))
            # With an "app" in the scope the router raises for a wrong method, without it answers in its own words.
            await self._inner({**scope, "app": self}, receive, send_safely)
        except ClientDisconnect:
            return
        except Exception as error:
            if started:
                raise
            known = _known(error)
            if self._app.up_reports is not None:
                await self._app.up_reports.keep(known)
            response = self._explain(scope, known)
            await response(scope, receive, send_safely)

    def _explain(self, scope: Scope, error: GoldcrestError) -> Response:
        path = scope["path"]
        for_people = not path.startswith("/api/") and "text/html" in headers_of(scope).get("accept", "")
        response = self._notices.notice(error, wanted(scope)) if for_people else error_reply(error, self._app.texts)
        if "allow" in error.values:
            response.headers["allow"] = str(error.values["allow"])
        if scope["method"] not in READING:
            response.headers["connection"] = "close"  # nobody reads what may be left of the body
        return response


def _known(error: Exception) -> GoldcrestError:
    if isinstance(error, GoldcrestError):
        return error
    if isinstance(error, HTTPException):
        return NotFound(error.detail)
    log.error("request broke", exc_info=error)
    return InternalError(repr(error))
