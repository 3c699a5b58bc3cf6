"""One life of the Telegram client: sign in with the kept session or a new one, stay up, end for a reason, close."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import pyrogram
import structlog
from pyrogram import raw
from pyrogram.errors import AuthKeyDuplicated, RPCError, Unauthorized
from pyrogram.raw.core import MsgContainer
from pyrogram.session.session import AuthKeyNotFound

from bot.refusals import ends_session, rpc_name, wait_seconds
from bot.tasks import end
from bot.wire import OwnedLoop, Wire

if TYPE_CHECKING:
    from pyrogram.raw.core import Message

    from bot.feed import Feed
    from bot.server_time import ServerTime
    from bot.session_store import SessionStore
    from utils.config import Telegram

log = structlog.get_logger()
#: from the first packet to signed in; a handshake takes about a second on a full core, ten on a tenth of one
OPEN_SECONDS: Final = 45.0
#: reading what was missed; the rest comes with the next updates
CATCH_UP_SECONDS: Final = 30.0
#: pyrogram's own end: handlers are ours, so only its sockets and readers are waited for
CLOSE_SECONDS: Final = 0.8
FATAL: Final = (AuthKeyDuplicated, Unauthorized, AuthKeyNotFound)
UNREACHABLE: Final = "unreachable"
CLOCK_AHEAD: Final = "clock ahead"
#: core.telegram.org/mtproto/service_messages_about_messages: a message id that is too low, or too high
TOO_LOW: Final = 16
TOO_HIGH: Final = 17


class SessionDeadError(Exception):
    """Only a new login helps; the argument is Telegram's reason."""


class TimedClient(pyrogram.Client):
    """pyrogram's client with Telegram's time from elsewhere."""

    def __init__(self, *known: Any, time_of_server: ServerTime, **options: Any) -> None:
        self._time_of_server = time_of_server
        super().__init__(*known, **options)

    @property
    def server_time(self) -> float:
        """Seconds since 1970; pyrogram makes its message ids of them."""
        return self._time_of_server.now()

    def _set_server_time(self, message_id: int) -> None:
        self._time_of_server.set(message_id)


