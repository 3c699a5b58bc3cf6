"""Reminders over a real database: when they are due, once, after a restart, within bounds."""

import asyncio

import pytest

from services.reminders import (
    FARTHEST_LOOK_SECONDS,
    FIRST_LOOK_SECONDS,
    GRACE_SECONDS,
    LONGEST_LOOK_SECONDS,
    SIDE_BY_SIDE,
    Reminders,
)
from services.wishes import Again, Wish
from tests.services.conftest import MIGRATIONS, link
from utils.config import load_settings
from utils.database import Database
from utils.errors import Busy, NotAllowed, NotFound

ALICE, BOB = 7, 8


class Front:
    """Writes down what came; `answers` are given one after another, `gate` holds them back."""

    def __init__(self):
        self.came, self.gave_up, self.answers = [], [], []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken = False
        self.held = 0

    async def remind(self, reminder):
        self.came.append(reminder)
        self.held += 1
        try:
            await self.gate.wait()
        finally:
            self.held -= 1
        if self.broken:
            raise ValueError("a fault")
        return self.answers.pop(0) if self.answers else None

    async def give_up(self, reminder):
        self.gave_up.append(reminder)


class House:
    """A process' reminders with a clock that only moves when told; a sleep ends when the clock passes it."""

    def __init__(self, path, **limits):
        self.now = 1000.0
        self.database = Database(path, MIGRATIONS)
        self.settings = load_settings({f"GOLDCREST_REMINDERS__{key.upper()}": str(v) for key, v in limits.items()})
        self.front = Front()
        self._sleepers = []
        self.reminders = self.made()

    def made(self):
        return Reminders(
            self.database, self.settings.reminders, clock=lambda: self.now, sleep=self._sleep, rng=lambda: 0.5
        )

    async def _sleep(self, seconds):
        waking = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, waking))
        await waking

    async def pass_by(self, seconds):
        """Let time pass to where the next sleep ends, again and again, until so many seconds are over."""
        end = self.now + seconds
        while True:
            await self.idle()
            waiting = [at for at, waking in self._sleepers if not waking.done()]
            if not waiting or min(waiting) > end:
                break
            self.now = max(self.now, min(waiting))
            for at, waking in self._sleepers:
                if at <= self.now and not waking.done():
                    waking.set_result(None)
        self.now = end
        await self.idle()

    async def idle(self):
        """Until all that can run has run: the runner sleeps, and so does or is held back what is dealt with."""
        calm = 0
        async with asyncio.timeout(20):
            while calm < 5:
                pending = sum(not waking.done() for _, waking in self._sleepers)
                busy = len(self.reminders._firing) - self.front.held
                calm = calm + 1 if not self.reminders._wake.is_set() and pending and busy == pending - 1 else 0
                await asyncio.sleep(0 if calm else 0.001)

    async def start(self):
        await self.database.start()
        await self.reminders.start()
        self.reminders.deliver_to(self.front)
        return self

    async def stop(self):
        await self.reminders.stop()
        await self.database.stop()

    async def restart(self):
        """As after a kill: nothing is told to the database at the end."""
        await self.stop()
        self.reminders = self.made()
        await self.start()

    async def rows(self):
        return await self.database.all("SELECT * FROM reminders ORDER BY due_at")


@pytest.fixture
async def house(tmp_path):
    house = await House(tmp_path / "db", user_bound=2, bound=3, watch_hours=2).start()
    yield house
    await house.stop()


def wish(number=1, *, kind="later", seconds=600.0, user=ALICE, quality="720p"):
    return Wish(kind, user, link(str(number)), seconds, quality, "T", {"chat_id": user, "status_id": number})


async def test_it_comes_when_it_is_due_and_once(house):
    """Not before, not again; with everything that was wished."""
    kept = await house.reminders.add(wish())
    await house.pass_by(599)
    assert house.front.came == []
    await house.pass_by(2)
    (came,) = house.front.came
    assert came == kept
    assert (came.link, came.quality, came.title, came.target["status_id"]) == (link("1"), "720p", "T", 1)
    await house.pass_by(10_000)
    assert len(house.front.came) == 1
    assert await house.rows() == []
    assert house.reminders.figures() == {"waiting": 0}


