"""The cache's database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import diskcache
import pytest

from utils import cache_store
from utils.cache_store import Row, Store, spoilt
from utils.safe_disk import ForgedRowError


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "c")
    yield made
    made.close()


def forge(store, *statements):
    """Change the database behind the store's back."""
    with closing(sqlite3.connect(store._folder / "cache.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def test_rows_come_back_with_their_end(store):
    """Those that were written last come last; what is removed is gone."""
    assert store.open() == []
    store.apply({"a": Row(b"1", 10.0), "b": Row(b"22", 20.0), "c": Row(b"333", 30.0)})
    store.apply({"a": None, "d": Row(b"4444", 40.0)})
    assert store.get("b") == b"22"
    assert store.get("a") is None
    store.close()
    assert store.open() == [("b", 2, 20.0), ("c", 3, 30.0), ("d", 4, 40.0)]


@pytest.mark.parametrize("tag", ["NULL", "'soon'", "x'00'", "9e999", "7"])
def test_a_row_that_does_not_tell_its_end_is_over(store, tag):
    """Also one of an earlier version."""
    store.open()
    store.apply({"a": Row(b"1", 10.0)})
    forge(store, f"UPDATE Cache SET tag = {tag}")
    assert store.open() == [("a", 1, 0.0)]


@pytest.mark.parametrize("change", ["key = x'00'", "key = 7", "key = NULL", "value = 'text'", "value = 7", "mode = 4"])
def test_rows_of_another_kind_are_not_seen(store, change):
    """Keys are text and values bytes."""
    store.open()
    store.apply({"a": Row(b"1", 10.0)})
    forge(store, f"UPDATE Cache SET {change}")
    assert store.open() == []


def test_changes_are_made_together(store):
    """Where one fails none is made."""
    store.open()
    forge(store, "CREATE TRIGGER no BEFORE INSERT ON Cache WHEN NEW.key = 'b' BEGIN SELECT RAISE(FAIL, 'no'); END")
    with pytest.raises(sqlite3.IntegrityError):
        store.apply({"a": Row(b"1", 10.0), "b": Row(b"2", 10.0)})
    assert store.get("a") is None


def test_the_last_changes_are_made_before_the_end(store):
    """And nothing can be asked afterwards."""
    store.open()
    store.finish({"a": Row(b"1", 10.0)})
    with pytest.raises(OSError, match="not open"):
        store.get("a")
    store.leave()
    assert store.open() == [("a", 1, 10.0)]


def test_an_empty_database_takes_the_place(store):
    """Whatever the folder held."""
    store.open()
    store.apply({"a": Row(b"1", 10.0)})
    (store._folder / "cache.db").write_bytes(b"never a database")
    store.leave()
    assert store.renew() == []
    store.apply({"b": Row(b"2", 10.0)})
    assert store.get("b") == b"2"


def test_pages_that_are_held_in_memory_are_few(store):
    """In a file of an earlier version too: SQLite's own cache and map would be larger than all else."""
    folder = str(store._folder)
    diskcache.Cache(folder, sqlite_cache_size=8192, sqlite_mmap_size=1 << 26).close()
    store.open()
    for pragma, most in (("cache_size", 256), ("mmap_size", 0)):
        assert store._opened._sql(f"PRAGMA {pragma}").fetchall() == [(most,)]


def test_a_broken_file_is_told_from_one_that_is_in_use(store, monkeypatch):
    """A missing table or garbage will fail for ever, a lock won't."""
    monkeypatch.setattr(cache_store, "LOCK_SECONDS", 0)
    store.open()
    with closing(sqlite3.connect(store._folder / "cache.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(diskcache.Timeout) as locked:
            store.apply({"a": Row(b"1", 10.0)})
    forge(store, "DROP TABLE Cache")
    with pytest.raises(sqlite3.OperationalError) as missing:
        store.get("a")
    assert [spoilt(locked.value), spoilt(missing.value)] == [False, True]


def failure(kind, code=None):
    error = kind("no")
    if code is not None:
        error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "broken"),
    [
        (failure(OSError), False),
        (failure(ForgedRowError), False),
        (failure(sqlite3.OperationalError, sqlite3.SQLITE_FULL), False),
        (failure(sqlite3.OperationalError, sqlite3.SQLITE_BUSY_SNAPSHOT), False),
        (failure(sqlite3.OperationalError, sqlite3.SQLITE_ERROR), True),
        (failure(sqlite3.OperationalError), True),
        (failure(sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT_INDEX), True),
        (failure(TypeError), True),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), True),
    ],
    ids=repr,
)
def test_what_tells_a_broken_file(error, broken):
    """By SQLite's own code; what has none and comes from elsewhere is the file's doing."""
    assert spoilt(error) is broken
