"""All breakers: bounded, kept over restarts in a real SQLite file, and working without whatever keeps them."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from utils.breaker_store import BreakerRecord, SqliteBreakers
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import SYNC_SECONDS, Breakers
from utils.database import Database

POLICY = BreakerPolicy(consecutive=1)
MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


class Store:
    """Another instance writes into it through `records`; `fails` are raised first."""

    def __init__(self, *, shared):
        self.shared = shared
        self.records = {}
        self.fails = []
        self.revision = 0
        self.saved = asyncio.Event()

    async def save(self, records):
        await asyncio.sleep(0)
        self._perhaps_fail()
        for record in records:
            self.put(record)
        self.saved.set()
        return {record.name: self.records[record.name].revision for record in records} if self.shared else {}

    def put(self, record):
        self.revision += 1
        self.records[record.name] = BreakerRecord(
            record.name, record.state, record.remaining_seconds, record.streak, self.revision, record.by_hand
        )

    async def load(self):
        self._perhaps_fail()
        return list(self.records.values())

    def _perhaps_fail(self):
        if self.fails:
            raise self.fails.pop(0)


class Ticks:
    """A sleep that ends when the test says so."""

    def __init__(self):
        self.asked = []
        self.go = asyncio.Event()

    async def __call__(self, seconds):
        self.asked.append(seconds)
        await self.go.wait()
        self.go.clear()


async def until(condition):
    while not condition():
        await asyncio.sleep(0)


def test_a_name_has_one_breaker():
    """An identity has one of its own."""
    breakers = Breakers(POLICY)
    breakers.get("youtube/anna").admit().failed()
    assert breakers.get("youtube/anna").state == "open"
    assert breakers.get("youtube").state == "closed"
    assert list(breakers.figures()) == ["youtube", "youtube/anna"]


def test_the_number_of_guests_is_bounded():
    """The closed one that was asked for longest ago leaves; where all are open, the oldest."""
    breakers = Breakers(POLICY, bound=3)
    for name in ("x:a", "x:b", "x:c"):
        breakers.get(name)
    breakers.get("x:a").open(60)
    breakers.get("x:b")
    breakers.get("x:d")
    assert list(breakers.figures()) == ["x:a", "x:b", "x:d"]
    for name in ("x:b", "x:d"):
        breakers.get(name).open(60)
    breakers.get("x:e")
    assert list(breakers.figures()) == ["x:b", "x:d", "x:e"]


def test_no_crowd_of_guests_drives_anybody_else_out():
    """Sites and identities stay, open or closed; so does a guest that an operator holds."""
    breakers = Breakers(POLICY, bound=2)
    anna, held = breakers.get("site/anna"), breakers.get("x:held")
    breakers.get("site").open()
    held.open()
    for number in range(9):
        breakers.get(f"x:{number}").open(60)
    assert (breakers.get("site/anna"), breakers.get("x:held")) == (anna, held)
    assert breakers.get("site").remaining_seconds is None
    assert set(breakers.figures()) == {"site", "site/anna", "x:held", "x:8"}
    breakers.get("x:8").open()
    breakers.get("x:9")
    assert "x:8" in breakers.figures()


async def test_what_guests_left_behind_hides_no_site():
    """However many of them a store holds, sites and identities are read first."""
    store = Store(shared=True)
    for number in range(50):
        store.put(BreakerRecord(f"x:{number}", "open", 60.0, 1))
    store.put(BreakerRecord("site/anna", "open", None, 1))
    breakers = Breakers(POLICY, store=store, bound=2)
    await breakers.restore()
    assert breakers.get("site/anna").remaining_seconds is None
    assert len(breakers.figures()) == 2


async def test_a_restart_keeps_what_was_open(database):
    """With the time that passed taken off, the growth and an operator's hold; a closed one leaves no row."""
    wall, now = Clock(5000.0), Clock()
    first = Breakers(POLICY, store=SqliteBreakers(database, wall), clock=now)
    await first.start()
    first.get("a").admit().failed()
    first.get("b").open()
    first.get("c").open(50)
    first.get("c").close()
    first.get("d").open(50, by_hand=True)
    await first.stop()
    wall.now += 10
    later = Breakers(POLICY, store=SqliteBreakers(database, wall), clock=Clock(7.0))
    await later.start()
    assert later.get("a").remaining_seconds == 20
    assert later.get("a").streak == 1
    assert later.get("b").remaining_seconds is None
    assert set(later.figures()) == {"a", "b", "d"}
    assert [later.get(name).by_hand for name in "abd"] == [False, True, True]
    later.get("d").close()
    later.get("b").close()
    later.get("a").close()
    await later.stop()
    assert await database.all("SELECT name FROM breakers") == []


async def test_half_open_is_kept_as_rested(database):
    """A restart in the middle of a probe probes again."""
    now = Clock()
    first = Breakers(POLICY, store=SqliteBreakers(database, Clock(1.0)), clock=now)
    await first.start()
    first.get("a").admit().failed()
    now.now += 30
    first.get("a").admit()
    await first.stop()
    later = Breakers(POLICY, store=SqliteBreakers(database, Clock(1.0)), clock=Clock())
    await later.restore()
    assert later.get("a").state == "half_open"


