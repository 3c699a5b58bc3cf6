"""The cache's level on disk: what it holds, what it costs, and what happens where the disk or the file fails."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import threading
import tracemalloc
from asyncio import sleep
from contextlib import closing

import pytest

from utils import cache_disk, cache_store
from utils.cache_disk import BATCH, CHANGE_BYTES, INDEX_BYTES, WAITING_BYTES, DiskLevel, file_bytes

BODY = b"x" * 100
LATER = 2e9


@pytest.fixture
async def disk(tmp_path):
    level = DiskLevel(tmp_path / "c", 1 << 30)
    await level.open()
    yield level
    await level.close()


async def settle(disk):
    """All that was asked of the thread is done and heard of."""
    while disk._pending:
        await sleep(0)
    for _ in range(3):
        await disk._in_thread(lambda: None)


async def again(disk):
    await disk.close()
    await disk.open()


def forge(disk, statement):
    """Change the database behind the level's back."""
    with closing(sqlite3.connect(disk._folder / "cache.db")) as database, database:
        database.execute(statement)


async def test_the_index_outlives_a_restart(disk):
    """With sizes and ends; the same bytes are used as before."""
    for number in range(3):
        assert disk.write(f"k{number}", BODY, LATER + number)
    assert disk.read("k1") == BODY
    await settle(disk)
    assert disk.read("k1") == BODY
    used = disk.used_bytes
    await again(disk)
    assert (len(disk), disk.used_bytes) == (3, used)
    assert disk.oldest() == ("k0", LATER)
    assert disk.over(LATER + 1) == ["k0", "k1"]


async def test_a_key_that_stands_twice_counts_once(disk, monkeypatch):
    """SQLite's index of keys may be damaged; the bytes in use would never come back."""
    await disk.close()
    monkeypatch.setattr(cache_store.Store, "open", lambda _: [("k", 5, LATER), ("k", 7, LATER)])
    await disk.open()
    assert (len(disk), disk.used_bytes) == (1, file_bytes("k", 7))
    disk.remove("k")
    assert disk.used_bytes == 0


async def test_the_last_change_of_a_key_counts(disk):
    """However many come before the first is written."""
    for number in range(2 * BATCH):
        disk.write("k", str(number).encode(), LATER)
        disk.write(f"k{number}", BODY, LATER)
        disk.remove(f"k{number}")
    disk.write("k0", b"new", LATER)
    await again(disk)
    assert len(disk) == 2
    assert disk.read("k") == str(2 * BATCH - 1).encode()
    assert disk.read("k0") == b"new"


