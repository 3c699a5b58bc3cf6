"""The server: an HTTP proxy that terminates TLS itself, and a plain origin for whoever speaks to it directly."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tests.sites.messages import Request, text
from tests.sites.wire import read_request, write_reply

if TYPE_CHECKING:
    from tests.sites.authority import Authority
    from tests.sites.canary import Canary
    from tests.sites.journal import Journal
    from tests.sites.routes import Routes

LINE_BOUND: Final = 1 << 20
GONE: Final = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError, ValueError)


class Proxy:
    """Answers for every host that a replica claims; of any other name it says that it has no address."""

    def __init__(self, routes: Routes, canary: Canary, authority: Authority, journal: Journal) -> None:
        self._routes = routes
        self._canary = canary
        self._authority = authority
        self._journal = journal
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `port` is known afterwards."""
        self._server = await asyncio.start_server(self._connected, host, port, limit=LINE_BOUND)
        self.port = self._server.sockets[0].getsockname()[1]
        self._canary.own_ports.add(self.port)

    async def stop(self) -> None:
        """Stop listening and cut every connection, also those that hang on purpose."""
        if self._server:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with contextlib.suppress(*GONE):
                await self._talk(reader, writer, "http", "")
        except asyncio.CancelledError:
            # asyncio.start_server reports a cancelled callback as an error of the loop; only our own stop() cancels.
            pass
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scheme: str, host: str) -> None:
        while request := await read_request(reader, scheme, host):
            if request.method == "CONNECT":
                await self._tunnel(request, reader, writer)
                return
            if not await self._answer(request, reader, writer):
                return

    async def _tunnel(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        entry = self._journal.open(request)
        if self._canary.notice(request) or not self._routes.find(request.host):
            entry.status = HTTPStatus.BAD_GATEWAY
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        entry.status = HTTPStatus.OK
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        plain = request.port == 80
        if not plain:
            await writer.start_tls(self._authority.context(request.host))
        place = request.host if request.port is None else f"{request.host}:{request.port}"
        await self._talk(reader, writer, "http" if plain else "https", place.removesuffix(":443"))

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        entry = self._journal.open(request)
        replica = self._routes.find(request.host)
        if self._canary.notice(request) or not replica:
            reply = text("no such host", status=HTTPStatus.BAD_GATEWAY)
        else:
            reply = await replica.answer(request) or text(f"no replica of {request.url}", status=404)
        keep = await write_reply(reader, writer, request, reply, entry)
        entry.done = True
        return keep