async def test_a_sooner_one_is_not_held_up_by_a_later_one(house):
    """Whatever the order in which they were wished."""
    await house.reminders.add(wish(1, seconds=900))
    await house.reminders.add(wish(2, seconds=60))
    await house.pass_by(61)
    assert [each.target["status_id"] for each in house.front.came] == [2]


async def test_a_restart_forgets_nothing(house):
    """What is due meanwhile comes at once, the rest at its time; nobody hears before the front is there."""
    await house.reminders.add(wish(1, seconds=100))
    await house.reminders.add(wish(2, seconds=900))
    await house.stop()
    house.now += 500
    house.reminders = house.made()
    await house.database.start()
    await house.reminders.start()
    await house.pass_by(1)
    assert house.front.came == []
    assert house.reminders.figures() == {"waiting": 2}
    house.reminders.deliver_to(house.front)
    await house.pass_by(1)
    assert [each.target["status_id"] for each in house.front.came] == [1]
    assert not house.front.came[0].interrupted
    await house.pass_by(400)
    assert len(house.front.came) == 2


async def test_one_that_a_kill_cut_off_comes_again_and_says_so(house):
    """So that its front can tell what has happened already."""
    await house.reminders.add(wish(seconds=10))
    house.front.gate.clear()
    await house.pass_by(11)
    assert len(house.front.came) == 1
    await house.restart()
    house.front.gate.set()
    await house.pass_by(1)
    assert [each.interrupted for each in house.front.came] == [False, True]
    assert await house.rows() == []


async def test_an_order_is_known_again_by_its_reminder(house):
    """A job whose target names it was accepted before the kill."""
    kept = await house.reminders.add(wish())
    assert not await house.reminders.ordered(kept)
    await house.database.run(
        "INSERT INTO jobs (id, front, link, canonical, quality, title, user_id, target, state, attempt, random_id,"
        " created_at, updated_at) VALUES ('1', 'telegram', '{}', 'c', 'q', '', 7, ?, 'done', 1, 1, 1, 1)",
        f'{{"chat_id":7,"reminder":"{kept.id}"}}',
    )
    assert await house.reminders.ordered(kept)


async def test_a_message_has_one_reminder(house):
    """Two presses of one button are one wish."""
    first = await house.reminders.add(wish())
    assert await house.reminders.add(wish()) == first
    assert len(await house.rows()) == 1


async def test_the_bounds(house):
    """Of one person, and of all."""
    await house.reminders.add(wish(1))
    await house.reminders.add(wish(2))
    with pytest.raises(Busy) as mine:
        await house.reminders.add(wish(3))
    assert mine.value.values == {"bound": 2, "reminders": True}
    await house.reminders.add(wish(4, user=BOB))
    with pytest.raises(Busy) as everybody:
        await house.reminders.add(wish(5, user=BOB))
    assert everybody.value.values == {"bound": 3}


async def test_cancel(house):
    """By the one who wished it or the operator; it never comes then."""
    kept = await house.reminders.add(wish(1))
    other = await house.reminders.add(wish(2))
    with pytest.raises(NotAllowed):
        await house.reminders.cancel(kept.id, BOB)
    assert await house.reminders.cancel(kept.id, ALICE) == kept
    assert await house.reminders.cancel(other.id) == other
    with pytest.raises(NotFound):
        await house.reminders.cancel(kept.id, ALICE)
    await house.pass_by(1000)
    assert house.front.came == []


async def test_cancel_in_the_middle(house):
    """One that is being dealt with stops, and does not come back."""
    kept = await house.reminders.add(wish(seconds=1))
    house.front.gate.clear()
    await house.pass_by(2)
    await house.reminders.cancel(kept.id, ALICE)
    house.front.gate.set()
    await house.pass_by(10_000)
    assert len(house.front.came) == 1
    assert await house.rows() == []


