"""One connection to the egress proxy: the request is read and judged, then relayed or answered with the reason."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from utils.egress_http import (
    END_OF_HEAD,
    ESTABLISHED,
    HEAD_BYTES,
    BadRequest,
    Request,
    answer,
    credentials,
    destination,
    parse_request,
)
from utils.egress_relay import IdleTimer, Relay, reset
from utils.egress_route import Route, RouteFailed
from utils.egress_ticket import Figures, Refusal, Ticket
from utils.errors import UnsafeLink

#: Connections at once of one job.
TICKET_CONNECTIONS: Final = 32
#: A client that was answered before it was read to its end gets that long to hang up.
LINGER_SECONDS: Final = 1.0
LINGER_READS: Final = 64
_READ_BYTES: Final = 16 * 1024
_SHOWN_HOST: Final = 256


class Session:
    """Serves one client; whatever happens, both sockets are closed at the end."""

    def __init__(
        self,
        client: socket.socket,
        route: Route,
        ticket_of: Callable[[str, str], Ticket | None],
        figures: Figures,
        clock: Callable[[], float],
        *,
        head_seconds: float,
    ) -> None:
        self._client = client
        self._route = route
        self._ticket_of = ticket_of
        self._figures = figures
        self._clock = clock
        self._head_seconds = head_seconds
        self._loop = asyncio.get_running_loop()

    async def serve(self) -> None:
        """From the first byte to the last. A client that didn't get all sees a reset, never a clean end."""
        whole = False
        try:
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            whole = await self._converse()
        except OSError:
            pass  # either side broke off
        finally:
            if whole:
                self._client.close()
            else:
                reset(self._client)

    async def _converse(self) -> bool:
        """Read a request, look at its credentials; whether the client got all there was. Raises OSError."""
        try:
            async with asyncio.timeout(self._head_seconds):
                head, early = await self._read_head()
            request = parse_request(head)
        except TimeoutError:
            return await self._say(answer(408, "Request Timeout"))
        except BadRequest as error:
            return await self._say(answer(400, f"Bad Request: {error}"))
        given = credentials(request)
        ticket = self._ticket_of(*given) if given else None
        if ticket is None:
            realm = 'Basic realm="egress"'
            return await self._say(answer(407, "Proxy Authentication Required", Proxy_Authenticate=realm))
        if ticket.over_quota:
            return await self._say(_denied("quota"))
        if ticket.open_connections >= TICKET_CONNECTIONS:
            return await self._say(answer(503, "Too Many Connections"))
        with ticket.connection():
            return await self._pass_on(ticket, request, early)

    async def _read_head(self) -> tuple[bytes, bytes]:
        """The head of the request, and what came behind it."""
        data = b""
        while END_OF_HEAD not in data:
            chunk = await self._loop.sock_recv(self._client, _READ_BYTES)
            data += chunk
            if not chunk:
                raise ConnectionResetError
            if len(data) > HEAD_BYTES or b"\n\n" in data:
                raise BadRequest("head")
        head, _, early = data.partition(END_OF_HEAD)
        return head + END_OF_HEAD, early

    async def _pass_on(self, ticket: Ticket, request: Request, early: bytes) -> bool:
        try:
            wanted = destination(request)
            remote, head = await (ticket.route or self._route).open(request, wanted)
        except BadRequest as error:
            return await self._say(answer(400, f"Bad Request: {error}"))
        except UnsafeLink as error:
            ticket.refuse(Refusal(shown_host(request.target), error.detail, error.code))
            return await self._say(_denied(error.code))
        except RouteFailed as failure:
            self._figures.failed += 1
            ticket.fail("proxy" if failure.proxy and ticket.route is None else failure.why)
            if ticket.route is not None and failure.proxy:
                ticket.route_failed = failure.why
            code, reason = (504, "Gateway Timeout") if failure.why == "timeout" else (502, "Bad Gateway")
            return await self._say(answer(code, reason, X_Egress_Failed=failure.why))
        task = asyncio.current_task()
        assert task is not None
        idle = IdleTimer(ticket.idle_seconds, self._clock, task.cancel)
        whole = False

        def count(down: int, up: int) -> None:
            idle.touch()
            ticket.count(down, up)

        try:
            relay = Relay(self._client, remote, count)
            if wanted.tunnel:
                await self._loop.sock_sendall(self._client, ESTABLISHED)
                await relay.tunnel(early)
                whole = True
            else:
                whole = await relay.exchange(head, early, wanted.body_bytes)
        finally:
            idle.stop()
            if whole:
                remote.close()
            else:
                reset(remote)
        return whole

    async def _say(self, data: bytes) -> bool:
        """Answer, then let the client hang up first: closing over unread bytes would destroy the answer."""
        await self._loop.sock_sendall(self._client, data)
        self._client.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                for _ in range(LINGER_READS):
                    if not await self._loop.sock_recv(self._client, _READ_BYTES):
                        break
        return True


def shown_host(target: str) -> str:
    """Host and port of a target that may be anything; no path, no user name."""
    return re.split(r"[/?#]", target.partition("://")[2] or target)[0].rpartition("@")[2][:_SHOWN_HOST]


def _denied(code: str) -> bytes:
    """The code stands in the reason as well: http.client shows nothing else of a refused CONNECT."""
    return answer(403, f"Denied {code}", X_Egress_Denied=code)
