"""Alerts as a part: told to the log and the owner, seldom, and not forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.alerts import RETRY_SECONDS, AlertCenter
from utils.alerts import Alerts, Rule
from utils.config import load_settings
from utils.database import Database
from utils.errors import TelegramRefused

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"
RULES = (
    Rule(name="memory", metric="memory", threshold=0.95, clear=0.9, level="critical"),
    Rule(name="errors", metric="errors", threshold=0.1),
)


class World:
    """A center whose waits end when a test says so, and the owner."""

    def __init__(self, database):
        self.database = database
        self.now = 100.0
        self.values: dict[str, float | None] = {}
        self.fails: list[Exception] = []
        self.heard: list[list[tuple[str, str, int]]] = []
        self.answers: list[Any] = []
        self.waits: dict[float, asyncio.Future[None]] = {}
        self.settings = load_settings({}).alerts
        self.center: Any = None

    async def start(self, *, announce=True):
        alerts = Alerts(RULES, clock=lambda: self.now, wall=lambda: 1_000_000 + self.now)
        self.center = AlertCenter(alerts, self._look, self.settings, self.database, sleep=self._sleep)
        await self.center.start()
        if announce:
            self.center.announce_through(self.announce)
        await self.settle()

    async def _look(self):
        if self.fails:
            raise self.fails.pop(0)
        return self.values

    async def _sleep(self, seconds):
        self.waits[seconds] = asyncio.get_running_loop().create_future()
        await self.waits[seconds]

    async def announce(self, news):
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.heard.append([(told.notice.rule.name, told.notice.kind, told.count) for told in news])
        return answer

    async def settle(self):
        """Until everything waits; the database answers from a thread of its own."""
        await self.database.one("SELECT 1")
        for _ in range(20):
            await asyncio.sleep(0)
        await self.database.one("SELECT 1")
        for _ in range(20):
            await asyncio.sleep(0)

    async def wake(self, seconds):
        """Let the wait of that length end."""
        self.waits.pop(seconds).set_result(None)
        await self.settle()

    async def see(self, later=15.0, **values):
        """One look at these values."""
        self.now += later
        self.values = values
        await self.wake(self.settings.interval_seconds)


@pytest.fixture
async def world(tmp_path):
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    world = World(database)
    yield world
    if world.center is not None:
        await world.center.stop()
    await database.stop()


async def test_the_owner_hears_of_it_and_of_its_end(world):
    """And so does the log, by level."""
    await world.start()
    with structlog.testing.capture_logs() as lines:
        await world.see(memory=0.99)
        await world.wake(world.settings.gap_seconds)
        await world.see(memory=0.5)
    assert world.heard == [[("memory", "raised", 1)], [("memory", "cleared", 1)]]
    known = {"rule": "memory", "threshold": 0.95}
    assert lines == [
        {"event": "alert.raised", "severity": "critical", "value": 0.99, "log_level": "error", **known},
        {"event": "alert.cleared", "severity": "info", "value": 0.5, "log_level": "info", **known},
    ]
    figures = world.center.figures()
    assert figures["active"] == []
    assert figures["messages"] == 2
    assert figures["last"] == {"name": "memory", "kind": "cleared", "level": "info", "value": 0.5, "at": 1_000_130.0}


async def test_what_comes_within_the_gap_goes_into_one_message(world):
    """One line a rule, the newest state of each."""
    await world.start()
    await world.see(memory=0.99)
    await world.see(memory=0.99, errors=0.5)
    await world.see(memory=0.1, errors=0.5)
    assert world.heard == [[("memory", "raised", 1)]]
    assert world.center.figures()["waiting"] == 2
    await world.wake(world.settings.gap_seconds)
    assert world.heard[1:] == [[("errors", "raised", 1), ("memory", "cleared", 1)]]
    assert world.center.critical() == []
    assert [rule["name"] for rule in world.center.figures()["active"]] == ["errors"]


async def test_what_comes_while_telegram_is_away_is_told_when_it_is_back(world):
    """As one message that sums it up, whatever the way was refused with before."""
    await world.start(announce=False)
    await world.see(memory=0.99, errors=0.5)
    await world.see(memory=0.1, errors=0.5)
    assert world.heard == []
    world.answers = [TelegramRefused("FLOOD_WAIT"), False, RuntimeError("a mistake")]
    world.center.announce_through(world.announce)
    await world.settle()
    for _ in range(3):
        assert world.heard == []
        await world.wake(RETRY_SECONDS)
    assert world.heard == [[("errors", "raised", 1), ("memory", "cleared", 2)]]
    await world.wake(world.settings.gap_seconds)
    assert len(world.heard) == 1


async def test_a_change_on_the_way_is_told_next(world):
    """What the message said was true when it left; the next one says the rest."""
    await world.start()
    gate = asyncio.Event()
    announce = world.announce

    async def slowly(news):
        await gate.wait()
        return await announce(news)

    world.center.announce_through(slowly)
    await world.see(memory=0.99)
    await world.see(memory=0.1)
    gate.set()
    await world.settle()
    assert world.heard == [[("memory", "raised", 1)]]
    await world.wake(world.settings.gap_seconds)
    assert world.heard[1] == [("memory", "cleared", 2)]


async def test_a_restart_tells_nothing_twice(world):
    """And what is over by then is told as over."""
    await world.start()
    await world.see(memory=0.99, errors=0.5)
    await world.center.stop()
    await world.start()
    assert [rule["name"] for rule in world.center.figures()["active"]] == ["memory", "errors"]
    await world.see(memory=0.99, errors=0.0)
    await world.see(later=3600, memory=0.99, errors=0.0)
    assert world.heard[0] == [("memory", "raised", 1), ("errors", "raised", 1)]
    assert world.heard[1:] == [[("errors", "cleared", 1)]]
    await world.wake(world.settings.gap_seconds)
    assert world.heard[2:] == [[("memory", "repeated", 1)]]


async def test_what_the_owner_did_not_hear_is_begun_anew_after_a_restart(world):
    """It was never told, so the next process tells it."""
    await world.start(announce=False)
    await world.see(memory=0.99)
    await world.center.stop()
    await world.start()
    assert world.center.figures()["active"] == []
    await world.see(memory=0.99)
    assert world.heard == [[("memory", "raised", 1)]]


async def test_a_look_that_breaks_does_not_end_the_watch(world):
    """The next one goes on."""
    await world.start()
    world.fails = [RuntimeError("a mistake")]
    with structlog.testing.capture_logs() as lines:
        await world.see(memory=0.99)
    assert [line["event"] for line in lines] == ["alerts broke"]
    await world.see(memory=0.99)
    assert world.heard == [[("memory", "raised", 1)]]


async def test_a_part_that_never_started_can_be_stopped(world):
    """As after a start that failed halfway; and it has nothing to tell."""
    center = AlertCenter(Alerts(RULES), world._look, world.settings, world.database)
    await center.stop()
    assert center.figures()["last"] is None


async def test_an_owner_to_tell_is_no_news(world):
    """Nothing goes out before there is something."""
    await world.start()
    world.center.announce_through(world.announce)
    await world.settle()
    assert world.heard == []


async def test_a_dead_watch_makes_the_part_ill(world):
    """So that it is started anew."""
    await world.start()
    assert world.center.health().ok
    world.center._tasks[0].cancel()
    await world.settle()
    assert not world.center.health().ok
