"""The cache's level on disk: bounded rows of one database, written by one thread, their index in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import structlog

from utils.cache_store import Found, Row, Store, spoilt

T = TypeVar("T")
log = structlog.get_logger()

#: what a row takes of the file besides its record and twice its key (in the table and in its index), holes included
ROW_BYTES: Final = 300
#: from this size on the rest of a page is lost where no further row fits into it, up to half a page
CROWDED_BYTES: Final = 600
HALF_PAGE_BYTES: Final = 2048
#: rows at most, so that their index stays below 8 MB
ENTRIES: Final = 20_000
#: what a row takes in the index besides the characters of its key
INDEX_BYTES: Final = 270
#: what a change that waits takes besides its record
CHANGE_BYTES: Final = 200
#: what may wait for the disk; what comes on top is not kept
WAITING_BYTES: Final = 2 << 20
#: changes in one transaction
BATCH: Final = 200


class Place(NamedTuple):
    """What the index knows of a row. `until`: when it is over."""

    size_bytes: int
    until: float


class DiskLevel:
    """Records of bytes by key, at most `bound_bytes` of file and ENTRIES of them.

    The index is the truth: a key that isn't in it costs no look at the disk. Reads happen at once (some 50 us from
    SQLite's pages); writes happen in one thread in the order in which they were given, and what still waits is read
    from memory. A database that can't be read is thrown away, and one that can't be opened at all keeps nothing;
    nothing is ever raised.
    """

    def __init__(self, folder: Path, bound_bytes: int) -> None:
        self.bound_bytes = bound_bytes
        self.used_bytes = 0
        self.troubles = 0
        #: everything may wait: `close` is next and writes it
        self.closing = False
        self._folder = folder
        self._index: OrderedDict[str, Place] = OrderedDict()
        self._pending: dict[str, Row | None] = {}
        self._pending_bytes = 0
        self._writing = False
        self._thread: ThreadPoolExecutor | None = None
        self._store: Store | None = None

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    @property
    def is_open(self) -> bool:
        """Whether records reach the disk."""
        return self._store is not None

    @property
    def heap_bytes(self) -> int:
        """What it takes in memory: the index, and what waits."""
        return INDEX_BYTES * len(self._index) + sum(map(len, self._index)) + self._pending_bytes

    async def open(self) -> None:
        """Read the index of what the last process left."""
        self.closing = False
        self._thread = ThreadPoolExecutor(1, "cache")
        store = Store(self._folder)
        rows: list[Found] = []
        for attempt in (store.open, store.renew):
            try:
                rows = await self._in_thread(attempt)
            except Exception as error:  # noqa: BLE001  # a damaged file may make SQLite and diskcache raise anything
                self._note(error)
            else:
                self._store = store
                break
        for key, length, until in {found[0]: found for found in rows}.values():  # a broken index lets a key stand twice
            self._enter(key, length, until)
        while self._index and not self.room_for(0):
            self.remove(self.oldest()[0])

    async def close(self) -> None:
        """Write what waits and let the files go."""
        store, self._store = self._store, None
        if store is not None:
            store.leave()
            try:
                await self._in_thread(partial(store.finish, dict(self._pending)))
            except Exception as error:  # noqa: BLE001  # the disk may refuse in any way
                self._note(error)
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=False)
        self._clear()

    def oldest(self) -> tuple[str, float]:
        """The key that was not used for the longest time, and when it is over. Raises StopIteration without any."""
        key, place = next(iter(self._index.items()))
        return key, place.until

    def over(self, now: float) -> list[str]:
        """Keys whose time is over."""
        return [key for key, place in self._index.items() if place.until <= now]

    def room_for(self, size_bytes: int) -> bool:
        """Whether a row that takes so much of the file fits besides all others."""
        return len(self._index) < ENTRIES and self.used_bytes + size_bytes <= self.bound_bytes

    def read(self, key: str) -> bytes | None:
        """The record; None where it is gone or the disk doesn't give it."""
        if key not in self._index or self._store is None:
            return None
        self._index.move_to_end(key)
        if (waiting := self._pending.get(key)) is not None:
            return waiting.record
        try:
            record = self._store.get(key)
        except Exception as error:  # noqa: BLE001  # whatever a file holds or a disk does, it is a miss
            self._trouble(error)
            record = None
        if record is None:
            self.remove(key)
        return record

    def write(self, key: str, record: bytes, until: float) -> bool:
        """Keep a record soon; False where it is not kept because the disk is too far behind."""
        self.remove(key)
        if self._store is None or (self._pending_bytes > WAITING_BYTES - len(record) and not self.closing):
            return False
        self._enter(key, len(record), until)
        self._change(key, Row(record, until))
        return True

    def remove(self, key: str) -> None:
        """Drop a record."""
        if key in self._index:
            self._forget(key)
            self._change(key, None)

    def _enter(self, key: str, length: int, until: float) -> None:
        place = self._index[key] = Place(file_bytes(key, length), until)
        self.used_bytes += place.size_bytes

    def _forget(self, key: str) -> None:
        self.used_bytes -= self._index.pop(key).size_bytes

    def _change(self, key: str, row: Row | None) -> None:
        self._settle(key)
        self._pending[key] = row
        self._pending_bytes += _heap_bytes(row)
        self._write_some()

    def _settle(self, key: str) -> None:
        if key in self._pending:
            self._pending_bytes -= _heap_bytes(self._pending.pop(key))

    def _clear(self) -> None:
        self._index.clear()
        self._pending.clear()
        self._pending_bytes = self.used_bytes = 0

    def _write_some(self) -> None:
        if self._writing or self._store is None or not self._pending:
            return
        self._writing = True
        batch = dict(islice(self._pending.items(), BATCH))
        self._in_thread(partial(self._store.apply, batch)).add_done_callback(partial(self._written, batch))

    def _written(self, batch: dict[str, Row | None], done: asyncio.Future[None]) -> None:
        self._writing = False
        error = done.exception()
        if error is not None:
            self._trouble(error)
        for key, row in batch.items():
            if key in self._pending and self._pending[key] is row:
                self._settle(key)
                if error is not None and row is not None:
                    self._forget(key)
        self._write_some()

    def _trouble(self, error: BaseException) -> None:
        self._note(error)
        if self._store is not None and spoilt(error):
            self._store.leave()
            self._clear()
            self._in_thread(self._store.renew).add_done_callback(self._renewed)

    def _renewed(self, done: asyncio.Future[list[Found]]) -> None:
        if (error := done.exception()) is not None:
            self._note(error)
            self._store = None
            self._clear()

    def _note(self, error: BaseException) -> None:
        self.troubles += 1
        log.warning("cache.disk", error=str(error) or type(error).__name__)

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work)


def file_bytes(key: str, length: int) -> int:
    """What a row takes of the file with a record of that length; measured, see docs/decisions/019."""
    size = length + 2 * len(key.encode()) + ROW_BYTES
    return size + min(max(0, size - CROWDED_BYTES), HALF_PAGE_BYTES)


def _heap_bytes(change: Row | None) -> int:
    return CHANGE_BYTES + (0 if change is None else len(change.record))
