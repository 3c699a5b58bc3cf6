"""HTTP/1 as the egress proxy speaks it: reading one request strictly, and writing what is passed on or answered."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Final

from utils.errors import UnsafeLink

#: Cookies make request heads large; servers take 8 to 16 KiB.
HEAD_BYTES: Final = 32 * 1024
HEADERS: Final = 100
END_OF_HEAD: Final = b"\r\n\r\n"

#: Belong to one connection (RFC 9110, 7.6.1), or are ours: never passed on.
_HOP_HEADERS: Final = frozenset(
    b"host connection proxy-connection proxy-authorization proxy-authenticate keep-alive te trailer upgrade "
    b"http2-settings transfer-encoding".split()
)
_REQUEST_LINE: Final = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]{1,16384}) (HTTP/1\.[01])")
_HEADER: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[^\[\]:@/\\?#]{1,255})(?::([0-9]{1,5}))?")
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([/?][^#]*)?")
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r\n")
_HTTP_PORT: Final = 80


class BadRequest(ValueError):
    """Not a request that this proxy takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request. Header names are in lower case, `headers` in their order."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[bytes, bytes], ...]

    def values(self, name: bytes) -> list[bytes]:
        """All values of a header."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request wants to go: the host as written, and for plain HTTP the path and the length of its body."""

    host: str
    port: int
    tunnel: bool
    path: str = ""
    body_bytes: int = 0


def parse_request(head: bytes) -> Request:
    """Read a head up to and with its empty line.

    Anything that two readers could understand differently is refused: bare line ends, folded lines, control
    characters, spaces before a colon. Raises BadRequest.
    """
    if not head.endswith(END_OF_HEAD):
        raise BadRequest("no end of head")
    first, *lines = head[: -len(END_OF_HEAD)].split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    if request_line is None:
        raise BadRequest("request line")
    if len(lines) > HEADERS:
        raise BadRequest("too many headers")
    headers = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise BadRequest("header line")
        headers.append((header[1].lower(), header[2]))
    method, target, version = (part.decode("ascii") for part in request_line.groups())
    return Request(method, target, version, tuple(headers))


def destination(request: Request) -> Destination:
    """Where the request wants to go.

    Raises UnsafeLink for another scheme, user names or disguised hosts in the target, BadRequest for unclear framing
    and for targets that no proxy is asked for.
    """
    body_bytes = _body_bytes(request)
    if request.method == "CONNECT":
        host, port = _authority(request.target)
        if port is None or body_bytes:
            raise BadRequest("CONNECT needs a port and has no body")
        return Destination(host, port, tunnel=True)
    absolute = _ABSOLUTE.fullmatch(request.target)
    if absolute is None:
        raise BadRequest("not a request to a proxy")
    scheme, authority, path = absolute.groups()
    if scheme.lower() != "http":
        raise UnsafeLink(f"scheme {scheme.lower()}")
    host, port = _authority(authority)
    path = path or "/"
    path = f"/{path}" if path.startswith("?") else path
    return Destination(host, _HTTP_PORT if port is None else port, tunnel=False, path=path, body_bytes=body_bytes)


def _body_bytes(request: Request) -> int:
    """Length of the body. Chunked ones are refused: no client of ours sends them, and two framings are one too many."""
    if request.values(b"transfer-encoding"):
        raise BadRequest("transfer-encoding")
    lengths = request.values(b"content-length")
    if not lengths:
        return 0
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,15}", lengths[0]):
        raise BadRequest("content-length")
    return int(lengths[0])


def _authority(text: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(text)
    if found is None:
        raise UnsafeLink("not a plain host and port")
    return found[1], None if found[2] is None else int(found[2])


def credentials(request: Request) -> tuple[str, str] | None:
    """Name and token of `Proxy-Authorization: Basic`; None without a readable one."""
    given = request.values(b"proxy-authorization")
    if len(given) != 1:
        return None
    scheme, _, coded = given[0].partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        name, colon, token = b64decode(coded.strip(), validate=True).decode("ascii").partition(":")
    except (NotBase64, UnicodeDecodeError):
        return None
    return (name, token) if colon else None


def basic(name: str, token: str) -> str:
    """The value of `Proxy-Authorization` for these credentials."""
    return f"Basic {b64encode(f'{name}:{token}'.encode()).decode('ascii')}"


def forwarded(request: Request, target: str, host: str, authorization: str = "") -> bytes:
    """The head that is passed on: our own Host, no header that belongs to this connection, one answer and the end."""
    named = {
        name.strip().lower()
        for value in (*request.values(b"connection"), *request.values(b"proxy-connection"))
        for name in value.split(b",")
    }
    dropped = (_HOP_HEADERS | named) - {b"content-length"}
    lines = [f"{request.method} {target} {request.version}".encode("ascii"), b"Host: " + host.encode("ascii")]
    lines += [name + b": " + value for name, value in request.headers if name not in dropped]
    if authorization:
        lines.append(b"Proxy-Authorization: " + authorization.encode("ascii"))
    return b"\r\n".join([*lines, b"Connection: close"]) + END_OF_HEAD


def connect(host: str, authorization: str = "") -> bytes:
    """The head that asks an upstream proxy for a tunnel to host:port."""
    asked = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
    return f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{asked}\r\n".encode("ascii")


def status(head: bytes) -> int | None:
    """The status code of an answer's head."""
    found = _STATUS_LINE.match(head)
    return None if found is None else int(found[1])


def answer(code: int, reason: str, **headers: str) -> bytes:
    """A whole answer without a body; a header's underscores become hyphens."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = [f"HTTP/1.1 {code} {reason}", *lines, "Content-Length: 0", "Connection: close"]
    return "\r\n".join(head).encode("ascii") + END_OF_HEAD


ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
