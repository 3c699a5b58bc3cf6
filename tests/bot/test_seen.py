"""Updates that were dealt with."""

import pytest

from bot.seen import SEEN_SECONDS, SeenUpdates
from tests.bot.conftest import MIGRATIONS
from utils.database import Database


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


async def test_once_and_not_again(database, clock):
    """Under way or dealt with: both keep the second out, the latter in the next process too."""
    seen = SeenUpdates(database, clock)
    assert await seen.begin("a")
    assert not await seen.begin("a")
    await seen.mark("a")
    seen.end("a")
    assert not await seen.begin("a")
    assert not await SeenUpdates(database, clock).begin("a")
    assert not await seen.mark("a")
    assert await seen.mark("b")


async def test_what_was_not_finished_may_come_again(database, clock):
    """A message whose handling broke off is dealt with the next time."""
    seen = SeenUpdates(database, clock)
    assert await seen.begin("a")
    seen.end("a")
    assert await seen.begin("a")


async def test_a_database_that_fails_leaves_nothing_under_way(database, clock):
    """Otherwise the same update would be refused for ever."""
    seen = SeenUpdates(database, clock)
    await database.stop()
    for _ in range(2):
        with pytest.raises(Exception, match="closed"):
            await seen.begin("a")


async def test_it_is_forgotten_after_48_hours_and_beyond_a_bound(database, clock):
    """Old keys go by age, too many by number, the oldest first."""
    seen = SeenUpdates(database, clock, bound=5)
    for number in range(8):
        clock.now += 1
        await seen.mark(f"k{number}")
    await seen.sweep()
    rows = await database.all("SELECT update_key FROM seen_updates ORDER BY seen_at")
    assert [row[0] for row in rows] == [f"k{number}" for number in range(3, 8)]
    clock.now += SEEN_SECONDS - 2
    await seen.sweep()
    rows = await database.all("SELECT update_key FROM seen_updates")
    assert [row[0] for row in rows] == ["k5", "k6", "k7"]


async def test_it_sweeps_by_itself(database, clock, monkeypatch):
    """Once in so many."""
    monkeypatch.setattr("bot.seen.SWEEP_EVERY", 10)
    seen = SeenUpdates(database, clock, bound=5)
    for number in range(20):
        clock.now += 1
        await seen.mark(f"k{number}")
    assert len(await database.all("SELECT * FROM seen_updates")) == 5
