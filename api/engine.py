"""uvicorn's HTTP/1.1 protocol around the web app, for connections that the gate leads inside.

uvicorn forgets its keep-alive timer with the first byte that follows, and waits for ever for a peer that doesn't read.
Here every head has its deadline, and so has every byte that is to be sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from api.gate import HEAD_SECONDS, address_at
from api.peers import share_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS: Final = 20
#: a peer that takes nothing of what is sent for so long has left
STALL_SECONDS: Final = 120.0


class Deadline:
    """Calls `late` some seconds after it began, unless it is met before."""

    def __init__(self, late: Callable[[], None]) -> None:
        self._late = late
        self._timer: asyncio.TimerHandle | None = None

    @property
    def runs(self) -> bool:
        """Whether it has begun and isn't met."""
        return self._timer is not None

    def begin(self, seconds: float) -> None:
        """Where it runs already, it goes on as it does."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._late)

    def met(self) -> None:
        """End it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Connection(H11Protocol):
    """One connection. `share`: whose it is, as `api.peers.share_of` says."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin."""
        super().connection_made(transport)
        self._head, self._stall = Deadline(transport.abort), Deadline(transport.abort)
        self.share = share_of(address_at(transport))
        transport.set_write_buffer_limits(high=0)  # so that each byte that nobody takes is noticed

    def data_received(self, data: bytes) -> None:
        """Bytes between two requests are the beginning of a head, which has to end in time."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._head.met()
        else:
            self._head.begin(HEAD_SECONDS)

    def pause_writing(self) -> None:
        """The peer doesn't read."""
        super().pause_writing()
        self._stall.begin(STALL_SECONDS)

    def resume_writing(self) -> None:
        """It has read all of it."""
        super().resume_writing()
        self._stall.met()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self._head.met()
        self._stall.met()


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

    def shares(self) -> list[str]:
        """Whose the open connections are."""
        return [each.share for each in self._state.connections if isinstance(each, Connection)]

    def welcome(self, transport: asyncio.Transport, head: bytes) -> None:
        """Go on with a connection whose first bytes were `head`."""
        protocol = Connection(self._config, self._state, {}, asyncio.get_running_loop())
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
