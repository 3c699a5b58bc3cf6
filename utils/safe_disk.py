"""diskcache's way to SQLite without pickle and without files beside the database (CVE-2025-69872)."""

from __future__ import annotations

import sqlite3
from typing import Any

from diskcache import Disk
from diskcache.core import MODE_RAW, UNKNOWN


class ForgedRowError(ValueError):
    """A row that this class has never written; the others may be good."""


class SafeDisk(Disk):  # type: ignore[misc]  # diskcache has no types
    """Text keys and bytes inside the row; a row of any other kind, which only a forger writes, is refused."""

    def put(self, key: Any) -> tuple[str, bool]:
        """The column of a key. Raises TypeError for anything but text."""
        if not isinstance(key, str):
            raise TypeError("keys are text")
        return key, True

    def get(self, key: Any, raw: bool) -> str:
        """The key of a column. Raises ForgedRowError for a pickled one."""
        if not raw or not isinstance(key, str):
            raise ForgedRowError("a key that isn't text")
        return key

    def store(self, value: Any, read: bool, key: Any = UNKNOWN) -> tuple[int, int, None, sqlite3.Binary]:  # noqa: ARG002  # the signature is diskcache's
        """The columns of a value. Raises TypeError for anything but bytes."""
        if read or not isinstance(value, bytes):
            raise TypeError("values are bytes")
        return 0, MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> bytes:
        """The value of columns. Raises ForgedRowError for a pickle, a file or text."""
        if mode != MODE_RAW or filename is not None or read or not isinstance(value, bytes):
            raise ForgedRowError("a value that isn't bytes")
        return value
