"""The one way out: a loopback proxy that decides about every address, and gives each job its own key and bounds."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from utils.egress_dns import Resolver, SystemResolver
from utils.egress_relay import reset
from utils.egress_route import Dial, Direct, Route, Rules, open_connection
from utils.egress_session import Session
from utils.egress_ticket import Figures, Refusal, Ticket, totals
from utils.egress_upstream import Socks, Upstream
from utils.health import Health, of_task

if TYPE_CHECKING:
    from utils.config import Egress as Settings

__all__ = ["Egress", "Refusal", "SystemResolver", "Ticket", "open_connection"]

#: Connections at once, of all jobs.
CONNECTIONS: Final = 96
#: Clients are our own workers on loopback: who needs longer for a request isn't one.
HEAD_SECONDS: Final = 10.0
#: Out of file descriptors: some connection will end.
ACCEPT_REST_SECONDS: Final = 0.2
BACKLOG: Final = 64
#: the file number of a socket that was closed
CLOSED: Final = -1


class Egress:
    """A part: `start` binds the proxy to a free port of 127.0.0.1, `stop` cuts everything.

    `own_hosts`: names and addresses of this very service, refused as destinations; each may carry a port.
    A refused request is answered with 403 and `X-Egress-Denied: private_address | unsafe_link | quota`, a destination
    out of reach with 502 or 504 and `X-Egress-Failed: dns | connect | timeout | upstream`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        own_hosts: Sequence[str] = (),
        resolver: Resolver | None = None,
        dial: Dial = open_connection,
        clock: Callable[[], float] = time.monotonic,
        head_seconds: float = HEAD_SECONDS,
    ) -> None:
        self.port = 0
        self._settings = settings
        self._own_hosts = tuple(own_hosts)
        self._resolver = SystemResolver() if resolver is None else resolver
        self._dial = dial
        self._clock = clock
        self._head_seconds = head_seconds
        self._tickets: dict[str, Ticket] = {}
        self._figures = Figures()
        self._tasks: set[asyncio.Task[None]] = set()
        self._route = self._make_route()  # a bad setting shows at once

    async def start(self) -> None:
        """Bind and accept."""
        self._bind(0)
        self._route = self._make_route()
        self._accepting = asyncio.create_task(self._accept(), name="egress")

    async def restart(self) -> None:
        """Accept again on the same port, so that the jobs under way keep their tickets.

        Raises OSError where the port is somebody else's by now.
        """
        self._accepting.cancel()
        await asyncio.wait({self._accepting})
        if self._listener.fileno() == CLOSED:
            self._bind(self.port)
        self._accepting = asyncio.create_task(self._accept(), name="egress")

    def health(self) -> Health:
        """Whether new connections get in."""
        if self._listener.fileno() == CLOSED:
            return Health(ok=False, detail="its port is closed")
        return of_task(self._accepting, "egress")

    async def stop(self) -> None:
        """Stop accepting, end all tickets, cut all connections."""
        if not self.port:
            return
        self.port = 0
        for task in (self._accepting, *self._tasks):
            task.cancel()
        await asyncio.gather(self._accepting, *self._tasks, return_exceptions=True)
        self._listener.close()
        self._tickets.clear()

    def open(
        self, name: str, *, quota_bytes: int | None = None, idle_seconds: float | None = None, upstream: str = ""
    ) -> Ticket:
        """Credentials for one job. `name` shows in its proxy URL; a second one of that name gets a number.

        `upstream`: http:// or socks5:// URL of the proxy that this job alone goes through, in place of the one for
        everything. Raises ConfigError for another kind of URL.
        """
        plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:64] or "job"
        number, free = 2, plain
        while free in self._tickets:
            free, number = f"{plain}.{number}", number + 1
        idle = self._settings.idle_seconds if idle_seconds is None else idle_seconds
        route = self._own_route(upstream) if upstream else None
        ticket = Ticket(
            free, self.port, self._figures, self._forget, quota_bytes=quota_bytes, idle_seconds=idle, route=route
        )
        self._tickets[free] = ticket
        return ticket

    def figures(self) -> dict[str, Any]:
        """Totals for /status, and what is open now."""
        return {"tickets": len(self._tickets), "open": len(self._tasks), **totals(self._figures)}

    def _bind(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]

    def _make_route(self) -> Route:
        if self._settings.upstream:
            return Upstream(self._rules(), self._dial, self._settings, self._resolver)
        return Direct(self._rules(), self._dial, self._settings.connect_seconds)

    def _own_route(self, url: str) -> Route:
        kind = Socks if url.startswith("socks5:") else Upstream
        return kind(self._rules(), self._dial, self._settings, self._resolver, url)

    def _rules(self) -> Rules:
        own = (*self._own_hosts, f"127.0.0.1:{self.port}")
        return Rules(self._settings, own, self._resolver)

    def _forget(self, ticket: Ticket) -> None:
        if self._tickets.get(ticket.name) is ticket:
            del self._tickets[ticket.name]

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(self._listener)
            except OSError:
                await asyncio.sleep(ACCEPT_REST_SECONDS)
                continue
            if len(self._tasks) >= CONNECTIONS:
                reset(client)
                continue
            session = Session(
                client, self._route, self._ticket, self._figures, self._clock, head_seconds=self._head_seconds
            )
            task = asyncio.create_task(session.serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _ticket(self, name: str, token: str) -> Ticket | None:
        ticket = self._tickets.get(name)
        return ticket if ticket is not None and ticket.fits(token) else None
