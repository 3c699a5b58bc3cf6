"""Where the states of breakers are kept over a restart: what is kept, the port, and the table in SQLite."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from utils.breaker_policy import OPEN_BOUND_SECONDS

if TYPE_CHECKING:
    from utils.database import Database


@dataclass(frozen=True, slots=True)
class BreakerRecord:
    """A breaker's state as it is kept.

    `state`: "open" or "closed" (a half-open one is open with nothing remaining); `remaining_seconds`: how much longer
    it stays open at the moment of saving or loading, None while an operator holds it; `streak`: how often it opened in
    a row; `revision`: of a shared store, counts the changes; `by_hand`: a pause, no trouble.
    """

    name: str
    state: str
    remaining_seconds: float | None = 0.0
    streak: int = 0
    revision: int = 0
    by_hand: bool = False

    @property
    def sane(self) -> bool:
        """Whether this can be a breaker's state; a damaged store must not lock a site."""
        rest = self.remaining_seconds
        return (
            self.state in {"open", "closed"} and (rest is None or 0 <= rest <= OPEN_BOUND_SECONDS) and self.streak >= 0
        )


class BreakerStore(Protocol):
    """Keeps the records; a time is kept as a duration, so each store reckons with its own clock."""

    #: whether other instances write into it too
    shared: bool

    async def save(self, records: Sequence[BreakerRecord]) -> Mapping[str, int]:
        """Keep these instead of what was kept under their names; the revisions they got (none unless shared)."""

    async def load(self) -> list[BreakerRecord]:
        """Everything that is kept."""


class SqliteBreakers:
    """The table `breakers`. `clock`: the wall clock in seconds, for a restart takes the monotonic one away."""

    shared = False

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def save(self, records: Sequence[BreakerRecord]) -> Mapping[str, int]:
        """One transaction; a closed breaker has no row."""
        now = self._clock()
        async with self._database.transaction():
            for record in records:
                await self._database.run("DELETE FROM breakers WHERE name = ?", record.name)
                if record.state == "open":
                    await self._database.run(
                        "INSERT INTO breakers (name, remaining_seconds, streak, by_hand, saved_at)"
                        " VALUES (?, ?, ?, ?, ?)",
                        record.name,
                        record.remaining_seconds,
                        record.streak,
                        record.by_hand,
                        now,
                    )
        return {}

    async def load(self) -> list[BreakerRecord]:
        """What was open, with the time that passed since taken off.

        A wall clock that was set back takes nothing off, so nothing stays open for longer than it was saved with.
        """
        rows = await self._database.all("SELECT name, remaining_seconds, streak, by_hand, saved_at FROM breakers")
        now, records = self._clock(), []
        for row in rows:
            with suppress(TypeError, ValueError):  # a damaged row says nothing, the others still count
                rest = None if row["remaining_seconds"] is None else float(row["remaining_seconds"])
                left = _left(rest, now - float(row["saved_at"]))
                records.append(
                    BreakerRecord(row["name"], "open", left, int(row["streak"]), by_hand=bool(row["by_hand"]))
                )
        return records


def _left(seconds: float | None, passed: float) -> float | None:
    return None if seconds is None else max(0.0, seconds - max(0.0, passed if math.isfinite(passed) else 0.0))
