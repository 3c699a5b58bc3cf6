"""The first thing on the port: bounds a caller, answers /health and /ready itself, leads everybody else inside.

Hosts ask for /health for as long as the process lives and often nobody asks for anything else, so these two answers
need no web framework: 7 MB and 0.1 s of a full core stay unused until the first other request. A host that gets no
answer kills the process, so they are given also when all places inside are taken.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final, Protocol

#: callers who have not said yet what they want; the one that waited longest leaves for the next
WAITING: Final = 64
#: uvicorn bounds neither the time nor, before the first line ends, the size of a head; 16 KiB is what h11 takes
HEAD_BYTES: Final = 16_384
HEAD_SECONDS: Final = 10.0
HEAD_END: Final = b"\r\n\r\n"
QUESTION: Final = re.compile(rb"(?P<method>GET|HEAD) (?P<path>/health|/ready)(?:\?[^ ]*)? HTTP/1\.[01]\r\n")
REASONS: Final = {200: "OK", 408: "Request Timeout", 431: "Request Header Fields Too Large", 503: "Service Unavailable"}


class House(Protocol):
    """What a gate needs of the server behind it."""

    def has_room(self, address: str) -> bool:
        """Whether one more connection from there may come in."""

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and JSON for /health or /ready."""

    def welcome(self, transport: asyncio.Transport, head: bytes) -> None:
        """Take over a connection whose first bytes were `head`."""


class Gate(asyncio.Protocol):
    """One new connection until its first request is known. `waiting` holds the gates that still wait, oldest first."""

    def __init__(self, house: House, waiting: dict[Gate, None]) -> None:
        self._house = house
        self._waiting = waiting
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the caller ask, for some seconds."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._reply, 408)
        self._waiting[self] = None
        if len(self._waiting) > WAITING:
            next(iter(self._waiting)).close()

    def data_received(self, data: bytes) -> None:
        """Collect the head of the first request."""
        if self._transport is None:
            return
        self._head += data
        if HEAD_END not in self._head:
            if len(self._head) > HEAD_BYTES:
                self._reply(431)
            return
        question = QUESTION.match(self._head)
        if question is not None:
            status, body = self._house.answer(question["path"].decode())
            self._reply(status, body, with_body=question["method"] == b"GET")
        elif self._house.has_room(address_at(self._transport)):
            transport = self._transport
            self._leave()
            self._house.welcome(transport, bytes(self._head))
        else:
            self._reply(503, b'{"status":"full"}')

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the shape of a protocol
        """Forget the caller."""
        self._leave()

    def close(self) -> None:
        """Turn the caller away without a word."""
        if self._transport is not None:
            self._transport.close()
        self._leave()

    def _leave(self) -> None:
        self._waiting.pop(self, None)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def _reply(self, status: int, body: bytes = b"", *, with_body: bool = True) -> None:
        if self._transport is None:
            return
        head = (
            f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            "cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + (body if with_body else b""))
        self.close()


def address_at(transport: asyncio.BaseTransport) -> str:
    """The address at the other end, "" where it has none."""
    name = transport.get_extra_info("peername")
    return name[0] if isinstance(name, tuple) else ""
