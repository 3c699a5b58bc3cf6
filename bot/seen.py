"""Updates that were dealt with: Telegram repeats some after a reconnection, and a restart reads the last ones again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from utils.database import Database

SEEN_SECONDS: Final = 48 * 3600.0
#: rows kept (about 100 bytes each); the oldest go first, also when they are younger than that
SEEN_BOUND: Final = 200_000
#: rows are swept once in so many
SWEEP_EVERY: Final = 1000


class SeenUpdates:
    """The table of keys. A key that is being dealt with counts as seen too."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time, bound: int = SEEN_BOUND) -> None:
        self._database = database
        self._clock = clock
        self._bound = bound
        self._open: set[str] = set()
        self._added = 0

    async def knows(self, key: str) -> bool:
        """Whether an update was dealt with."""
        return await self._database.one("SELECT 1 FROM seen_updates WHERE update_key = ?", key) is not None

    async def begin(self, key: str) -> bool:
        """Take an update up; False where it was, or is being, dealt with. `end` must follow a True."""
        if key in self._open:
            return False
        self._open.add(key)
        try:
            known = await self.knows(key)
        except BaseException:
            self._open.discard(key)
            raise
        if known:
            self._open.discard(key)
        return not known

    async def mark(self, key: str) -> bool:
        """Write down that it is dealt with, for later processes too; False where that stood there already."""
        added = await self._database.run(
            "INSERT INTO seen_updates (update_key, seen_at) VALUES (?, ?) ON CONFLICT (update_key) DO NOTHING",
            *(key, self._clock()),
        )
        self._added += 1
        if self._added % SWEEP_EVERY == 0:
            await self.sweep()
        return added > 0

    def end(self, key: str) -> None:
        """Whatever came of it, it is not under way any more."""
        self._open.discard(key)

    async def sweep(self) -> None:
        """Forget what is too old, and the oldest beyond the bound."""
        await self._database.run("DELETE FROM seen_updates WHERE seen_at < ?", self._clock() - SEEN_SECONDS)
        await self._database.run(
            "DELETE FROM seen_updates WHERE seen_at < (SELECT MIN(seen_at) FROM"
            " (SELECT seen_at FROM seen_updates ORDER BY seen_at DESC LIMIT ?) AS newest)",
            self._bound,
        )
