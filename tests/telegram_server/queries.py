"""Questions that wait for a bot's answer: pressed buttons and inline queries. Each has one answer and a short life."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.telegram_server.faults import RpcError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bot answered to a pressed button."""

    text: str = ""
    alert: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A question: which bot must answer, where the answer goes, and when it was asked."""

    id: int
    bot_id: int
    answer: "asyncio.Future[Any]"
    at: float


class Queries:
    """Every open question; `life_seconds` is how long an answer is taken (Telegram: 5 to 10 s)."""

    def __init__(self, clock: Callable[[], float], life_seconds: float = 10.0) -> None:
        self.life_seconds = life_seconds
        self.answered = 0
        self._clock = clock
        self._open: dict[int, Query] = {}

    def ask(self, bot_id: int) -> Query:
        """Open a question."""
        query = Query(random.getrandbits(62), bot_id, asyncio.get_running_loop().create_future(), self._clock())
        self._open[query.id] = query
        return query

    def expire(self) -> None:
        """Let every open question be too old now."""
        self._open.clear()

    def settle(self, query_id: int, bot_id: int, answer: Any) -> None:
        """Take a bot's answer; QUERY_ID_INVALID for a second one, a late one or somebody else's."""
        query = self._open.get(query_id)
        if query is None or query.bot_id != bot_id or self._clock() - query.at > self.life_seconds:
            raise RpcError(400, "QUERY_ID_INVALID")
        del self._open[query_id]
        self.answered += 1
        if not query.answer.done():
            query.answer.set_result(answer)
