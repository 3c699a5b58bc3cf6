"""What a person at a browser gets: the page, its style and script, the login, and notices."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import read_body
from api.way import LOGIN_PATH, login_address, wanted
from utils.errors import GoldcrestError, KeyNeeded, NotFound

if TYPE_CHECKING:
    from starlette.requests import Request

    from api.access import Access
    from services.app import App
    from utils.texts import Texts

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates"
HTML: Final = "text/html; charset=utf-8"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PLACE: Final = re.compile(r"\{\{ *([\w.]+) *\}\}")
#: sentences that the script shows; in them a placeholder stands for itself until the script fills it
SCRIPT_WORDS: Final = (
    *("looking", "pick", "sound_only", "too_large", "size_unknown", "live"),
    *("queued", "queued_behind", "waits", "ready_in"),
    *("probing", "downloading", "merging", "fitting", "uploading", "done", "cancelled"),
    *("amount", "speed", "left", "save", "save_named", "cancel", "cancel_named", "again", "remove_named"),
    *("gone", "lower", "missing", "try_again"),
    *("clip", "clip_from", "clip_to", "clip_hint", "record", "minutes", "recording", "recorded"),
    *("finish", "finish_named"),
    *("list_items", "list_all", "list_more", "list_which", "list_hint", "list_get", "list_whole", "many_links"),
    *("best", "quality", "batch_of", "batch_done", "batch_failed", "batch_ended"),
    *("expired", "unreachable", "unreachable_hint", "lost", "said_ready", "said_found"),
)
SCRIPT_PLACES: Final = ("site", "title", "position", "done", "total", "speed", "time", "name", "count", "why")
#: places that are filled with markup, not with text
MARKUP: Final = frozenset({"script_words", "bird", "log_out"})


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of templates/static."""

    content: bytes
    mime: str
    etag: str


class Pages:
    """HTML made from templates/pages, whose places are filled from the message catalogue, and templates/static."""

    def __init__(self, app: App, access: Access, templates: Path = TEMPLATES) -> None:
        self._app = app
        self._access = access
        self._templates = templates
        self._assets = {path.name: _asset(path) for path in (templates / "static").iterdir() if path.suffix in TYPES}

    def routes(self) -> list[Route]:
        """The addresses for people."""
        return [
            Route("/", self.index),
            Route(LOGIN_PATH, self.ask_key, methods=["GET"]),
            Route(LOGIN_PATH, self.login, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/static/{name}", self.static),
        ]

    async def index(self, _request: Request) -> Response:
        """The page."""
        storage, texts = self._app.settings.storage, self._app.texts
        themselves = {place: f"{{{place}}}" for place in SCRIPT_PLACES}
        words = {name: texts(f"web.{name}", **themselves) for name in SCRIPT_WORDS}
        values = {
            # "<" would let a sentence end the script element it stands in.
            "script_words": msgspec.json.encode(words).decode().replace("<", "\\u003c"),
            "kept": texts("web.kept", time=texts.wait(storage.shelf_minutes * 60)),
        }
        return self.page("index.html", values)

    async def ask_key(self, request: Request) -> Response:
        """The form for the key; where none is wanted, the page."""
        if not self._access.wants_key:
            return _go_to(wanted(request.scope))
        return self.notice(KeyNeeded(), wanted(request.scope), status=200)

    async def login(self, request: Request) -> Response:
        """Take the key of a form, hand out the cookie, go on. Raises KeyNeeded for a wrong one, or TooFast."""
        form = parse_qs((await read_body(request)).decode(errors="replace"))
        cookie = self._access.enter(request.scope, form.get("key", [""])[0])
        return _go_to(wanted(request.scope), cookie)

    async def log_out(self, request: Request) -> Response:
        """Take the cookie back."""
        return _go_to(LOGIN_PATH, self._access.cookie(request.scope, ended=True))

    async def static(self, request: Request) -> Response:
        """A style, script or picture; browsers ask again each time and are told 304."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise NotFound("no such file")
        headers = {"etag": asset.etag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == asset.etag:
            return Response(status_code=304, headers=headers)
        return Response(asset.content, media_type=asset.mime, headers=headers)

    def notice(self, error: GoldcrestError, way: str = "/", status: int = 0) -> Response:
        """A failure as a page; where a key is missing, with the form for it, which then leads `way`."""
        explained = self._app.texts.error(error)
        name = "login.html" if isinstance(error, KeyNeeded) else "notice.html"
        values = {"sentence": explained.sentence, "hint": explained.hint, "action": login_address(way)}
        return self.page(name, values, status or error.http_status)

    def page(self, name: str, values: dict[str, str], status: int = 200) -> Response:
        """A template of templates/pages with its places filled."""
        everywhere = {
            "bird": self._assets["goldcrest.svg"].content.decode(),
            "language": self._app.texts.language,
            "log_out": self._filled("log_out.html", {}) if self._access.wants_key else "",
        }
        return Response(self._filled(name, {**everywhere, **values}), status, {"cache-control": "no-store"}, HTML)

    def _filled(self, name: str, values: dict[str, str]) -> str:
        return filled((self._templates / "pages" / name).read_text("utf-8"), values, self._app.texts)


def filled(template: str, values: dict[str, str], texts: Texts) -> str:
    """A template with each {{name}} replaced: from the catalogue where it holds a dot, else from `values`; escaped."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        if name in MARKUP:
            return values[name]
        return html.escape(texts(name) if "." in name else values[name])

    return PLACE.sub(fill, template)


def _go_to(address: str, cookie: str = "") -> Response:
    headers = {"location": address, "cache-control": "no-store"}
    return Response(status_code=303, headers={**headers, "set-cookie": cookie} if cookie else headers)


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')
