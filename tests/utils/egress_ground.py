"""A small internet for the egress proxy: names and public addresses that lead to one scripted origin on loopback."""

from __future__ import annotations

import asyncio
import socket
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import msgspec

from utils.config import Egress as Settings
from utils.config import load_settings
from utils.egress import Egress, Ticket, open_connection

PUBLIC = "93.184.216.34"
PUBLIC_TWO = "151.101.1.69"
PUBLIC_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
HEAD_END = b"\r\n\r\n"

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def settings(**changes: object) -> Settings:
    return msgspec.structs.replace(load_settings({}).egress, **changes)


class Internet:
    """Resolver, dial and origin in one. `names` maps a name to its answers; all public addresses reach the origin.

    `dead` addresses refuse connections, `silent` names and addresses never answer.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.names: dict[str, Sequence[str]] = {"site.test": [PUBLIC]}
        self.asked: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.dead: set[str] = set()
        self.silent: set[str] = set()
        self.behaviour = behaviour
        self.port = 0

    async def resolve(self, name: str, port: int) -> Sequence[str]:
        self.asked.append(name)
        if name in self.silent:
            await asyncio.Event().wait()
        try:
            return self.names[name]
        except KeyError:
            raise socket.gaierror(socket.EAI_NONAME, "unknown name") from None

    async def dial(self, address: str, port: int) -> socket.socket:
        self.dialled.append((address, port))
        if address in self.dead:
            raise ConnectionRefusedError
        if address in self.silent:
            await asyncio.Event().wait()
        return await open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def internet(behaviour: Behaviour) -> AsyncIterator[Internet]:
    world = Internet(behaviour)
    server = await asyncio.start_server(lambda reader, writer: _guarded(world, reader, writer), "127.0.0.1", 0)
    world.port = server.sockets[0].getsockname()[1]
    async with server:
        yield world


async def _guarded(world: Internet, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(ConnectionError):
            await world.behaviour(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def running(world: Internet, **options: object) -> AsyncIterator[Egress]:
    changes = options.pop("settings", {})
    assert isinstance(changes, dict)
    egress = Egress(settings(**changes), resolver=world.resolve, dial=world.dial, **options)  # type: ignore[arg-type]
    await egress.start()
    try:
        yield egress
    finally:
        await egress.stop()


class Client:
    """A raw client of the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        return await self.reader.readuntil(HEAD_END)

    async def all(self) -> bytes:
        """Everything until a clean end. Raises ConnectionResetError where the proxy broke off."""
        return await self.reader.read(-1)

    async def ends(self) -> str:
        """How it ends: "clean" or "reset"."""
        try:
            await self.reader.read(-1)
        except ConnectionResetError:
            return "reset"
        return "clean"

    def abort(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def authorization(ticket: Ticket) -> bytes:
    user = urlsplit(ticket.proxy_url)
    return b"Proxy-Authorization: Basic " + b64encode(f"{user.username}:{user.password}".encode()) + b"\r\n"


def get(ticket: Ticket, target: str, extra: bytes = b"") -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: x\r\n".encode() + authorization(ticket) + extra + b"\r\n"


def connect(ticket: Ticket, target: str) -> bytes:
    return f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n".encode() + authorization(ticket) + b"\r\n"


async def ask(egress: Egress, data: bytes) -> bytes:
    """One request, everything that comes back."""
    client = await Client.connect(egress.port)
    try:
        await client.say(data)
        return await client.all()
    finally:
        await client.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


class Origin:
    """Notes every head and answers `reply`; then closes unless told to `stay`."""

    def __init__(self, reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", *, stay: bool = False) -> None:
        self.reply = reply
        self.stay = stay
        self.heads: list[bytes] = []
        self.after = b""
        self.ended = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append(await reader.readuntil(HEAD_END))
            writer.write(self.reply)
            await writer.drain()
            if self.stay:
                while data := await reader.read(65536):
                    self.after += data
        finally:
            self.ended.set()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it gets, and a last word after the client's end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write(b"bye")
    await writer.drain()