async def test_a_disk_far_behind_takes_no_more(disk):
    """Writes that wait are bounded; a closed level takes none and closes twice."""
    large = bytes(WAITING_BYTES // 4 - CHANGE_BYTES)
    assert [disk.write(f"k{number}", large, LATER) for number in range(6)] == [True] * 4 + [False] * 2
    assert disk.read("k0") == large
    assert "k5" not in disk
    await disk.close()
    assert not disk.write("k1", BODY, LATER)
    assert disk.read("k1") is None
    await disk.close()
    await disk.open()
    assert len(disk) == 4


async def test_small_changes_that_wait_are_bounded_too(disk):
    """Each costs more than its record."""
    taken = sum(disk.write(f"k{number}", b"", LATER) for number in range(2 * WAITING_BYTES // CHANGE_BYTES))
    assert taken <= WAITING_BYTES // CHANGE_BYTES + 1
    assert disk.heap_bytes >= WAITING_BYTES


async def test_all_that_waits_is_written_at_the_end(disk):
    """Whoever is about to close may let as much wait as memory holds."""
    disk.closing = True
    for number in range(12):
        assert disk.write(f"k{number}", bytes(WAITING_BYTES // 4), LATER)
    await again(disk)
    assert len(disk) == 12
    assert not disk.closing


@pytest.mark.parametrize(("key", "record"), [(10, 50), (40, 230), (60, 1300), (60, 1700), (60, 2300), (400, 100)])
async def test_the_file_stays_within_its_bound(tmp_path, key, record):
    """Whatever the sizes of keys and records, after much coming and going."""
    dice = random.Random(3)
    disk = DiskLevel(tmp_path / "c", 1 << 19)
    await disk.open()
    for number in range(3 * disk.bound_bytes // (key + record + 300)):
        name = f"{dice.getrandbits(64):016x}"[:key].ljust(key, "k")
        while not disk.room_for(file_bytes(name, record)):
            disk.remove(dice.choice(list(disk._index)) if not number % 50 else disk.oldest()[0])
        assert disk.write(name, bytes(record), LATER)
        if not number % BATCH:
            await settle(disk)
    await disk.close()
    assert sum(file.stat().st_size for file in disk._folder.iterdir()) <= disk.bound_bytes


async def test_the_number_of_rows_is_bounded(disk, monkeypatch):
    """Their index lies in memory; what is there already at the start is cut down to it."""
    for number in range(12):
        disk.write(f"k{number}", b"", LATER)
    await disk.close()
    monkeypatch.setattr(cache_disk, "ENTRIES", 10)
    await disk.open()
    assert len(disk) < 10
    while disk.room_for(0):
        disk.write(f"n{len(disk)}", b"", LATER)
    assert len(disk) == 10


def test_what_the_index_takes_is_told(tmp_path):
    """Within a third of what Python really allocates."""
    disk = DiskLevel(tmp_path, 1 << 30)
    tracemalloc.start()
    for number in range(5_000):
        disk._enter(f"media:generic:https://example.org/watch/{number}", 1_000 + number, LATER + number)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 2 / 3 < held / disk.heap_bytes < 4 / 3
    assert disk.heap_bytes > INDEX_BYTES * 5_000


DAMAGE = {
    "schema": lambda content: content.replace(b"CREATE TABLE Cache", b"CREATE TABL\xff Cache"),
    "settings": lambda content: content.replace(b"disk_pickle_protocol", b"disk_pickle_protokol"),
    "garbage": lambda content: b"this was never a database" * 500,
    "tail": lambda content: content[:4096] + os.urandom(len(content) - 4096),
    "cut": lambda content: content[:5_000],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
async def test_a_file_that_cannot_be_opened_is_thrown_away(disk, damage):
    """Whatever SQLite and diskcache raise at it, the level begins anew and keeps what it is given."""
    for number in range(50):
        disk.write(f"k{number}", BODY, LATER)
    await disk.close()
    file = disk._folder / "cache.db"
    file.write_bytes(damage(file.read_bytes()))
    await disk.open()
    assert disk.is_open
    for number in range(50):
        disk.read(f"k{number}")
    await settle(disk)
    assert disk.troubles > 0
    disk.write("new", BODY, LATER)
    await again(disk)
    assert disk.read("new") == BODY


@pytest.mark.parametrize("damage", ["DROP TABLE Cache", "DROP TABLE Settings"])
async def test_a_file_that_breaks_meanwhile_is_replaced(disk, damage):
    """A table that is missing is missing for good: entries are lost once, not for ever."""
    disk.write("old", BODY, LATER)
    await settle(disk)
    forge(disk, damage)
    disk.write("lost", BODY, LATER)
    await settle(disk)
    assert (len(disk), disk.used_bytes, disk.is_open) == (0, 0, True)
    disk.write("new", BODY, LATER)
    await again(disk)
    assert [key for key in ("old", "lost", "new") if key in disk] == ["new"]
    assert disk.troubles == 1


async def test_a_read_that_meets_garbage_begins_anew(disk):
    """A miss; what comes next is kept."""
    disk.write("old", BODY, LATER)
    disk.write("other", BODY, LATER)
    await settle(disk)
    forge(disk, "DROP TABLE Cache")
    assert disk.read("old") is None
    assert len(disk) == 0
    disk.write("new", BODY, LATER)
    await again(disk)
    assert disk.read("new") == BODY
    assert (len(disk), disk.troubles) == (1, 1)


async def test_a_forged_row_costs_only_itself(disk):
    """A pickle where bytes should be is a miss and goes; the rest stays."""
    for key in ("a", "b", "gone"):
        disk.write(key, BODY, LATER)
    await settle(disk)
    forge(disk, "UPDATE Cache SET mode = 4, value = x'800495' WHERE key = 'a'")
    forge(disk, "DELETE FROM Cache WHERE key = 'gone'")
    assert disk.read("a") is None
    assert disk.read("gone") is None
    assert disk.read("b") == BODY
    await again(disk)
    assert len(disk) == 1


async def test_a_lock_costs_what_is_written_meanwhile(tmp_path, monkeypatch):
    """Another process's lock is no reason to throw all away."""
    monkeypatch.setattr(cache_store, "LOCK_SECONDS", 0)
    disk = DiskLevel(tmp_path / "c", 1 << 20)
    await disk.open()
    disk.write("old", BODY, LATER)
    disk.write("kept", BODY, LATER)
    await settle(disk)
    with closing(sqlite3.connect(disk._folder / "cache.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        disk.write("lost", BODY, LATER)
        disk.remove("old")
        await settle(disk)
        assert len(disk) == 1
        assert disk.troubles >= 1
    disk.write("new", BODY, LATER)
    await settle(disk)
    assert disk.read("kept") == BODY
    assert [key for key in ("old", "lost", "new") if key in disk] == ["new"]
    await disk.close()


async def test_a_file_that_cannot_be_replaced_leaves_the_level_closed(disk):
    """It says so, takes nothing more, and can be opened again later."""
    disk.write("old", BODY, LATER)
    await settle(disk)
    forge(disk, "DROP TABLE Cache")
    shutil.rmtree(disk._folder)
    disk._folder.write_text("in the way")
    assert disk.read("old") is None
    await settle(disk)
    assert not disk.is_open
    assert not disk.write("new", BODY, LATER)
    assert len(disk) == 0
    disk._folder.unlink()
    await again(disk)
    assert disk.is_open


async def test_a_level_that_cannot_be_opened_keeps_nothing(tmp_path):
    """And raises nothing."""
    (tmp_path / "c").write_text("in the way")
    disk = DiskLevel(tmp_path / "c", 1 << 20)
    await disk.open()
    assert (disk.is_open, disk.troubles) == (False, 2)
    assert not disk.write("k", BODY, LATER)
    disk.remove("k")
    await disk.close()


async def test_a_disk_that_refuses_at_the_end_is_noted(disk):
    """The close ends all the same."""
    disk.write("k", BODY, LATER)
    await settle(disk)
    forge(disk, "DROP TABLE Cache")
    disk.write("lost", BODY, LATER)
    await disk.close()
    assert disk.troubles >= 1
    assert not disk.is_open


async def test_what_is_written_while_the_thread_is_busy_is_read_from_memory(disk):
    """And a renewal in between takes nothing down that came after it."""
    gate = threading.Event()
    waiting = disk._in_thread(gate.wait)
    disk.write("a", BODY, LATER)
    disk._trouble(TypeError("broken"))
    assert len(disk) == 0
    disk.write("a", b"newer", LATER)
    assert disk.read("a") == b"newer"
    gate.set()
    await waiting
    await settle(disk)
    assert disk.read("a") == b"newer"
    await again(disk)
    assert disk.read("a") == b"newer"
