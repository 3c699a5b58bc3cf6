"""One raw request to Telegram: through the line that is up, within bounds, at the pace of its class of calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from pyrogram import raw

from bot.gate import Gate
from bot.refusals import ALREADY_SENT, ends_session, refusal, rpc_name
from bot.tasks import end
from utils.errors import TelegramAway, TelegramRefused

#: how long a small call waits for its answer, and how often it is made where none comes
ANSWER_SECONDS: Final = 10.0
TRIES: Final = 3
AGAIN_SECONDS: Final = 0.5
#: Telegram's own trouble; the same call may pass a moment later
SERVER_FAULTS: Final = range(500, 600)
#: how long a call waits for a line that is down
LINE_SECONDS: Final = 30.0
#: detail of an error that is not Telegram's own
UNREACHABLE: Final = "UNREACHABLE"


class Calls:
    """The way out. `attach` gives it the client of a signed-in line, `detach` takes it away again.

    `sends`, `edits`, `answers` and `parts` (of files) are the classes of calls whose pace is kept apart.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._sleep = sleep
        self.sends = Gate(clock, sleep)
        self.edits = Gate(clock, sleep)
        self.answers = Gate(clock, sleep)
        self.parts = Gate(clock, sleep)
        self._client: Any = None
        self._on_dead: Callable[[str], None] | None = None
        self._attached = asyncio.Event()

    def attach(self, client: Any, on_dead: Callable[[str], None]) -> None:
        """Calls go through this client from now on; `on_dead` hears of a session that Telegram ended."""
        self._client, self._on_dead = client, on_dead
        self._attached.set()

    def detach(self) -> None:
        """No client for now; calls wait for the next one."""
        self._attached.clear()
        self._client = self._on_dead = None

    async def client(self) -> Any:
        """The client of the line, waited for within a bound. Raises TelegramAway."""
        try:
            async with asyncio.timeout(LINE_SECONDS):
                await self._attached.wait()
        except TimeoutError:
            raise TelegramAway(UNREACHABLE) from None
        return self._client

    async def peer(self, chat_id: int) -> Any:
        """The address of a chat. Raises TelegramRefused."""
        client = await self.client()
        try:
            return await client.resolve_peer(chat_id)
        except Exception as error:
            raise self.refused(error) from error

    async def call(self, query: Any, gate: Gate, patience_seconds: float) -> Any:
        """Ask, and wait out a FLOOD_WAIT that isn't longer than the patience. Raises TelegramRefused."""

        async def attempt() -> Any:
            client = await self.client()
            result = await ask(client.session, query, ANSWER_SECONDS)
            await client.fetch_peers([*getattr(result, "users", ()), *getattr(result, "chats", ())])
            return result

        return await self.paced(attempt, gate, patience_seconds)

    async def paced(
        self, attempt: Callable[[], Awaitable[Any]], gate: Gate, patience_seconds: float, tries: int = TRIES
    ) -> Any:
        """Run an attempt at the gate's pace; again after a FLOOD_WAIT, a broken connection or a fault of the server."""
        while True:
            await gate.enter(patience_seconds)
            try:
                result = await attempt()
            except Exception as error:
                refused = self.refused(error)
                if refused.detail.startswith("FLOOD") and refused.retry_after_seconds is not None:
                    gate.refused(refused.retry_after_seconds)
                    if refused.retry_after_seconds > patience_seconds:
                        raise refused from error
                    continue
                tries -= 1
                if not tries or not _may_pass(error, refused):
                    raise refused from error
                await self._sleep(AGAIN_SECONDS)
            else:
                gate.passed()
                return result

    def refused(self, error: Exception) -> TelegramRefused:
        """What pyrogram raised as an error of ours; a dead session is reported on the way."""
        if isinstance(error, TelegramRefused):
            return error
        if isinstance(error, OSError):
            return TelegramAway(UNREACHABLE)
        if ends_session(error) and self._on_dead is not None:
            self._on_dead(rpc_name(error))
        return refusal(error)


async def ask(session: Any, query: Any, seconds: float) -> Any:
    """Send one request over a session of pyrogram. Raises its RPCError, or OSError where no answer comes.

    pyrogram's own `invoke` asks again by itself, waits on a connection that is gone, and loses the error in the end.
    """
    async with asyncio.timeout(seconds):
        await session.is_started.wait()
    broken = session.connection.broken
    answer = asyncio.create_task(session.send(query, timeout=seconds))
    try:
        await asyncio.wait({answer, broken}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return _accepted(answer.result())
        raise ConnectionResetError("broken in the middle")
    finally:
        await end(answer)


def _accepted(result: Any) -> Any:
    """An answer to the request itself. Raises OSError where Telegram did not take the message it came in.

    pyrogram hands that on as if it were the answer. It comes of a wrong clock, which that message puts right.
    """
    if isinstance(result, raw.types.BadMsgNotification):
        raise ConnectionAbortedError(f"message refused with code {result.error_code}")
    return result


def _may_pass(error: Exception, refused: TelegramRefused) -> bool:
    if refused.detail == ALREADY_SENT:
        return False
    return isinstance(error, OSError) or getattr(error, "CODE", 0) in SERVER_FAULTS
