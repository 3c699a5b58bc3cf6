"""One TCP connection: packets in, key exchange, service messages, and requests handed on."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any, Protocol

from pyrogram.raw.core import FutureSalt, FutureSalts, Int, TLObject

from tests.telegram_server import tl
from tests.telegram_server.handshake import Handshake, RsaKey
from tests.telegram_server.session import AuthKey, Session
from tests.telegram_server.tl import F, T
from tests.telegram_server.wire import Envelope, Framing, greet, open_envelope, plain_packet

_KEY_UNKNOWN = -404
_SALT_WRONG = 48
# core.telegram.org/mtproto/description: a message id is a time, taken from 300 s in the past to 30 s in the future;
# /mtproto/service_messages_about_messages: what is said of others
_PAST_SECONDS, _FUTURE_SECONDS = 300, 30
_ID_TOO_LOW, _ID_TOO_HIGH = 16, 17
_PLAIN_HEADER_BYTES = 20


class Keeper(Protocol):
    """What a connection needs from its server."""

    rsa: RsaKey
    keys: dict[tuple[int, bytes], AuthKey]
    sessions: dict[bytes, Session]

    def clock(self) -> float:
        """Seconds since 1970."""
        ...

    def add_key(self, dc: int, key: bytes, user_id: int | None = None) -> AuthKey:
        """Remember a new authorization key."""
        ...


class Connection:
    """Reads one client's packets until it goes away."""

    def __init__(
        self,
        server: Keeper,
        dc: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        dispatch: Callable[["Connection", Session, int, Any], Coroutine[Any, Any, None]],
    ) -> None:
        self.dc = dc
        self._server, self._reader, self._writer, self._dispatch = server, reader, writer, dispatch
        self._handshake = Handshake(server.rsa, functools.partial(server.add_key, dc), server.clock)
        self._framing: Framing | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._hang_up: asyncio.TimerHandle | None = None

    def send(self, packet: bytes) -> None:
        """Write a packet."""
        if self._framing is not None and not self._writer.is_closing():
            self._writer.write(self._framing.wrap(packet))

    def cut(self) -> None:
        """Break the connection, without a goodbye; what is sent from now on waits for the next one."""
        self._detach()
        self._writer.transport.abort()

    def _detach(self) -> None:
        for session in self._server.sessions.values():
            session.detach(self)

    async def run(self) -> None:
        """Serve until the connection ends; requests at work are done to their end all the same."""
        try:
            self._framing = await greet(self._reader)
            while True:
                self._packet(await self._framing.read(self._reader))
                await self._writer.drain()
        finally:
            if self._hang_up is not None:
                self._hang_up.cancel()
            self._detach()
            self._writer.close()

    async def finish(self) -> None:
        """Cancel the requests that are still at work, when the server stops."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _packet(self, packet: bytes) -> None:
        if packet[:8] == bytes(8):
            answer = self._handshake.answer(TLObject.read(BytesIO(packet[_PLAIN_HEADER_BYTES:])))
            self.send(plain_packet(int(self._server.clock() * 2**32) & ~3 | 1, answer.write()))
            return
        key = self._server.keys.get((self.dc, packet[:8]))
        if key is None or key.dead:
            self.send(Int(_KEY_UNKNOWN))
            return
        envelope = open_envelope(key.key, packet)
        session = self._session(key, envelope)
        if code := self._time_fault(envelope.message_id):
            session.reply(
                T.BadMsgNotification(bad_msg_id=envelope.message_id, bad_msg_seqno=envelope.sequence, error_code=code),
                content=False,
            )
            return
        if envelope.salt != key.salt:
            session.reply(
                T.BadServerSalt(
                    bad_msg_id=envelope.message_id,
                    bad_msg_seqno=envelope.sequence,
                    error_code=_SALT_WRONG,
                    new_server_salt=key.salt,
                ),
                content=False,
            )
            return
        session.welcome(envelope.message_id)
        self._message(session, envelope.message_id, envelope.body)

    def _time_fault(self, message_id: int) -> int:
        """What is wrong with the time in a client's message id, 0 where nothing is."""
        late_seconds = self._server.clock() - message_id / 2**32
        if late_seconds > _PAST_SECONDS:
            return _ID_TOO_LOW
        return _ID_TOO_HIGH if late_seconds < -_FUTURE_SECONDS else 0

    def _session(self, key: AuthKey, envelope: Envelope) -> Session:
        session = self._server.sessions.get(envelope.session_id)
        if session is None:
            session = Session(key, envelope.session_id, self._server.clock)
            self._server.sessions[envelope.session_id] = session
            session.attach(self)
        elif session.link is not self:
            session.attach(self)
        return session

    def _message(self, session: Session, message_id: int, body: bytes) -> None:
        if not session.first_time(message_id):
            return
        constructor = tl.constructor_id(body)
        if constructor == tl.MSG_CONTAINER:
            for inner_id, _, inner in tl.split_container(body):
                self._message(session, inner_id, inner)
            return
        query = tl.read(tl.unzip(body) if constructor == tl.GZIP_PACKED else body)
        if isinstance(query, T.MsgsAck):
            session.acknowledge(query.msg_ids)
        elif isinstance(query, (F.Ping, F.PingDelayDisconnect)):
            self._await_next_ping(getattr(query, "disconnect_delay", None))
            session.reply(T.Pong(msg_id=message_id, ping_id=query.ping_id), content=False)
        elif isinstance(query, F.GetFutureSalts):
            salts = [FutureSalt(0, 2**31 - 1, session.key.salt)]
            session.reply(FutureSalts(message_id, int(self._server.clock()), salts), content=False)
        else:
            # Side by side, as Telegram does: a slow request holds up nobody.
            task = asyncio.create_task(self._dispatch(self, session, message_id, query))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _await_next_ping(self, seconds: int | None) -> None:
        if self._hang_up is not None:
            self._hang_up.cancel()
        self._hang_up = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self.cut)