class Line:
    """A client that is used once. `lost` ends with the reason when it can't go on; broken connections heal alone."""

    def __init__(
        self,
        settings: Telegram,
        store: SessionStore,
        feed: Feed,
        server_time: ServerTime,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.connected = False
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._settings = settings
        self._store = store
        self._time = server_time
        self._sleep = sleep
        self._clock = clock
        self._heard_at = clock()
        self._opening = True
        self._catching_up = asyncio.Lock()
        self._read_until: dict[int, Any] | None = None
        self._loop = OwnedLoop(self, FATAL)
        self._wires: list[Wire] = []
        self.client = TimedClient(
            "goldcrest",
            api_id=settings.api_id,
            api_hash=settings.api_hash,
            bot_token=settings.bot_token,
            app_version="Goldcrest",
            device_model="Goldcrest",
            storage_engine=store,
            workers=1,
            sleep_threshold=0,
            max_message_cache_size=1,
            max_topic_cache_size=1,
            connection_factory=self._wire,
            time_of_server=server_time,
        )
        self.client.loop = self._loop
        self.client.dispatcher = feed
        self.client.connect_handler = self._reconnected

    @property
    def silent_seconds(self) -> float:
        """For how long nothing came; pyrogram asks for a sign of life every five seconds."""
        return self._clock() - self._heard_at

    async def open(self) -> Any:
        """Connect and sign in; the bot's own raw user.

        Raises SessionDeadError, pyrogram's RPCError (FLOOD_WAIT, a refused token), or OSError where nobody answers.
        """
        work = asyncio.create_task(self._sign_in(), name="telegram sign-in")
        try:
            await asyncio.wait({work, self.lost}, timeout=OPEN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        except RPCError as error:
            if ends_session(error):
                raise SessionDeadError(rpc_name(error)) from error
            raise
        finally:
            await end(work)
            self._opening = False
        if self.lost.done():
            raise self.loss()
        raise TimeoutError("Telegram does not answer")

    def loss(self) -> Exception:
        """Why it can't go on, once `lost` is done: a dead session, or what another line may mend."""
        reason = self.lost.result()
        return ConnectionError(reason) if reason in {UNREACHABLE, CLOCK_AHEAD} else SessionDeadError(reason)

    async def catch_up(self) -> None:
        """Read the updates that came while nobody listened; they go through the feed like any other."""
        async with self._catching_up:
            began, self._read_until = self._read_until, None
            if began is not None:
                # an update that came since the connection stands would hide those before it
                self._store.rewind(began)
            try:
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await self._recover()
            except (OSError, RPCError) as error:
                # those unread stay so; the next time begins where this one did
                self._read_until = began or self._read_until
                log.warning("telegram.catch_up_failed", error=rpc_name(error))

    async def _recover(self) -> None:
        """Ask for all chats, and where one of them can't be read, for the private ones at least."""
        try:
            await self.client.recover_gaps()
        except RPCError as error:
            if (seconds := wait_seconds(rpc_name(error))) is not None:
                await self._sleep(seconds + 1)
                await self.client.recover_gaps()
            elif ends_session(error):
                self.dead(rpc_name(error))
            else:
                log.info("telegram.chat_unreadable", error=rpc_name(error))
                states = await self._store.get_update_states()
                await self._store.delete_update_state([state.id for state in states if state.id])
                await self.client.recover_gaps(0)

    async def close(self) -> None:
        """End everything that pyrogram began, within a bound."""
        client = self.client
        self._opening = False
        client.connect_handler = None
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                if client.is_initialized:
                    await client.terminate()
                if client.is_connected:
                    await client.disconnect()
        except Exception as error:  # noqa: BLE001 - pyrogram may raise anything here, and it is over anyway
            log.debug("telegram.close", error=type(error).__name__)
        await self._loop.end(CLOSE_SECONDS)
        for wire in self._wires:
            wire.abort()
        client.executor.shutdown(wait=False)
        self.connected = False

    # --- what the wire tells

    def up(self) -> None:
        """A connection stands."""
        self.connected = True
        self.heard()

    def heard(self) -> None:
        """Something came through it."""
        self._heard_at = self._clock()

    def opened(self, message: Message) -> None:
        """A message of Telegram, before pyrogram looks how old it is; the ids tell what time it is there.

        Ids of one line only rise, so where ours were from the future another line must begin.
        """
        for each in message.body.messages if isinstance(message.body, MsgContainer) else (message,):
            refused = each.body.error_code if isinstance(each.body, raw.types.BadMsgNotification) else 0
            if refused in {TOO_LOW, TOO_HIGH}:
                self._time.set(each.msg_id)
            else:
                self._time.heard(each.msg_id)
            if refused == TOO_HIGH:
                self._lose(CLOCK_AHEAD)

    def down(self) -> None:
        """A connection broke; pyrogram makes a new one."""
        self.connected = False
        if self._read_until is None:
            self._read_until = self._store.states()

    def unreachable(self) -> None:
        """No connection could be made. While signing in that is the end, later pyrogram goes on trying."""
        self.connected = False
        if self._opening:
            self._lose(UNREACHABLE)

    def dead(self, reason: str) -> None:
        """The session will never work again."""
        self.connected = False
        self._lose(reason)

    def _wire(self, **options: Any) -> Wire:
        """What pyrogram calls for each connection."""
        self._wires = [wire for wire in self._wires if not wire.broken.done()]
        self._wires.append(Wire(watcher=self, server=self._settings.server, **options))
        return self._wires[-1]

    def _lose(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)

    async def _sign_in(self) -> Any:
        client = self.client
        if not await client.connect():
            await client.sign_in_bot(self._settings.bot_token)
            await self._store.keep()
        states = self._store.states()  # before the next call, after which updates begin to come
        state = await client.invoke(raw.functions.updates.GetState())
        if not await self._store.get_update_states(0):
            await self._store.set_update_state(
                pyrogram.storage.UpdateState(0, state.pts, state.qts, state.date, state.seq)
            )
            await self._store.flush(self._store.states())  # where the next process begins to read
        self._read_until = states or self._store.states()
        (me,) = await client.invoke(raw.functions.users.GetUsers(id=[raw.types.InputUserSelf()]))
        await client.initialize()
        client.skip_updates = False  # its watchdog reads what was missed too
        return me

    async def _reconnected(self, _client: Any, session: Any) -> None:
        """After a broken connection: what came meanwhile was not delivered."""
        if not self._opening and session is self.client.session:
            self._loop.create_task(self.catch_up())
