"""What parts say of themselves, told from the real things: files, locks, disks, tasks."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from utils import database as database_module
from utils.database import Database
from utils.health import Health, of_folder, of_task


@pytest.fixture
async def database(tmp_path):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_t.sql").write_text("CREATE TABLE t (n INTEGER);")
    database = Database(tmp_path / "data" / "x.db", tmp_path / "migrations")
    await database.start()
    yield database
    await database.stop()


async def test_a_task_is_well_while_it_runs():
    """Ended, cancelled or never begun is dead."""
    task = asyncio.create_task(asyncio.Event().wait())
    assert of_task(task, "x").ok
    task.cancel()
    await asyncio.wait({task})
    assert of_task(task, "x") == of_task(None, "x") == Health(ok=False, detail="x: its task is dead")


def test_a_folder_that_is_still_to_be_made_is_judged_by_its_parent(tmp_path):
    """As far up as need be."""
    assert of_folder(tmp_path / "a" / "b").ok


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path):
    """Also one that may be written and executed, which is all that the system would object to."""
    (tmp_path / "reports").touch(mode=0o700)
    assert of_folder(tmp_path / "reports").detail == "its folder is not writable"


def test_a_full_disk_is_told_and_no_restart_asked_for(tmp_path):
    """More room is wanted than any disk has."""
    assert of_folder(tmp_path, room_bytes=1 << 80) == Health(ok=False, detail="the disk is full", heals=True)


def test_a_folder_that_is_not_writable_is_told(monkeypatch, tmp_path):
    """The system's word counts; root may write everywhere, so the question itself is answered here."""
    monkeypatch.setattr("utils.health.os.access", lambda *_: False)
    assert of_folder(tmp_path) == Health(ok=False, detail="its folder is not writable", heals=True)


async def test_a_database_that_can_be_written_is_well(database, tmp_path):
    """The question writes nothing and leaves nothing open."""
    before = (tmp_path / "data" / "x.db-wal").stat().st_size
    assert await database.health() == Health()
    assert (tmp_path / "data" / "x.db-wal").stat().st_size == before
    async with database.transaction():
        await database.run("INSERT INTO t VALUES (1)")
    assert (await database.one("PRAGMA busy_timeout"))[0] == 5000


async def test_a_database_that_somebody_else_locks_is_told_at_once_and_heals_by_itself(database, tmp_path):
    """Other writers still wait their five seconds afterwards."""
    with sqlite3.connect(tmp_path / "data" / "x.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await database.health() == Health(ok=False, detail="database is locked", heals=True)
        assert (await database.one("PRAGMA busy_timeout"))[0] == 5000
        other.execute("ROLLBACK")
    other.close()
    assert await database.health() == Health()


async def test_a_transaction_of_ours_that_lasts_is_told_as_busy(database, monkeypatch):
    """One question is open at a time, and answered when the transaction ends."""
    monkeypatch.setattr(database_module, "HEALTH_SECONDS", 0.01)
    async with database.transaction():
        assert await database.health() == await database.health() == Health(ok=False, detail="busy", heals=True)
        trials = [task for task in asyncio.all_tasks() if task.get_name() == "database trial"]
        assert len(trials) == 1
    monkeypatch.undo()
    assert await database.health() == Health()


async def test_a_connection_closed_under_it_is_worth_a_restart_which_heals(database):
    """Stop and start of the same object, and it works."""
    await database._connection.close()
    assert await database.health() == Health(ok=False, detail="its connection is closed")
    await database.stop()
    assert await database.health() == Health(ok=False, detail="its connection is closed")
    await database.start()
    await database.run("INSERT INTO t VALUES (1)")
    assert await database.health() == Health()


async def test_a_restart_does_not_wait_for_who_held_the_connection(database):
    """Whoever hangs in a transaction of the earlier life holds up nobody in the next."""
    release = asyncio.Event()

    async def hang():
        async with database.transaction():
            await release.wait()

    hanging = asyncio.create_task(hang())
    while database._owner is None:
        await asyncio.sleep(0)
    asking = asyncio.create_task(database.health())
    await asyncio.sleep(0)
    await database.stop()
    await database.start()
    assert await database.health() == Health()
    asking.cancel()
    hanging.cancel()
    await asyncio.wait({asking, hanging})
    assert hanging.cancelled()


async def test_a_damaged_file_is_told_and_no_restart_asked_for(database, monkeypatch):
    """Nothing that we do repairs it."""

    async def damaged(_script):
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(database._connection, "executescript", damaged)
    assert await database.health() == Health(ok=False, detail="database disk image is malformed", heals=True)
