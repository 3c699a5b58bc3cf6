"""Accepted work in a real SQLite file."""

from pathlib import Path

import pytest

from core.job_queue import CANCELLED, DONE, HISTORY_SECONDS, POISON_ATTEMPTS, SENDING, JobQueue
from platforms.shapes import Link
from utils.database import Database
from utils.errors import Busy

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"


class Clock:
    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        self.now += 1
        return self.now


def link(item="1"):
    return Link(f"https://site.test/{item}", f"site:{item}", "site", "video", item)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def database(tmp_path):
    database = Database(tmp_path / "jobs.db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def queue(database, clock):
    return JobQueue(database, bound=60, user_bound=50, clock=clock)


async def add(queue, item="1", user=7, front="telegram", quality="best"):
    return await queue.add(front, link(item), quality, title="T", user_id=user, target={"chat_id": user})


async def test_a_job_comes_back_as_it_was_written(queue):
    """Link, target and the random id survive the table."""
    job = await add(queue)
    assert await queue.get(job.id) == job
    assert await queue.get("nothing") is None
    assert job.target == {"chat_id": 7}


async def test_bounds_are_kept_and_say_whose_they_are(database, clock):
    """A person at their bound is told so; a full queue is told differently; nothing is written then."""
    queue = JobQueue(database, bound=2, user_bound=1, clock=clock)
    await add(queue)
    with pytest.raises(Busy) as mine:
        await add(queue, "2")
    assert mine.value.values["mine"] is True
    await add(queue, "2", user=None)
    with pytest.raises(Busy) as full:
        await add(queue, "3", user=9)
    assert full.value.values["mine"] is False
    assert await queue.counts() == {"accepted": 2}


async def test_jobs_with_one_key_are_begun_together_and_fronts_that_are_away_wait(queue):
    """One download serves all of them; a busy key and an unknown front are passed over."""
    first, second = await add(queue), await add(queue, user=8)
    await add(queue, quality="720p")
    await add(queue, "9", front="web")
    assert await queue.take((), ()) == []
    begun = await queue.take(("telegram",))
    assert [job.id for job in begun] == [first.id, second.id]
    assert {job.attempt for job in begun} == {1}
    assert [job.quality for job in await queue.take(("telegram",), [first.key])] == ["720p"]
    assert await queue.take(("telegram",)) == []


async def test_fifty_links_of_one_person_do_not_hold_up_another(queue):
    """Who has the fewest running jobs is next, the oldest first among them."""
    for number in range(50):
        await add(queue, str(number), user=1)
    single = await add(queue, "single", user=2)
    assert (await queue.take(("telegram",)))[0].user_id == 1
    assert (await queue.take(("telegram",)))[0].id == single.id


async def test_visitors_of_the_page_count_as_one_person(queue):
    """Fifty links of the page don't hold up a single one of a chat either."""
    for number in range(50):
        await add(queue, str(number), user=None, front="web")
    single = await add(queue, "single", user=2)
    fronts = ("web", "telegram")
    assert (await queue.take(fronts))[0].front == "web"
    assert (await queue.take(fronts))[0].id == single.id


async def test_begin_takes_a_job_only_once(queue):
    """Two takers, one wins."""
    job = await add(queue)
    assert await queue.position(await add(queue, "2")) == 1
    assert (await queue.begin(job)) is not None
    assert await queue.begin(job) is None


async def test_an_ended_job_stays_as_it_is(queue):
    """A late report can't undo a cancellation."""
    job = await add(queue)
    await queue.move(job, CANCELLED, "cancelled")
    await queue.move(job, DONE)
    kept = await queue.get(job.id)
    assert kept is not None
    assert (kept.state, kept.error_code) == (CANCELLED, "cancelled")


async def test_after_a_kill_everything_accepted_is_there_again_with_the_same_random_id(queue):
    """Running and sending jobs are accepted again; the random id lets Telegram refuse a second copy."""
    job = await add(queue)
    await queue.move(*((await queue.take(("telegram",)))[0], SENDING))
    waiting, poison = await queue.recover()
    assert poison == []
    assert [(again.id, again.random_id, again.state) for again in waiting] == [(job.id, job.random_id, "accepted")]


async def test_a_job_that_kills_its_process_again_and_again_is_given_up(queue):
    """After three begun attempts that ended in a kill it is failed, with a reason."""
    job = await add(queue)
    for _ in range(POISON_ATTEMPTS):
        await queue.recover()
        await queue.take(("telegram",))
    waiting, poison = await queue.recover()
    assert waiting == []
    assert [(dead.id, dead.error_code) for dead in poison] == [(job.id, "worker_crashed")]


async def test_a_graceful_stop_does_not_count_as_an_attempt(queue):
    """Ten restarts in the middle of a job don't make it poison."""
    await add(queue)
    for _ in range(10):
        assert len(await queue.take(("telegram",))) == 1
        await queue.release()
    waiting, poison = await queue.recover()
    assert (len(waiting), poison, waiting[0].attempt) == (1, [], 0)


async def test_history_is_bounded_in_time(queue, clock):
    """Ended jobs are forgotten after the stated time, open ones never."""
    old, kept = await add(queue), await add(queue, "2")
    await queue.move(old, DONE)
    clock.now += HISTORY_SECONDS + 10
    await queue.recover()
    assert await queue.get(old.id) is None
    assert await queue.get(kept.id) is not None


async def test_history_is_bounded_without_a_restart(queue, clock, monkeypatch):
    """A process that lives for years forgets as well."""
    monkeypatch.setattr("core.job_queue.SWEEP_EVERY", 2)
    old = await add(queue)
    await queue.move(old, DONE)
    clock.now += HISTORY_SECONDS + 10
    await add(queue, "2")
    assert await queue.get(old.id) is None
