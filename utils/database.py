"""SQLite through aiosqlite: one connection, one writer, WAL, numbered migrations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from utils.errors import DatabaseUnreadable, LocalError, StorageTrouble
from utils.health import Health, of_folder

if TYPE_CHECKING:
    from sqlite3 import Row

    import aiosqlite

#: the manager's question must be answered before it takes the silence for an illness of ours
HEALTH_SECONDS: Final = 0.5
#: what a statement waits for somebody else's lock
LOCK_MS: Final = 5000
#: takes the lock that every write needs, and writes nothing
_TRIAL: Final = f"PRAGMA busy_timeout=0; BEGIN IMMEDIATE; ROLLBACK; PRAGMA busy_timeout={LOCK_MS}"
#: SQLite's codes for what passes by itself: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN (sqlite.org/rescode.html)
PASSING: Final = frozenset({5, 6, 8, 10, 13, 14})
#: and for what a start finds that no later one will read: CORRUPT, CANTOPEN, NOTADB
UNREADABLE: Final = frozenset({11, 14, 26})


class Database:
    """A part: `start` opens and migrates, `stop` closes.

    Statements run one after another; `transaction` holds the connection for one task. SQL is kept to what PostgreSQL
    accepts too, with `?` for parameters. Any of them raises StorageTrouble where the file can't be written for now.
    """

    def __init__(self, path: Path, migrations: Path) -> None:
        self._path = path
        self._migrations = migrations
        self._connection: aiosqlite.Connection | None = None
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._trial: asyncio.Task[Health] | None = None

    async def start(self) -> None:
        """Open the file (made with mode 0600 in a 0700 folder) and apply what is missing of the migrations.

        Raises DatabaseUnreadable for a file that is damaged, no database or not ours to read; it stays as it is.
        """
        import aiosqlite

        self._lock = asyncio.Lock()  # whoever holds the one of an earlier life waits for a connection that is gone
        self._owner = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
            self._connection = await aiosqlite.connect(self._path, isolation_level=None, timeout=5.0)
            await self._prepare(self._connection)
        except BaseException as error:
            await self.stop()  # the connection's thread would outlive the event loop, and the process wait for it
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in UNREADABLE or isinstance(error, PermissionError):
                detail = f"{self._path} can't be read: {error}; move it away to begin anew, or put a copy in its place"
                raise DatabaseUnreadable(detail, path=self._path) from error
            if code in PASSING:
                raise StorageTrouble(str(error)) from error
            raise

    async def stop(self) -> None:
        """Close; what was committed stays."""
        connection, self._connection = self._connection, None
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.cancel()
            await asyncio.wait({trial})
        if connection is not None:
            await connection.close()

    async def health(self) -> Health:
        """Whether it takes a write now. Only a connection that is gone is worth a restart."""
        if self._trial is None or self._trial.done():
            self._trial = asyncio.create_task(self._try_to_write(), name="database trial")
        await asyncio.wait({self._trial}, timeout=HEALTH_SECONDS)
        if not self._trial.done():  # somebody writes for long, or the disk hangs; the next question waits for it too
            return Health(ok=False, detail="busy", heals=True)
        return self._trial.result()

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
            mine = self._owner = asyncio.current_task()
            try:
                await connection.execute("BEGIN IMMEDIATE")
                yield
                await connection.execute("COMMIT")
            except BaseException:
                # also when BEGIN was cancelled: it runs in its thread all the same; does nothing outside a transaction
                with suppress(ValueError):  # a stop meanwhile has closed it, and nothing of it is left
                    await connection.rollback()
                raise
            finally:
                # a start meanwhile may have let another one begin on the next connection
                self._owner = None if self._owner is mine else self._owner

    async def _try_to_write(self) -> Health:
        import sqlite3

        try:
            async with self._turn() as connection:
                try:
                    await connection.executescript(_TRIAL)
                except sqlite3.OperationalError as error:
                    await connection.execute(f"PRAGMA busy_timeout={LOCK_MS}")
                    return Health(ok=False, detail=str(error), heals=True)
        except (LocalError, ValueError, sqlite3.ProgrammingError):
            return Health(ok=False, detail="its connection is closed")
        except sqlite3.DatabaseError as error:  # no restart repairs a file
            return Health(ok=False, detail=str(error), heals=True)
        return of_folder(self._path.parent)

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
            try:
                yield self._connection
            except Exception as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in PASSING:
                    raise StorageTrouble(str(error)) from error
                raise

    async def _prepare(self, connection: aiosqlite.Connection) -> None:
        import sqlite3

        connection.row_factory = sqlite3.Row
        # NORMAL loses nothing when the process dies; only a power cut can undo the last commits.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={LOCK_MS}",
            "cache_size=-1024",
        ):
            await connection.execute(f"PRAGMA {pragma}")
        await self._migrate(connection)

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
