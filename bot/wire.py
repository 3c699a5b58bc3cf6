"""One connection to Telegram's servers: where it leads, who hears of its fate, and who owns pyrogram's tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any, Final, Protocol

from pyrogram.connection import Connection
from pyrogram.raw.core import Message
from pyrogram.storage.sqlite_storage import PROD, TEST

#: addresses that pyrogram knows by itself; others come from the server's own configuration
BUILT_IN: Final = frozenset({*PROD.values(), *TEST.values()})
#: transport error 404: the server doesn't know our authorisation key (core.telegram.org/mtproto/mtproto-transports)
KEY_UNKNOWN: Final = -404
ERROR_BYTES: Final = 4
#: messages from this size on are sealed and opened in a thread; parts of files are
INLINE_BYTES: Final = 32 * 1024


class Watcher(Protocol):
    """Who wants to know how the wire is."""

    def up(self) -> None:
        """A connection stands."""

    def heard(self) -> None:
        """Something came through it."""

    def opened(self, message: Message) -> None:
        """This message came through it."""

    def down(self) -> None:
        """It broke."""

    def unreachable(self) -> None:
        """It could not be made."""

    def dead(self, reason: str) -> None:
        """The session will never work again."""


class Wire(Connection):
    """A TCP connection whose fate is told to the watcher, save that of connections for files.

    `server` ("host:port", may be empty) replaces Telegram's built-in addresses. pyrogram gives the other arguments.
    `broken` is done as soon as the connection is: what is under way on it will never be answered.
    """

    def __init__(self, *, watcher: Watcher, server: str, **options: Any) -> None:
        host, _, port = server.rpartition(":")
        if host and options["server_address"] in BUILT_IN:
            options |= {"server_address": host, "port": int(port)}
        super().__init__(**options)
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watcher = watcher

    async def connect(self) -> None:
        """Connect, trying a few times. Raises ConnectionError."""
        try:
            await super().connect()
        except OSError:
            self._break()
            if not self.media:
                self._watcher.unreachable()
            raise
        if not self.media:
            self._watcher.up()

    async def recv(self) -> bytes | None:
        """The next packet, None at the end."""
        packet: bytes | None = await super().recv()
        if packet is None:
            self._break()
            if not self.media:
                self._watcher.down()
        elif len(packet) == ERROR_BYTES and int.from_bytes(packet, "little", signed=True) == KEY_UNKNOWN:
            self._watcher.dead("AUTH_KEY_UNKNOWN")
        elif not self.media:
            self._watcher.heard()
        return packet

    async def close(self) -> None:
        """Close it in order."""
        await super().close()
        self._break()

    def abort(self) -> None:
        """End the connection at once, whatever pyrogram still means to do with it."""
        writer = getattr(self.protocol, "writer", None)
        if writer is not None:
            writer.transport.abort()

    def _break(self) -> None:
        self.abort()  # pyrogram closes it too, unless what it does then is broken off
        if not self.broken.done():
            self.broken.set_result(None)


class OwnedLoop:
    """The event loop as pyrogram sees it: tasks begun through it are remembered, so that somebody can end them.

    pyrogram starts reconnections and readers that nobody awaits; one that fails with a `fatal` error is the end of the
    session.
    """

    def __init__(self, watcher: Watcher, fatal: tuple[type[BaseException], ...]) -> None:
        self._loop = asyncio.get_running_loop()
        self._watcher = watcher
        self._fatal = fatal
        self._tasks: set[asyncio.Task[Any]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def create_task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a task of ours."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def run_in_executor(self, executor: Any, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        """Do small work at once: handing it to another thread and back takes longer than sealing a short message."""
        size = _size(arguments[0]) if arguments else INLINE_BYTES
        if size >= INLINE_BYTES:
            return self._loop.run_in_executor(executor, work, *arguments)
        done: asyncio.Future[Any] = self._loop.create_future()
        try:
            result = work(*arguments)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits it
            done.set_exception(error)
            return done
        if isinstance(result, Message):
            self._watcher.opened(result)
        done.set_result(result)
        return done

    async def end(self, seconds: float) -> None:
        """Cancel what still runs and wait for it, not longer than that."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, self._fatal):
            self._watcher.dead(getattr(error, "ID", None) or type(error).__name__)


def _size(first: Any) -> int:
    """Bytes of a message to be sealed, or of a packet to be opened; of anything else, too many."""
    if isinstance(first, Message):
        return int(first.length)
    return first.getbuffer().nbytes if isinstance(first, BytesIO) else INLINE_BYTES