async def test_only_so_many_at_the_same_time(tmp_path):
    """They ask sites; the others follow."""
    house = await House(tmp_path / "db").start()
    for number in range(SIDE_BY_SIDE + 2):
        await house.reminders.add(wish(number, seconds=5))
    house.front.gate.clear()
    await house.pass_by(6)
    assert len(house.front.came) == SIDE_BY_SIDE
    house.front.gate.set()
    await house.pass_by(1)
    assert len(house.front.came) == SIDE_BY_SIDE + 2
    await house.stop()


async def test_no_room_for_a_later_try(house):
    """It comes back each minute for an hour, then says so."""
    await house.reminders.add(wish(seconds=60))
    house.front.answers = [Again()] * 100
    await house.pass_by(2 * 3600)
    assert 50 <= len(house.front.came) <= 61
    assert len(house.front.gave_up) == 1
    assert await house.rows() == []


async def test_a_stream_is_looked_for_ever_more_seldom(house):
    """Without a known time: five minutes, then growing, an hour at most, for so many hours; then it is given up."""
    started, times = house.now, []

    async def remind(reminder):
        times.append(house.now)
        return Again()

    house.front.remind = remind
    await house.reminders.add(wish(kind="live", seconds=None))
    await house.pass_by(3 * 3600)
    gaps = [after - before for before, after in zip([started, *times], times, strict=False)]
    assert gaps[0] == FIRST_LOOK_SECONDS
    assert gaps == sorted(gaps)
    assert max(gaps) <= LONGEST_LOOK_SECONDS
    assert times[-1] <= started + 2 * 3600
    assert len(times) < 12
    assert len(house.front.gave_up) == 1
    assert await house.rows() == []


async def test_a_stream_with_a_known_time(house):
    """First shortly after it; a new time is taken over; one far off is asked for again within a week."""
    day = 86_400.0
    await house.reminders.add(wish(kind="live", seconds=7200.0))
    house.front.answers = [Again(1800.0), None]
    await house.pass_by(7200 + GRACE_SECONDS - 1)
    assert house.front.came == []
    await house.pass_by(2)
    assert len(house.front.came) == 1
    await house.pass_by(1800 + GRACE_SECONDS + 1)
    assert len(house.front.came) == 2
    far = await house.reminders.add(wish(2, kind="live", seconds=100 * day))
    assert far.due_at - house.now == FARTHEST_LOOK_SECONDS
    assert far.until - house.now == 100 * day + 2 * 3600


async def test_a_fault_of_the_front_does_not_come_again_and_again(house):
    """It is written down and over, and the next one comes all the same."""
    await house.reminders.add(wish(1, seconds=5))
    await house.reminders.add(wish(2, seconds=50))
    house.front.broken = True
    await house.pass_by(10)
    house.front.broken = False
    await house.pass_by(1000)
    assert [each.target["status_id"] for each in house.front.came] == [1, 2]
    assert await house.rows() == []


async def test_a_table_that_cannot_be_written_makes_no_hot_loop(house):
    """Each try is followed by a rest; afterwards it goes on."""
    await house.reminders.add(wish(seconds=5))
    run, asked = house.database.run, []

    async def refuse(sql, *values):
        asked.append(sql)
        raise OSError("disk full")

    house.database.run = refuse
    await house.pass_by(30)
    assert 1 <= len(asked) <= 10
    house.database.run = run
    await house.pass_by(10)
    assert len(house.front.came) == 1


async def test_a_table_that_cannot_be_read_makes_no_hot_loop(house):
    """The same for the look at what is due."""
    await house.reminders.add(wish(seconds=5))
    every, asked = house.database.all, []

    async def refuse(sql, *values):
        asked.append(sql)
        raise OSError("gone")

    house.database.all = refuse
    await house.pass_by(30)
    assert 1 <= len(asked) <= 10
    house.database.all = every
    await house.pass_by(10)
    assert len(house.front.came) == 1
