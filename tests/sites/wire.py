"""HTTP/1.1 on a stream: read a request, write a reply with ranges, pace and the faults it asks for."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

from tests.sites.messages import Reply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from tests.sites.journal import Entry

CHUNK: Final = 1 << 18
TICKS_PER_SECOND: Final = 20
HEADER_BOUND: Final = 200


async def read_request(reader: asyncio.StreamReader, scheme: str, host: str) -> Request | None:
    """The next request, None where the client has closed. `host` is what CONNECT named, empty outside a tunnel."""
    line = (await reader.readline()).decode("latin-1").strip()
    if not line:
        return None
    method, target, _ = line.split(" ", 2)
    headers: dict[str, str] = {}
    for _count in range(HEADER_BOUND):
        field = (await reader.readline()).decode("latin-1").strip()
        if not field:
            break
        name, _, value = field.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    if method == "CONNECT":
        place = urlsplit(f"//{target}")
    elif target.startswith("http://"):
        place = urlsplit(target)
        target = target.removeprefix(f"http://{place.netloc}") or "/"
    else:
        place = urlsplit(f"//{host or headers.get('host', '')}")
    usual = {"http": 80, "https": 443}[scheme]
    port = place.port if place.port != usual else None
    return Request(method, scheme, (place.hostname or "").lower(), port, target, headers, body)


async def write_reply(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request, reply: Reply, entry: Entry
) -> bool:
    """Send it; True where the connection may carry another request. `entry` learns the status and what was sent."""
    if reply.silent:
        await _until_closed(reader)
        return False
    await asyncio.sleep(reply.delay_seconds)
    size = _size(reply.body)
    span = _span(request, reply, size)
    first, count = (span[0], span[1] - span[0] + 1) if span else (0, size or 0)
    status, headers = _head(reply, span, size, count)
    entry.status = status
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    writer.write(f"HTTP/1.1 {status} {_phrase(status)}\r\n{lines}\r\n".encode("latin-1"))
    await writer.drain()
    if request.method != "HEAD":
        chunked = ("Transfer-Encoding", "chunked") in headers
        # Closed by hand, innermost last: a connection that is cut leaves no open file to the garbage collector.
        async with aclosing(_pieces(reply.body, first, count)) as pieces, aclosing(_shaped(pieces, reply)) as shaped:
            await _send(writer, shaped, chunked=chunked, entry=entry)
        if reply.ending == "hang":
            await _until_closed(reader)
        if reply.ending != "keep":
            return False
    return request.headers.get("connection", "").lower() != "close"


def _span(request: Request, reply: Reply, size: int | None) -> tuple[int, int] | None:
    """First and last byte where only a part of a file was asked for; first > last where nothing of it exists."""
    if size is None or not isinstance(reply.body, Path) or reply.status != HTTPStatus.OK:
        return None
    return _range(request.headers.get("range", ""), size)


def _head(
    reply: Reply, span: tuple[int, int] | None, size: int | None, count: int
) -> tuple[int, list[tuple[str, str]]]:
    headers = [("Connection", "keep-alive"), *reply.headers]
    if isinstance(reply.body, Path):
        headers.append(("Accept-Ranges", "bytes"))
    stated = reply.header("Content-Length") is not None
    if size is None and not stated:
        headers.append(("Transfer-Encoding", "chunked"))
    elif span or not stated:
        headers = [pair for pair in headers if pair[0] != "Content-Length"]
        headers.append(("Content-Length", str(count)))
    if not span:
        return reply.status, headers
    if count <= 0:
        return 416, [*headers, ("Content-Range", f"bytes */{size}")]
    return 206, [*headers, ("Content-Range", f"bytes {span[0]}-{span[1]}/{size}")]


async def _send(
    writer: asyncio.StreamWriter, pieces: AsyncGenerator[bytes, None], *, chunked: bool, entry: Entry
) -> None:
    async with aclosing(pieces):  # a client that leaves early leaves no file open
        async for piece in pieces:
            # Counted first, so that whoever has read a piece finds it in the journal.
            entry.bytes_sent += len(piece)
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
    if chunked:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _shaped(pieces: AsyncIterator[bytes], reply: Reply) -> AsyncGenerator[bytes, None]:
    """The pieces at the reply's pace, up to where it stops."""
    left = reply.stop_after
    step = max(1, reply.bytes_per_second // TICKS_PER_SECOND) if reply.bytes_per_second else CHUNK
    async for piece in pieces:
        for start in range(0, len(piece), step):
            part = piece[start : start + step][:left]
            if not part:
                return
            yield part
            left = None if left is None else left - len(part)
            if reply.bytes_per_second:
                await asyncio.sleep(1 / TICKS_PER_SECOND)


async def _pieces(body: bytes | Path | AsyncIterator[bytes], first: int, count: int) -> AsyncGenerator[bytes, None]:
    if isinstance(body, bytes):
        yield body
    elif isinstance(body, Path):
        source: BinaryIO
        with body.open("rb") as source:
            source.seek(first)
            while count > 0 and (piece := source.read(min(CHUNK, count))):
                yield piece
                count -= len(piece)
    else:
        async for piece in body:
            yield piece


def _size(body: bytes | Path | AsyncIterator[bytes]) -> int | None:
    if isinstance(body, bytes):
        return len(body)
    return body.stat().st_size if isinstance(body, Path) else None


def _range(field: str, size: int) -> tuple[int, int] | None:
    """First and last byte; first > last where nothing of it exists."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", field)
    if not match or not any(match.groups()):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size - 1
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    return (first, last) if first < size else (0, -1)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Say nothing more until the client goes away or the server's stop cancels this connection."""
    while await reader.read(CHUNK):
        pass
