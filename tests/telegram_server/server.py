"""The server: a port for each data centre, the connections to them, and requests answered by their handlers."""

import asyncio
import contextlib
import copy
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from gzip import compress
from typing import Any

from pyrogram.raw.core import Bytes, Int, Long

from tests.telegram_server import tl
from tests.telegram_server.call import Call
from tests.telegram_server.connection import Connection
from tests.telegram_server.faults import Cut, Faults, Late, Mute, RpcError
from tests.telegram_server.handshake import RsaKey, process_key
from tests.telegram_server.people import Account
from tests.telegram_server.session import AuthKey, Session
from tests.telegram_server.tl import F, T
from tests.telegram_server.world import World

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_WRAPPERS = (F.InvokeWithLayer, F.InitConnection, F.InvokeAfterMsg, F.InvokeWithoutUpdates, F.InvokeWithTakeout)
_STREAM_LIMIT = 4 << 20
_GZIP_FROM_BYTES = 512
_CALLS_KEPT = 20_000

Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Made:
    """A request that was made: its method, the request itself (file parts emptied), when, and by whom."""

    name: str
    query: Any
    at: float
    user_id: int | None
    dc: int


class Server:
    """Telegram's servers on loopback.

    world: what they know. handlers: a method's class -> what answers it. dcs: the data centres; the first is where
    new clients arrive. zipped: answers above half a kilobyte come packed, as Telegram's do. `ahead_seconds`: how far
    its clock is ahead of this machine's, as it is for a client whose machine was put to sleep.
    """

    def __init__(
        self,
        world: World,
        handlers: Mapping[Any, Handler],
        *,
        dcs: Sequence[int] = (2, 4),
        rsa: RsaKey | None = None,
        zipped: bool = True,
    ) -> None:
        self.world, self.dcs, self.zipped = world, tuple(dcs), zipped
        self.rsa = rsa or process_key()
        self.faults = Faults()
        self.keys: dict[tuple[int, bytes], AuthKey] = {}
        self.sessions: dict[bytes, Session] = {}
        self.calls: list[Made] = []
        self.ports: dict[int, int] = {}
        self.one_session_per_key = False
        self.ahead_seconds = 0.0
        self._handlers = handlers
        self._listeners: list[asyncio.Server] = []
        self._connections: dict[Connection, asyncio.Task[Any]] = {}
        self._held: list[tuple[Session, Any]] = []
        world.deliver = self.deliver

    @property
    def address(self) -> str:
        """Where a client arrives, as host:port."""
        return f"{HOST}:{self.ports[self.dcs[0]]}"

    def clock(self) -> float:
        """Its own time, in seconds since 1970."""
        return time.time() + self.ahead_seconds

    async def start(self) -> None:
        """Listen; after a stop on the same ports as before."""
        for dc in self.dcs:

            async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dc: int = dc) -> None:
                await self._serve(dc, reader, writer)

            listener = await asyncio.start_server(accept, HOST, self.ports.get(dc, 0), limit=_STREAM_LIMIT)
            self.ports[dc] = listener.sockets[0].getsockname()[1]
            self._listeners.append(listener)

    async def stop(self) -> None:
        """Stop listening and break every connection. Keys, sessions and the world stay."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        connections = dict(self._connections)
        self.cut_connections()
        await asyncio.gather(*connections.values(), return_exceptions=True)
        for connection in connections:
            await connection.finish()

    async def restart(self) -> None:
        """Go down and come back on the same ports, as a server that is exchanged."""
        await self.stop()
        await self.start()

    def cut_connections(self, user: Account | None = None) -> int:
        """Break every connection, or those that carry a user's sessions; gives their number."""
        links = {session.link for session in self.sessions.values() if user is None or session.key.user_id == user.id}
        met = [connection for connection in self._connections if user is None or connection in links]
        for connection in met:
            connection.cut()
        return len(met)

    async def _serve(self, dc: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, dc, reader, writer, self._dispatch)
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            await connection.run()
        except (asyncio.IncompleteReadError, OSError) as error:
            log.debug("connection closed: %r", error)
        except asyncio.CancelledError:
            # Only the end of the event loop cancels it; the stream's own callback would log that as an error.
            log.debug("connection cancelled")
        finally:
            self._connections.pop(connection, None)
            self.world.changed()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def add_key(self, dc: int, key: bytes, user_id: int | None = None) -> AuthKey:
        """Remember an authorization key of a data centre, already signed in where a user is given."""
        made = AuthKey(key, dc, user_id)
        self.keys[dc, made.id] = made
        return made

    def calls_of(self, methods: str, user: Account | None = None) -> list[Made]:
        """Give the requests made so far whose method starts with this name (any case)."""
        start = methods.lower()
        return [
            call
            for call in self.calls
            if call.name.lower().startswith(start) and (user is None or call.user_id == user.id)
        ]

    # --- updates

    def deliver(self, account: Account, make: Callable[[], Any], skip: object = None) -> bool:
        """Send an update to every session of an account that asked for updates, except one that has the answer.

        Tells whether one of them was connected.
        """
        if self.faults.lose_updates:
            return False
        met = False
        for session in list(self.sessions.values()):
            if session.key.user_id == account.id and session.wants_updates and session is not skip:
                met = met or session.connected
                for _ in range(self.faults.repeat_updates):
                    if self.faults.hold_updates:
                        self._held.append((session, make()))
                    else:
                        session.push(make())
        return met

    def release_updates(self) -> int:
        """Send the updates that were held back and hold no more; gives their number."""
        self.faults.hold_updates = False
        held, self._held = self._held, []
        for session, update in held:
            session.push(update)
        return len(held)

    # --- requests

    async def _dispatch(self, connection: Connection, session: Session, message_id: int, query: Any) -> None:
        while isinstance(query, _WRAPPERS):
            if isinstance(query, F.InitConnection):
                session.device = {name: getattr(query, name) for name in ("api_id", "device_model", "app_version")}
            query = query.query
        name = tl.method_name(query)
        self._note(name, query, session, connection.dc)
        effect = self.faults.take(name, query)
        if isinstance(effect, (Cut, Mute)) and not effect.after:
            if isinstance(effect, Cut):
                connection.cut()
            return
        if isinstance(effect, RpcError):
            self._answer(session, message_id, T.RpcError(error_code=effect.code, error_message=effect.message))
            return
        result = await self._result(Call(self, self.world, session, connection.dc, query), name)
        self.world.changed()
        if isinstance(effect, Mute):
            return
        if isinstance(effect, Cut):
            connection.cut()
        elif isinstance(effect, Late):
            await asyncio.sleep(effect.seconds)
        self._answer(session, message_id, result)

    def _note(self, name: str, query: Any, session: Session, dc: int) -> None:
        if name.startswith("upload.Save"):
            query = copy.copy(query)
            query.bytes = b""  # a file must not stay in memory because its parts are remembered
        self.calls.append(Made(name, query, self.world.clock(), session.key.user_id, dc))
        del self.calls[:-_CALLS_KEPT]

    async def _result(self, call: Call, name: str) -> Any:
        """Give a method's serialised result or its error; a failure of the server itself is an error as well."""
        handler = self._handlers.get(type(call.query))
        try:
            if handler is None:
                log.warning("no handler for %s", name)
                # Not 500, which clients try ten times over.
                return T.RpcError(error_code=400, error_message="METHOD_INVALID")
            return tl.write(await handler(call))
        except RpcError as error:
            return T.RpcError(error_code=error.code, error_message=error.message)
        except Exception:
            log.exception("%s failed: %s", name, call.query)
            self.world.failures.append(name)
            return T.RpcError(error_code=400, error_message="INPUT_FETCH_ERROR")

    def _answer(self, session: Session, message_id: int, result: Any) -> None:
        body = tl.write(result)
        if self.zipped and len(body) > _GZIP_FROM_BYTES and tl.constructor_id(body) != T.upload.File.ID:
            body = tl.Written(Int(tl.GZIP_PACKED, False) + Bytes(compress(body, 1)))
        session.reply(tl.Written(Int(tl.RPC_RESULT, False) + Long(message_id) + body))
