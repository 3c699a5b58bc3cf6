"""A minting server on loopback that speaks bgutil's protocol: every question is kept, tokens are numbered."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

TOKEN_BYTES = 48


def token_of(number: int) -> str:
    """The `number`th token that a server mints."""
    return base64.urlsafe_b64encode(f"minted-{number}".encode().ljust(TOKEN_BYTES, b".")).decode()


class MintServer:
    """`asked`: the bodies of all questions. `answer`: what is sent instead of a token, None for one."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answer: bytes | None = None
        self.minted = 0
        self.port = 0
        self._store: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection, as the protocol's client asks for it."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        question = json.loads(await reader.readexactly(length))
        self.asked.append({"path": head.split()[1].decode(), **question})
        writer.write(self._answer(question) if self.answer is None else self.answer)
        await writer.drain()
        writer.close()

    def _answer(self, question: dict[str, Any]) -> bytes:
        binding = question["content_binding"]
        if question["bypass_cache"] or binding not in self._store:
            self.minted += 1
            self._store[binding] = token_of(self.minted)
        token = {"poToken": self._store[binding], "contentBinding": binding, "expiresAt": "2100-01-01T00:00:00.000Z"}
        return json_answer(token)


def json_answer(content: Any, status: str = "200 OK") -> bytes:
    """A whole answer."""
    body = json.dumps(content).encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def mint_server() -> AsyncIterator[MintServer]:
    """A running one."""
    server = MintServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()
