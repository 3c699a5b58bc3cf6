"""uvicorn's HTTP/1.1 protocol around the web app, for connections that the gate leads inside."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

if TYPE_CHECKING:
    from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS: Final = 20


class Engine:
    """Serves connections in the running loop.

    `uvicorn.Server` is left out: its listener, its signal handlers and its ten ticks a second belong to a process that
    does nothing else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._config = Config(
            app,
            http="h11",
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._state.connections)

    def welcome(self, transport: asyncio.Transport, head: bytes) -> None:
        """Go on with a connection whose first bytes were `head`."""
        protocol = H11Protocol(self._config, self._state, {}, asyncio.get_running_loop())
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(head)

    async def stop(self, grace_seconds: float) -> None:
        """Close what is idle, let the rest finish for that long, then cut it off."""
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=grace_seconds)
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._state.tasks:
            logger = logging.getLogger("uvicorn.error")
            logger.addFilter(_is_fault)
            for task in self._state.tasks:
                task.cancel()
            await asyncio.wait(self._state.tasks)
            logger.removeFilter(_is_fault)


def _is_fault(record: logging.LogRecord) -> bool:
    """False for what uvicorn logs of an answer that we cancelled ourselves."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
