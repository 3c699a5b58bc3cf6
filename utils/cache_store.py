"""The cache's database: diskcache without pickle, thrown away where it can't be read."""

from __future__ import annotations

import math
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import diskcache

#: seconds that a statement waits for another process's lock
LOCK_SECONDS: Final = 1.0
#: what SQLite answers where the file is sound and something else is in the way: a lock, the disk, permissions
PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
#: the lower byte of SQLite's extended codes is the primary one
_PRIMARY: Final = 0xFF
#: bounds are kept above diskcache; the pages that SQLite holds for each connection and maps are 32 and 64 MiB otherwise
_SETTINGS: Final = {
    "eviction_policy": "none",
    "cull_limit": 0,
    "size_limit": 1 << 62,
    "sqlite_cache_size": 256,
    "sqlite_mmap_size": 0,
}
_ROWS: Final = (
    "SELECT key, LENGTH(value), tag FROM Cache"
    " WHERE raw = 1 AND mode = 1 AND typeof(key) = 'text' AND typeof(value) = 'blob' ORDER BY rowid"
)


#: a key, the bytes of its record, and when it is over
Found = tuple[str, int, float]


@dataclass(frozen=True, slots=True)
class Row:
    """A record and when it is over (UTC epoch)."""

    record: bytes
    until: float


class Store:
    """Rows by key in a folder. Its methods raise whatever SQLite, diskcache and the system raise.

    `open`, `renew`, `apply` and `close` are called in one thread, `get` and `leave` in another: diskcache has a
    connection for each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache: diskcache.Cache | None = None

    def open(self) -> list[Found]:
        """What lies there, the longest written first."""
        self._connect()
        with closing(sqlite3.connect(self._folder / "cache.db", timeout=LOCK_SECONDS)) as database:
            return [(key, length, _until(tag)) for key, length, tag in database.execute(_ROWS)]

    def renew(self) -> list[Found]:
        """An empty database in place of one that is broken."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        return self.open()

    def get(self, key: str) -> bytes | None:
        """The record of a key."""
        record: bytes | None = self._opened.get(key)
        return record

    def apply(self, changes: Mapping[str, Row | None]) -> None:
        """Make all changes or, where one fails, none; None: the key goes."""
        cache = self._opened
        with cache.transact():
            for key, row in changes.items():
                if row is None:
                    cache.delete(key)
                else:
                    cache.set(key, row.record, tag=row.until)

    def finish(self, changes: Mapping[str, Row | None]) -> None:
        """Make the last changes and close."""
        try:
            self.apply(changes)
        finally:
            self.close()

    def leave(self) -> None:
        """Close this thread's connection."""
        if self._cache is not None:
            self._cache.close()

    def close(self) -> None:
        """Let the files go, once the other thread has left too."""
        self.leave()
        self._cache = None

    @property
    def _opened(self) -> diskcache.Cache:
        if self._cache is None:
            raise OSError("the cache's database is not open")
        return self._cache

    def _connect(self) -> None:
        import diskcache

        from utils.safe_disk import SafeDisk

        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._cache = diskcache.Cache(str(self._folder), LOCK_SECONDS, SafeDisk, **_SETTINGS)


def spoilt(error: BaseException) -> bool:
    """Whether the error of an open store tells that its file is broken, so that it would fail again and again."""
    import diskcache

    from utils.safe_disk import ForgedRowError

    if isinstance(error, OSError | diskcache.Timeout | ForgedRowError):
        return False
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is None or code & _PRIMARY not in PASSING


def _until(tag: object) -> float:
    """What a row says of its end; one that says nothing of use is over."""
    return tag if isinstance(tag, float) and math.isfinite(tag) else 0.0