@pytest.mark.parametrize(("jump", "remaining"), [(-1e9, 30), (1e9, 0), (10, 20), (float("nan"), 30)])
async def test_a_wall_clock_that_jumped_locks_nothing(database, jump, remaining):
    """Set back, nothing stays open for longer than it was saved with; set forward, it is only tried earlier."""
    wall = Clock(1e9)
    store = SqliteBreakers(database, wall)
    await store.save([BreakerRecord("a", "open", 30.0, 1)])
    wall.now += jump
    assert (await store.load())[0].remaining_seconds == remaining


@pytest.mark.parametrize(
    "values",
    [("a", 1e300, 1, 0.0), ("a", -5.0, 1, 1e18), ("a", 5.0, -1, 0.0), ("a", "soon", 1, 0.0), ("a", 5.0, 1, "x")],
)
async def test_a_damaged_row_locks_nothing(database, values):
    """It is passed over, or its time is over; the others are read."""
    await database.run("INSERT INTO breakers VALUES ('b', 5.0, 1, 0.0, FALSE)")
    await database.run("INSERT INTO breakers (name, remaining_seconds, streak, saved_at) VALUES (?, ?, ?, ?)", *values)
    breakers = Breakers(POLICY, store=SqliteBreakers(database, Clock(1.0)))
    await breakers.start()
    assert breakers.get("b").state == "open"
    assert breakers.get("a").state in {"closed", "half_open"}
    await breakers.stop()


async def test_a_store_that_fails_leaves_the_memory_and_gets_it_later():
    """A database locked at the start and at the first saves: breakers work, and what changed is saved in the end."""
    store, ticks = Store(shared=False), Ticks()
    store.fails = [sqlite3.OperationalError("database is locked")] * 3
    breakers = Breakers(POLICY, store=store, sleep=ticks)
    await breakers.start()
    assert not breakers.keeping_works
    breakers.get("a").admit().failed()
    await until(lambda: ticks.asked)
    assert breakers.get("a").state == "open"
    assert (breakers.health().ok, breakers.health().heals) == (False, True)
    ticks.go.set()
    await until(lambda: len(ticks.asked) == 2)
    ticks.go.set()
    await store.saved.wait()
    await until(lambda: breakers.keeping_works)
    assert store.records["a"].state == "open"
    assert ticks.asked == [SYNC_SECONDS] * 2
    assert breakers.health().ok
    await breakers.stop()
    assert not breakers.health().ok  # nobody keeps what changes from now on


async def test_what_other_instances_found_is_taken_over():
    """At each look; what they closed closes here too, and what hasn't changed since isn't taken over again."""
    store, ticks = Store(shared=True), Ticks()
    breakers = Breakers(POLICY, store=store, sleep=ticks)
    await breakers.start()
    await until(lambda: ticks.asked)
    store.put(BreakerRecord("a", "open", 20.0, 1))
    store.put(BreakerRecord("unknown here", "closed"))
    ticks.go.set()
    await until(breakers.figures)
    assert list(breakers.figures()) == ["a"]
    assert breakers.get("a").state == "open"
    breakers.get("a").open(0)
    breakers.get("a").admit()
    await breakers.sync()
    assert breakers.get("a").state == "half_open"
    store.put(BreakerRecord("a", "closed"))
    await breakers.sync()
    assert breakers.get("a").state == "closed"
    await breakers.stop()


async def test_ones_own_change_is_not_overwritten_by_an_older_one():
    """What changed here while the other's was on its way is saved next."""
    store = Store(shared=True)
    breakers = Breakers(POLICY, store=store)
    store.put(BreakerRecord("a", "open", 20.0, 1))
    await breakers.restore()
    breakers.get("a").close()
    store.put(BreakerRecord("a", "open", 20.0, 2))
    await breakers.restore()
    assert breakers.get("a").state == "closed"
    await breakers.sync()
    assert store.records["a"].state == "closed"


async def test_a_cancelled_save_is_made_up_for():
    """The end of the process in the middle of a save loses nothing."""
    store = Store(shared=False)
    store.fails = [asyncio.CancelledError()]
    breakers = Breakers(POLICY, store=store)
    breakers.get("a").open()
    with pytest.raises(asyncio.CancelledError):
        await breakers.sync()
    await breakers.sync()
    assert store.records["a"].state == "open"


@pytest.mark.parametrize(("shared", "kept"), [(False, "closed"), (True, "open")])
async def test_an_open_one_that_had_to_leave_is_not_kept(shared, kept):
    """Except where other instances may still mind it."""
    store = Store(shared=shared)
    breakers = Breakers(POLICY, store=store, bound=1)
    breakers.get("x:a").open(60)
    await breakers.sync()
    breakers.get("x:b")
    await breakers.sync()
    assert store.records["x:a"].state == kept


async def test_without_a_store_there_is_nothing_to_keep():
    """Starting, stopping and syncing do nothing."""
    breakers = Breakers(POLICY)
    await breakers.start()
    breakers.get("a").open()
    await breakers.sync()
    await breakers.stop()
    await breakers.stop()
    assert breakers.keeping_works
    assert breakers.health().ok
