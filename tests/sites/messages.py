"""Requests and replies as the replicas see them; nothing here touches a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

TYPES: Final[Mapping[str, str]] = {
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".webm": "video/webm",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".mpd": "application/dash+xml",
    ".m4s": "video/iso.segment",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names and `host` in lower case, `port` None where it is the scheme's usual one."""

    method: str
    scheme: str
    host: str
    port: int | None
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit("//x" + self.target).path or "/"

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit("//x" + self.target).query, keep_blank_values=True)

    @property
    def base(self) -> str:
        """Scheme, host and port, the front of every absolute URL that leads back here."""
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")

    @property
    def url(self) -> str:
        return self.base + self.target

    def first(self, name: str, default: str = "") -> str:
        """First value of a query parameter."""
        return self.query.get(name, [default])[0]

    def number(self, name: str, default: int) -> int:
        """A query parameter as a whole number."""
        return int(self.first(name, str(default)))

    def cookie(self, name: str) -> str:
        """Value of a cookie, empty where it wasn't sent."""
        morsel = SimpleCookie(self.headers.get("cookie", "")).get(name)
        return morsel.value if morsel else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back, and how badly.

    `body`: bytes, a file (sent by ranges where asked for) or a stream (chunked unless Content-Length is set).
    `bytes_per_second` paces the body. After `stop_after` bytes of it, `ending` says what happens: "keep" the
    connection, "cut" it, or "hang" until the client or the server gives up. `silent`: not even a status line comes,
    `delay_seconds`: it comes that late.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes | Path | AsyncIterator[bytes] = b""
    bytes_per_second: int | None = None
    stop_after: int | None = None
    ending: Literal["keep", "cut", "hang"] = "keep"
    silent: bool = False
    delay_seconds: float = 0

    def header(self, name: str) -> str | None:
        """Value of the first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def text(content: str, kind: str = "text/html; charset=utf-8", status: int = 200, headers: Headers = ()) -> Reply:
    """A page or any other text."""
    return Reply(status, (("Content-Type", kind), *headers), content.encode())


def answer_json(value: Any, status: int = 200, headers: Headers = ()) -> Reply:
    """A JSON answer."""
    return text(json.dumps(value), "application/json", status, headers)


def redirect(to: str, status: int = 302, headers: Headers = ()) -> Reply:
    """Elsewhere."""
    return Reply(status, (("Location", to), *headers))


def file(path: Path, *, kind: str | None = None, bytes_per_second: int | None = None) -> Reply:
    """A file with the media type of its suffix."""
    kind = kind or TYPES.get(path.suffix, "application/octet-stream")
    return Reply(200, (("Content-Type", kind),), path, bytes_per_second)


def late(reply: Reply, seconds: float) -> Reply:
    """The same after a while."""
    return replace(reply, delay_seconds=seconds)


def cookie(name: str, value: str, domain: str) -> tuple[str, str]:
    """A Set-Cookie header."""
    return ("Set-Cookie", f"{name}={value}; Domain={domain}; Path=/; Secure")
