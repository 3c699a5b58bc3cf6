"""SQLite through aiosqlite: one connection, one writer, WAL, numbered migrations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.errors import LocalError

if TYPE_CHECKING:
    from sqlite3 import Row

    import aiosqlite


class Database:
    """A part: `start` opens and migrates, `stop` closes.

    Statements run one after another; `transaction` holds the connection for one task. SQL is kept to what PostgreSQL
    accepts too, with `?` for parameters.
    """

    def __init__(self, path: Path, migrations: Path) -> None:
        self._path = path
        self._migrations = migrations
        self._connection: aiosqlite.Connection | None = None
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        """Open the file (made with mode 0600 in a 0700 folder) and apply what is missing of the migrations."""
        import aiosqlite

        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        self._connection = await aiosqlite.connect(self._path, isolation_level=None, timeout=5.0)
        import sqlite3

        self._connection.row_factory = sqlite3.Row
        # NORMAL loses nothing when the process dies; only a power cut can undo the last commits.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=5000",
            "cache_size=-1024",
        ):
            await self._connection.execute(f"PRAGMA {pragma}")
        await self._migrate(self._connection)

    async def stop(self) -> None:
        """Close; what was committed stays."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def run(self, sql: str, *values: object) -> int:
        """Execute one statement; the number of rows it changed."""
        async with self._turn() as connection:  # each await of a connection is a turn of its thread: one is enough
            return (await connection.execute(sql, values)).rowcount

    async def one(self, sql: str, *values: object) -> Row | None:
        """The first row or None."""
        return next(iter(await self.all(sql, *values)), None)

    async def all(self, sql: str, *values: object) -> list[Row]:
        """All rows."""
        async with self._turn() as connection:
            return list(await connection.execute_fetchall(sql, values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All or nothing for the statements of this task inside the block."""
        async with self._turn() as connection:
            self._owner = asyncio.current_task()
            try:
                await connection.execute("BEGIN IMMEDIATE")
                yield
                await connection.execute("COMMIT")
            except BaseException:
                # also when BEGIN was cancelled: it runs in its thread all the same; does nothing outside a transaction
                await connection.rollback()
                raise
            finally:
                self._owner = None

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[aiosqlite.Connection]:
        if self._connection is None:
            raise LocalError("database is closed")
        if self._owner is not None and self._owner is asyncio.current_task():
            yield self._connection
            return
        async with self._lock:
            if self._connection is None:
                raise LocalError("database is closed")
            yield self._connection

    async def _migrate(self, connection: aiosqlite.Connection) -> None:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, title TEXT NOT NULL)"
        )
        async with connection.execute("SELECT number FROM migrations") as cursor:
            done = {row[0] for row in await cursor.fetchall()}
        for file in sorted(self._migrations.glob("[0-9]*_*.sql")):
            number, _, title = file.stem.partition("_")
            if int(number) in done:
                continue
            script = file.read_text("utf-8")
            try:
                await connection.executescript(
                    f"BEGIN IMMEDIATE;\n{script}\nINSERT INTO migrations VALUES ({int(number)}, '{title}');\nCOMMIT;"
                )
            except BaseException:
                if connection.in_transaction:
                    await connection.execute("ROLLBACK")
                raise
