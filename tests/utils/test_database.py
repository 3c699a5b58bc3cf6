"""SQLite behind one connection, with real files."""

import asyncio
import sqlite3
import threading

import pytest

from utils.database import Database
from utils.errors import DatabaseUnreadable, LocalError, StorageTrouble


@pytest.fixture
def migrations(tmp_path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_first.sql").write_text("CREATE TABLE t (n INTEGER PRIMARY KEY);")
    return folder


@pytest.fixture
async def database(tmp_path, migrations):
    database = Database(tmp_path / "data" / "x.db", migrations)
    await database.start()
    yield database
    await database.stop()


async def test_what_is_written_is_there_after_a_reopen_and_migrations_run_once(database, tmp_path, migrations):
    """A second start applies only what is new."""
    assert await database.run("INSERT INTO t VALUES (?)", 1) == 1
    await database.stop()
    (migrations / "002_more.sql").write_text("ALTER TABLE t ADD COLUMN x TEXT;")
    again = Database(tmp_path / "data" / "x.db", migrations)
    await again.start()
    row = await again.one("SELECT * FROM t")
    assert row is not None
    assert dict(row) == {"n": 1, "x": None}
    await again.stop()
    await again.stop()
    assert (tmp_path / "data" / "x.db").stat().st_mode & 0o077 == 0


async def test_a_broken_migration_changes_nothing(tmp_path, migrations):
    """The file before it stays applied, the broken one leaves no trace, and the next start can try again."""
    (migrations / "002_broken.sql").write_text("CREATE TABLE half (n INTEGER);\nINSERT INTO nowhere VALUES (1);")
    database = Database(tmp_path / "x.db", migrations)
    with pytest.raises(sqlite3.OperationalError):
        await database.start()
    await database.stop()
    (migrations / "002_broken.sql").write_text("CREATE TABLE whole (n INTEGER);")
    await database.start()
    tables = {row["name"] for row in await database.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"t", "whole"} <= tables
    assert "half" not in tables
    await database.stop()


async def test_a_syntax_error_in_a_migration_outside_a_transaction(tmp_path, migrations):
    """Even a script that ends the transaction by itself is reported, not swallowed."""
    (migrations / "002_bad.sql").write_text("COMMIT; nonsense;")
    database = Database(tmp_path / "x.db", migrations)
    with pytest.raises(sqlite3.OperationalError):
        await database.start()
    await database.stop()


async def test_a_transaction_is_all_or_nothing_and_others_wait(database):
    """An error inside undoes it; another task's statement runs only afterwards."""
    order = []

    async def outsider():
        await database.run("INSERT INTO t VALUES (10)")
        order.append("outsider")

    with pytest.raises(ValueError, match="stop"):
        async with database.transaction():
            await database.run("INSERT INTO t VALUES (1)")
            task = asyncio.create_task(outsider())
            await asyncio.sleep(0)
            await database.run("INSERT INTO t VALUES (2)")
            order.append("inside")
            raise ValueError("stop")
    await task
    assert order == ["inside", "outsider"]
    assert [row["n"] for row in await database.all("SELECT n FROM t")] == [10]
    async with database.transaction():
        await database.run("INSERT INTO t VALUES (3)")
    assert len(await database.all("SELECT n FROM t")) == 2


@pytest.mark.parametrize("turns", range(12))
async def test_a_cancelled_transaction_leaves_none_open(database, turns):
    """Wherever the cancellation meets it, the first statement included: all or nothing, and the next one begins."""

    async def write():
        async with database.transaction():
            await database.run("INSERT INTO t VALUES (1)")
            await database.run("INSERT INTO t VALUES (2)")

    task = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    async with database.transaction():
        await database.run("INSERT INTO t VALUES (3)")
    assert len(await database.all("SELECT n FROM t")) in {1, 3}


async def test_a_transaction_of_an_earlier_life_does_not_take_the_turn_of_a_new_one(database):
    """It ends while one on the next connection is under way, which goes on and doesn't wait for itself."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def old():
        async with database.transaction():
            inside.set()
            await go_on.wait()

    task = asyncio.create_task(old())
    await inside.wait()
    await database.stop()
    await database.start()
    async with asyncio.timeout(5), database.transaction():
        go_on.set()
        await asyncio.wait({task})
        await database.run("INSERT INTO t VALUES (1)")
    assert isinstance(task.exception(), Exception)


async def test_a_transaction_that_cannot_begin_says_why(database, tmp_path):
    """Another program holds the file: its error is the one that is raised."""
    await database.run("PRAGMA busy_timeout=0")
    other = sqlite3.connect(tmp_path / "data" / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageTrouble, match="locked"):
        async with database.transaction():
            raise AssertionError("unreachable")
    other.execute("ROLLBACK")
    other.close()
    async with database.transaction():
        await database.run("INSERT INTO t VALUES (3)")


async def test_a_closed_database_says_so(database):
    """Also to whoever was waiting for a turn when it closed."""
    async with database.transaction():
        late = asyncio.create_task(database.one("SELECT 1"))
        await asyncio.sleep(0)
        connection, database._connection = database._connection, None
    with pytest.raises(LocalError):
        await late
    database._connection = connection
    await database.stop()
    with pytest.raises(LocalError):
        await database.run("SELECT 1")


def ended_since(before):
    """Whether all threads that began since then end."""
    begun = [thread for thread in threading.enumerate() if thread not in before]
    for thread in begun:
        thread.join(10)
    return not any(thread.is_alive() for thread in begun)


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"garbage", b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path, migrations, content):
    """By its path, and with no thread left behind that the process would wait for."""
    path = tmp_path / "x.db"
    path.write_bytes(content)
    before = threading.enumerate()
    with pytest.raises(DatabaseUnreadable, match=r"x\.db can't be read: .*; move it away") as caught:
        await Database(path, migrations).start()
    assert caught.value.values == {"path": path}
    assert ended_since(before)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["x.db"]


async def test_a_file_that_cannot_be_opened_is_told_too(tmp_path, migrations):
    """A folder in its place, say."""
    (tmp_path / "x.db").mkdir()
    before = threading.enumerate()
    with pytest.raises(DatabaseUnreadable):
        await Database(tmp_path / "x.db", migrations).start()
    assert ended_since(before)


async def test_a_start_that_fails_otherwise_says_why_and_leaves_no_thread(tmp_path, migrations):
    """A migration of ours that is wrong is a fault of ours."""
    (migrations / "002_broken.sql").write_text("INSERT INTO nowhere VALUES (1);")
    before = threading.enumerate()
    with pytest.raises(sqlite3.OperationalError):
        await Database(tmp_path / "x.db", migrations).start()
    assert ended_since(before)


async def test_a_file_of_somebody_else_is_told_too(tmp_path, migrations, monkeypatch):
    """As the system says it; a test that runs as root may read everything."""

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(DatabaseUnreadable, match="Permission denied"):
        await Database(tmp_path / "x.db", migrations).start()


async def test_a_start_that_cannot_write_for_now_says_so(tmp_path, migrations):
    """Held by somebody, read-only or full: that may pass."""
    (migrations / "002_readonly.sql").write_text("PRAGMA query_only=ON; INSERT INTO t VALUES (1);")
    with pytest.raises(StorageTrouble, match="readonly"):
        await Database(tmp_path / "x.db", migrations).start()
