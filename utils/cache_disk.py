"""The cache's level on disk: diskcache without pickle, written by one thread, its index in memory."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import OrderedDict, deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import structlog

if TYPE_CHECKING:
    import diskcache

#: a key and its new record; None: it goes
Change = tuple[str, bytes | None]
log = structlog.get_logger()

#: what a row costs besides its value: key, columns, index entries
ROW_BYTES: Final = 250
#: what may wait for the disk; what comes on top is not kept
WAITING_BYTES: Final = 2 << 20
#: changes in one transaction
BATCH: Final = 200
#: seconds that a statement waits for another process's lock
LOCK_SECONDS: Final = 1.0
_ROWS: Final = "SELECT key, LENGTH(value) FROM Cache WHERE raw = 1 AND mode = 1 AND value IS NOT NULL ORDER BY rowid"


class DiskLevel:
    """Records of bytes by key, at most `bound_bytes` of them with their rows.

    The index is the truth: a key that isn't in it costs no look at the disk. Reads happen at once (some 40 us from
    SQLite's pages); writes happen in one thread in the order in which they were given, and what still waits is read
    from memory. A database that can't be read is thrown away; a disk that refuses loses entries, never raises.
    """

    def __init__(self, folder: Path, bound_bytes: int) -> None:
        self.bound_bytes = bound_bytes
        self.used_bytes = 0
        self.troubles = 0
        self._folder = folder
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._changes: deque[Change] = deque()
        self._waiting: dict[str, bytes] = {}
        self._waiting_bytes = 0
        self._writing = False
        self._thread: ThreadPoolExecutor | None = None
        self._store: diskcache.Cache | None = None

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, key: str) -> bool:
        return key in self._sizes

    @property
    def is_open(self) -> bool:
        """Whether records reach the disk."""
        return self._store is not None

    async def open(self) -> None:
        """Read the index of what the last process left."""
        self._thread = ThreadPoolExecutor(1, "cache")
        rows = await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        self._sizes.update((key, length + ROW_BYTES) for key, length in rows)
        self.used_bytes = sum(self._sizes.values())
        while self.used_bytes > self.bound_bytes:
            self.remove(self.oldest())

    async def close(self) -> None:
        """Write what waits and let the files go."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._leave()
        await asyncio.get_running_loop().run_in_executor(thread, self._finish)
        thread.shutdown(wait=False)
        self._clear()

    def _clear(self) -> None:
        self._sizes.clear()
        self._changes.clear()
        self._waiting.clear()
        self._waiting_bytes = self.used_bytes = 0

    def oldest(self) -> str:
        """The key that was not used for the longest time. Raises StopIteration where there is none."""
        return next(iter(self._sizes))

    def room_for(self, size_bytes: int) -> bool:
        """Whether a record of that size fits besides all others."""
        return self.used_bytes + size_bytes + ROW_BYTES <= self.bound_bytes

    def read(self, key: str) -> bytes | None:
        """The record; None where it is gone or the disk doesn't give it."""
        if key not in self._sizes:
            return None
        self._sizes.move_to_end(key)
        if (waiting := self._waiting.get(key)) is not None:
            return waiting
        try:
            record = self._cache.get(key)
        except Exception as error:  # noqa: BLE001  # whatever a file holds or a disk does, it is a miss
            self._trouble(error)
            record = None
        if not isinstance(record, bytes):
            self.remove(key)
            return None
        return record

    def write(self, key: str, record: bytes) -> bool:
        """Keep a record soon; False where it is not kept because the disk is too far behind."""
        if self._thread is None or self._waiting_bytes + len(record) > WAITING_BYTES:
            self.remove(key)
            return False
        self._forget(key)
        self._sizes[key] = len(record) + ROW_BYTES
        self.used_bytes += len(record) + ROW_BYTES
        self._waiting[key] = record
        self._waiting_bytes += len(record)
        self._later(key, record)
        return True

    def remove(self, key: str) -> None:
        """Drop a record."""
        if key in self._sizes:
            self._forget(key)
            self._later(key, None)

    def _forget(self, key: str) -> None:
        self.used_bytes -= self._sizes.pop(key, 0)
        self._settle(key)

    def _later(self, key: str, record: bytes | None) -> None:
        self._changes.append((key, record))
        if not self._writing:
            self._writing = True
            self._submit()

    def _submit(self) -> None:
        thread = cast("ThreadPoolExecutor", self._thread)  # there is one as long as the index holds anything
        thread.submit(self._write_some, asyncio.get_running_loop())

    def _written(self, changes: Sequence[Change], error: Exception | None) -> None:
        if error is not None:
            self._trouble(error)
        for key, record in changes:
            if record is not None and self._waiting.get(key) is record:
                self._settle(key)
                if error is not None:
                    self._forget(key)
        self._writing = bool(self._changes) and self._thread is not None
        if self._writing:
            self._submit()

    def _settle(self, key: str) -> None:
        self._waiting_bytes -= len(self._waiting.pop(key, b""))

    def _trouble(self, error: Exception) -> None:
        self.troubles += 1
        log.warning("cache.disk", error=str(error) or type(error).__name__)
        broken = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if broken and self._thread is not None:
            self._clear()
            self._leave()
            self._thread.submit(self._renew)

    def _leave(self) -> None:
        """Close this thread's connection; diskcache has one for each thread."""
        if self._store is not None:
            self._store.close()

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _write_some(self, loop: asyncio.AbstractEventLoop) -> None:
        changes, trouble = self._write_batch()
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._written, changes, trouble)

    def _write_batch(self) -> tuple[Sequence[Change], Exception | None]:
        """The oldest changes in one transaction, and what went wrong: then none of them was made."""
        changes = [self._changes.popleft() for _ in range(min(BATCH, len(self._changes)))]
        try:
            store = self._cache
            with store.transact():
                for key, record in changes:
                    if record is None:
                        store.delete(key)
                    else:
                        store.set(key, record)
        except Exception as error:  # noqa: BLE001  # the loop's thread judges it
            return changes, error
        return changes, None

    def _open(self) -> list[tuple[str, int]]:
        try:
            self._connect()
            with closing(sqlite3.connect(self._folder / "cache.db", timeout=LOCK_SECONDS)) as database:
                return list(database.execute(_ROWS))
        except (OSError, sqlite3.Error) as error:
            self.troubles += 1
            log.warning("cache.unreadable", error=str(error))
            self._renew()
            return []

    def _renew(self) -> None:
        """An empty database instead of one that can't be read; nothing is kept where that fails too."""
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError, sqlite3.Error):
            self._connect()

    @property
    def _cache(self) -> diskcache.Cache:
        if self._store is None:
            raise OSError("the cache's database is not open")
        return self._store

    def _connect(self) -> None:
        import diskcache

        from utils.safe_disk import SafeDisk

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._store = diskcache.Cache(
            str(self._folder), LOCK_SECONDS, SafeDisk, eviction_policy="none", cull_limit=0, size_limit=1 << 62
        )

    def _finish(self) -> None:
        """Write what waits; stop at the first trouble."""
        trouble = None
        while self._changes and trouble is None:
            _, trouble = self._write_batch()
        self._close()

    def _close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()
