"""Batches kept in SQLite: what was ordered, and each item that was read of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from platforms.shapes import Link
from utils.errors import Busy
from utils.ids import ulid

if TYPE_CHECKING:
    from sqlite3 import Row

    from utils.database import Database

# states of a batch
OPEN: Final = "open"
CANCELLING: Final = "cancelling"
DONE: Final = "done"
CANCELLED: Final = "cancelled"
# states of an item, besides "done", "failed" and "cancelled" as those of its job
WAITING: Final = "waiting"
WORKING: Final = "working"
#: open batches in all, and of one person; visitors of the page count as one person
OPEN_BOUND: Final = 100
OPEN_PER_USER: Final = 5
#: ended batches are forgotten after that, the oldest also beyond so many
HISTORY_SECONDS: Final = 30 * 86_400
HISTORY_BOUND: Final = 500
#: the end of the list was seen
READ_ALL: Final = 1 << 40

_UNDER_WAY: Final = "state IN ('open', 'cancelling')"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch. `listing`: the list that it is read from, None for single links; `ranges`: as of `services.ranges`.

    `read_to`: the last position of the list whose item is known, READ_ALL behind its end; `total`: None while unknown;
    `error_code`: why the list could not be read further.
    """

    id: str
    front: str
    title: str
    quality: str
    user_id: int | None
    target: dict[str, Any]
    listing: Link | None
    ranges: str
    read_to: int
    total: int | None
    state: str
    error_code: str
    created_at: float

    @property
    def ended(self) -> bool:
        """Nothing of it is open."""
        return self.state in {DONE, CANCELLED}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item. `link`: None where its address is none of ours; `job_id`: "" before it is a job."""

    position: int
    link: Link | None
    url: str
    title: str
    state: str = WAITING
    job_id: str = ""
    error_code: str = ""


class BatchTable:
    """The tables `batches` and `batch_items`."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def add(
        self,
        front: str,
        title: str,
        quality: str,
        user_id: int | None,
        target: dict[str, Any],
        *,
        listing: Link | None = None,
        ranges: str = "",
        items: Sequence[ItemRow] = (),
    ) -> BatchRow:
        """Write an open batch with the items that are known. Raises Busy at a bound."""
        now = self._clock()
        read_to, total = (0, None) if listing else (READ_ALL, len(items))
        row = BatchRow(
            ulid(self._clock), front, title, quality, user_id, target, listing, ranges, read_to, total, OPEN, "", now
        )
        async with self._database.transaction():
            if await self._count(_UNDER_WAY) >= OPEN_BOUND:
                raise Busy("open batches", mine=False, bound=OPEN_BOUND)
            if await self._count(f"{_UNDER_WAY} AND COALESCE(user_id, 0) = ?", user_id or 0) >= OPEN_PER_USER:
                raise Busy("open batches of one person", mine=True, bound=OPEN_PER_USER)
            await self._database.run(
                "INSERT INTO batches (id, front, title, quality, user_id, target, listing, ranges, read_to, total,"
                " state, told, error_code, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(row.id, front, title, quality, user_id, _json(target), _json(listing) if listing else None, ranges),
                *(read_to, total, OPEN, 0, "", now, now),
            )
            await self._write(row.id, items)
            await self._sweep()
        return row

    async def get(self, batch_id: str) -> BatchRow | None:
        """The batch or None."""
        row = await self._database.one("SELECT * FROM batches WHERE id = ?", batch_id)
        return _batch(row) if row else None

    async def under_way(self) -> list[BatchRow]:
        """Those that have not ended, oldest first."""
        rows = await self._database.all(f"SELECT * FROM batches WHERE {_UNDER_WAY} ORDER BY id")  # noqa: S608 - constant
        return [_batch(row) for row in rows]

    async def at_work(self, front: str, target: Mapping[str, object]) -> bool:
        """Whether one of that front has not ended whose target begins with these fields."""
        beginning = f"{_json(target)[:-1]},%"
        return await self._count(f"{_UNDER_WAY} AND front = ? AND target LIKE ?", front, beginning) > 0

    async def untold(self, front: str) -> list[BatchRow]:
        """Those of a front that have ended without its having shown that."""
        rows = await self._database.all(
            "SELECT * FROM batches WHERE front = ? AND told = 0 AND state IN ('done', 'cancelled') ORDER BY id", front
        )
        return [_batch(row) for row in rows]

    async def told(self, batch_id: str) -> None:
        """The front has shown the end."""
        await self._database.run("UPDATE batches SET told = 1 WHERE id = ?", batch_id)

    async def read(
        self, batch_id: str, items: Sequence[ItemRow], read_to: int, total: int | None, error_code: str = ""
    ) -> None:
        """Note a page of the list: its items, how far it reaches, how many there will be, or why it can't be read."""
        async with self._database.transaction():
            await self._write(batch_id, items)
            await self._database.run(
                "UPDATE batches SET read_to = ?, total = ?, error_code = ?, updated_at = ? WHERE id = ?",
                *(read_to, total, error_code, self._clock(), batch_id),
            )

    async def move(self, batch_id: str, before: Sequence[str], state: str) -> bool:
        """Put a batch into another state; False where it isn't in one of those `before` any more."""
        marks = ", ".join("?" * len(before))
        counted = (
            "CASE WHEN ? THEN COALESCE(total, (SELECT COUNT(*) FROM batch_items WHERE batch_id = id)) ELSE total END"
        )
        changed = await self._database.run(
            f"UPDATE batches SET state = ?, updated_at = ?, total = {counted} WHERE id = ? AND state IN ({marks})",  # noqa: S608 - constant
            *(state, self._clock(), state in {DONE, CANCELLED}, batch_id, *before),
        )
        return changed > 0

    async def note(self, batch_id: str, position: int, state: str, *, job_id: str = "", error_code: str = "") -> None:
        """Note what became of an item; an empty `job_id` leaves the one that is known."""
        await self._database.run(
            "UPDATE batch_items SET state = ?, job_id = CASE WHEN ? = '' THEN job_id ELSE ? END, error_code = ?"
            " WHERE batch_id = ? AND position = ?",
            *(state, job_id, job_id, error_code, batch_id, position),
        )

    async def catch_up(self, batch_id: str) -> None:
        """Note the jobs that were written just before the process or the feeding ended."""
        await self._database.run(
            "UPDATE batch_items SET state = 'working', job_id = (SELECT id FROM jobs WHERE batch = batch_id AND"
            " batch_position = position) WHERE batch_id = ? AND state = 'waiting' AND EXISTS (SELECT 1 FROM jobs"
            " WHERE batch = batch_id AND batch_position = position)",
            batch_id,
        )

    async def give_up_waiting(self, batch_id: str) -> None:
        """What isn't a job yet never becomes one."""
        await self._database.run(
            "UPDATE batch_items SET state = 'cancelled' WHERE batch_id = ? AND state = 'waiting'", batch_id
        )

    async def items(self, batch_id: str, states: Sequence[str] = (), most: int = -1) -> list[ItemRow]:
        """Items by position, all or those in one of these states; `most` -1: no bound."""
        marks = ", ".join("?" * len(states))
        condition = f" AND state IN ({marks})" if states else ""
        rows = await self._database.all(
            f"SELECT * FROM batch_items WHERE batch_id = ?{condition} ORDER BY position LIMIT ?",  # noqa: S608 - constant
            *(batch_id, *states, most if most >= 0 else READ_ALL),
        )
        return [_item(row) for row in rows]

    async def counts(self, batch_id: str) -> dict[str, int]:
        """Number of items per state."""
        rows = await self._database.all(
            "SELECT state, COUNT(*) AS number FROM batch_items WHERE batch_id = ? GROUP BY state", batch_id
        )
        return {row["state"]: row["number"] for row in rows}

    async def _write(self, batch_id: str, items: Sequence[ItemRow]) -> None:
        for item in items:
            await self._database.run(
                "INSERT INTO batch_items (batch_id, position, link, url, title, state, job_id, error_code)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (batch_id, position) DO NOTHING",
                *(batch_id, item.position, _json(item.link) if item.link else None, item.url, item.title),
                *(item.state, item.job_id, item.error_code),
            )

    async def _sweep(self) -> None:
        await self._database.run(
            f"DELETE FROM batches WHERE NOT {_UNDER_WAY} AND (updated_at < ? OR id IN (SELECT id FROM batches"  # noqa: S608 - constant
            f" WHERE NOT {_UNDER_WAY} ORDER BY id DESC LIMIT ? OFFSET ?))",
            *(self._clock() - HISTORY_SECONDS, READ_ALL, HISTORY_BOUND),
        )

    async def _count(self, condition: str, *values: object) -> int:
        row = await self._database.one(f"SELECT COUNT(*) FROM batches WHERE {condition}", *values)  # noqa: S608 - constant
        assert row is not None
        return int(row[0])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _link(text: str | None) -> Link | None:
    return msgspec.json.decode(text, type=Link) if text else None


def _batch(row: Row) -> BatchRow:
    fields = {name: row[name] for name in BatchRow.__dataclass_fields__}
    return BatchRow(**{**fields, "target": msgspec.json.decode(row["target"]), "listing": _link(row["listing"])})


def _item(row: Row) -> ItemRow:
    fields = {name: row[name] for name in ItemRow.__dataclass_fields__}
    return ItemRow(**{**fields, "link": _link(row["link"])})
