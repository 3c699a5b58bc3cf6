"""The HTTP side as a part: takes over the bound port at once, loads the web app at the first request that needs it."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

import msgspec

from api.gate import Gate
from api.health import health, readiness
from api.peers import Peers, share_of
from utils.health import Health

if TYPE_CHECKING:
    from api.engine import Engine
    from services.app import App

#: connections inside at the same time; one costs about 30 kB
CONNECTIONS: Final = 256
#: turns of the event loop between a waiting connection and its answer
TURNS: Final = 6
#: the file number of a socket that was closed
CLOSED: Final = -1
#: callers that wait for their turn to come in
BACKLOG: Final = 128


class HttpPart:
    """A part. `listener` is bound and listens already; `grace_seconds`: how long answers may go on after `stop`."""

    def __init__(
        self, app: App, listener: socket.socket, *, connections: int = CONNECTIONS, grace_seconds: float = 1.0
    ) -> None:
        self._app = app
        self._listener = listener
        self._family = listener.family
        self._address = listener.getsockname()
        self._bound = connections
        self._grace_seconds = grace_seconds
        self._waiting: dict[Gate, None] = {}
        self._peers = Peers(app.settings.server.trusted_proxies)
        self._server: asyncio.Server | None = None
        self._engine: Engine | None = None
        self._closing = asyncio.Event()

    async def start(self) -> None:
        """Open the gate and answer who waits before anything heavy follows.

        A listener that was closed is bound again. Raises OSError where the port is somebody else's by now.
        """
        loop = asyncio.get_running_loop()
        if self._listener.fileno() == CLOSED:
            self._closing = asyncio.Event()
            self._listener = socket.create_server(self._address[:2], family=self._family, backlog=BACKLOG)
        self._server = await loop.create_server(lambda: Gate(self, self._waiting), sock=self._listener)
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Refuse new connections, let answers finish for `grace_seconds`, end streams at once."""
        self._closing.set()
        if self._server is not None:
            self._server.close()
        for gate in list(self._waiting):
            gate.close()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.stop(self._grace_seconds)

    def health(self) -> Health:
        """Whether new callers get in."""
        listens = self._server is not None and self._server.is_serving() and self._listener.fileno() != CLOSED
        return Health() if listens else Health(ok=False, detail="the port is closed")

    # --- the house behind the gate ------------------------------------------------------------------------------------

    def has_room(self, address: str) -> bool:
        """Whether one more connection stays within the bound of all and of its address."""
        inside = self._engine.shares() if self._engine else []
        return len(inside) < self._bound and inside.count(share_of(address)) < self._peers.bound(address)

    def answer(self, path: str) -> tuple[int, bytes]:
        """/health or /ready."""
        state = self._app.state()
        status, body = health(state, self._app.critical) if path == "/health" else readiness(state)
        return status, msgspec.json.encode(body)

    def welcome(self, transport: asyncio.Transport, head: bytes) -> None:
        """Hand a connection to the web app, loaded now if it isn't yet."""
        if self._engine is None:
            from api.engine import Engine
            from api.web import make_web

            self._engine = Engine(make_web(self._app, self._closing))
        self._engine.welcome(transport, head)
