"""One raw request to Telegram: through the line that is up, within bounds, at the pace of its class of calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from bot.gate import Gate
from bot.refusals import ends_session, refusal, rpc_name
from utils.errors import TelegramRefused

#: how long a small call waits for its answer, and how often it is asked again where none comes
ANSWER_SECONDS: Final = 10.0
ANSWER_TRIES: Final = 3
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
        """The client of the line, waited for within a bound. Raises TelegramRefused."""
        try:
            async with asyncio.timeout(LINE_SECONDS):
                await self._attached.wait()
        except TimeoutError:
            raise TelegramRefused(UNREACHABLE) from None
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
        while True:
            await gate.enter(patience_seconds)
            client = await self.client()
            try:
                result = await client.invoke(query, retries=ANSWER_TRIES, timeout=ANSWER_SECONDS, sleep_threshold=0)
            except Exception as error:
                refused = self.refused(error)
                if not refused.detail.startswith("FLOOD") or refused.retry_after_seconds is None:
                    raise refused from error
                gate.refused(refused.retry_after_seconds)
                if refused.retry_after_seconds > patience_seconds:
                    raise refused from error
            else:
                gate.passed()
                return result

    def refused(self, error: Exception) -> TelegramRefused:
        """What pyrogram raised as an error of ours; a dead session is reported on the way."""
        if isinstance(error, TelegramRefused):
            return error
        if isinstance(error, OSError):
            return TelegramRefused(UNREACHABLE)
        if ends_session(error) and self._on_dead is not None:
            self._on_dead(rpc_name(error))
        return refusal(error)
