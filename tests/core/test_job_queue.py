"""Accepted work in a real SQLite file."""

import asyncio
from pathlib import Path

import pytest

from core.dead_letters import DeadLetters
from core.job_queue import CANCELLED, DONE, FAILED, SENDING, JobQueue
from core.job_queue_history import DAY_SECONDS, History
from core.job_queue_leases import ATTEMPTS_BOUND, LEASE_SECONDS, POISON_CRASHES
from core.job_queue_order import REST_BOUND_SECONDS
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


async def add(queue, item="1", user=7, front="telegram", quality="best", **more):
    return await queue.add(front, link(item), quality, title="T", user_id=user, target={"chat_id": user}, **more)


async def state(queue, job):
    kept = await queue.get(job.id)
    return kept and (kept.state, kept.error_code)


FRONTS = ("telegram",)


@pytest.fixture
def process(database, clock):
    """Another process over the same database; alone on it unless told otherwise."""

    def process(**more):
        return JobQueue(database, bound=60, user_bound=50, clock=clock, **more)

    return process


async def test_a_job_comes_back_as_it_was_written(queue):
    """Link, target and the random id survive the table."""
    job = await add(queue)
    assert await queue.get(job.id) == job
    assert await queue.get("nothing") is None
    assert job.created_at < queue.now()
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
    late = await add(queue, user=9)
    assert [job.quality for job in await queue.take(("telegram",), [first.key])] == ["720p"]
    assert await queue.take(("telegram",), [first.key]) == []
    assert [job.id for job in await queue.take(("telegram",))] == [late.id]


async def test_fifty_links_of_one_person_do_not_hold_up_another(queue):
    """Who has the fewest running jobs is next, the oldest first among them."""
    for number in range(50):
        await add(queue, str(number), user=1)
    single = await add(queue, "single", user=2)
    assert (await queue.take(("telegram",)))[0].user_id == 1
    assert (await queue.take(("telegram",)))[0].id == single.id


async def test_visitors_of_the_page_are_bound_as_one_person(database, clock):
    """They fill their share of the queue together, and lock nobody else out."""
    queue = JobQueue(database, bound=9, user_bound=2, clock=clock)
    for number in range(2):
        await add(queue, str(number), user=None, front="web")
    with pytest.raises(Busy) as bound:
        await add(queue, "2", user=None, front="web")
    assert bound.value.values["mine"] is True
    assert await add(queue, "3")


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
    assert (await queue.begin(job)) is not None
    assert await queue.begin(job) is None


async def test_an_ended_job_stays_as_it_is(queue):
    """A late report can't undo a cancellation, and nothing is cancelled twice."""
    job = await add(queue)
    (begun,) = await queue.take(FRONTS)
    assert await queue.cancel(job.id)
    assert await queue.move(begun, DONE) is None
    assert await queue.cancel(job.id) is None
    assert await state(queue, job) == (CANCELLED, "cancelled")


async def test_after_a_kill_everything_accepted_is_there_again_with_the_same_random_id(queue, process):
    """Running and sending jobs are accepted again; the random id lets Telegram refuse a second copy."""
    job = await add(queue)
    await queue.move(*((await queue.take(FRONTS))[0], SENDING))
    waiting, poison = await process().recover()
    assert poison == []
    assert [(again.id, again.random_id, again.state) for again in waiting] == [(job.id, job.random_id, "accepted")]


async def test_a_job_that_kills_its_process_again_and_again_is_given_up(queue, process):
    """After so many deaths of a process that ran it alone it is a dead letter with a reason."""
    job = await add(queue)
    for _ in range(POISON_CRASHES):
        current = process()
        assert (await current.recover())[1] == []
        await current.take(FRONTS)
    waiting, poison = await process().recover()
    assert waiting == []
    assert [(dead.id, dead.error_code) for dead in poison] == [(job.id, "worker_crashed")]
    (letter,) = await queue.letters.newest()
    assert (letter.id, letter.poison, letter.crashes) == (job.id, True, POISON_CRASHES)


async def killed(process, clock, seconds):
    """One process takes the job, works on it for so long, and dies; what the next one finds."""
    current = process()
    await current.recover()
    begun = await current.take(FRONTS)
    clock.now += seconds
    await current.heartbeat(begun)
    waiting, poison = await process().recover()
    return [(job.crashes, job.id) for job in waiting], [job.id for job in poison]


async def test_a_long_job_that_is_killed_from_outside_now_and_then_is_no_poison(queue, process, clock, database):
    """It had worked for hours each time: nothing is held against it, and nobody is held up beside it."""
    job = await add(queue)
    await killed(process, clock, 1)
    assert (await queue.get(job.id)).crashes == 1
    for _ in range(2 * POISON_CRASHES):
        assert await killed(process, clock, 12 * 3600) == ([(0, job.id)], [])
    (row,) = await database.all("SELECT suspicions FROM jobs")
    assert row["suspicions"] == 0


async def test_a_job_that_kills_after_minutes_is_poison_all_the_same(queue, process, clock):
    """A download of a minute whose end kills the process is not what was meant by a long one."""
    job = await add(queue)
    for crashes in range(1, POISON_CRASHES):
        assert await killed(process, clock, 70) == ([(crashes, job.id)], [])
    assert await killed(process, clock, 70) == ([], [job.id])


async def test_a_job_whose_processes_die_late_is_not_begun_for_ever(queue, process, clock):
    """Each time after hours: after so many times in all it is a dead letter."""
    job = await add(queue)
    for _ in range(ATTEMPTS_BOUND - 1):
        assert await killed(process, clock, 12 * 3600) == ([(0, job.id)], [])
    assert await killed(process, clock, 12 * 3600) == ([], [job.id])


async def test_the_neighbours_of_a_poison_job_are_innocent(queue, process):
    """One of four kills every process in which it runs; it alone dies of it, the others are done."""
    jobs = [await add(queue, str(number), user=number) for number in range(4)]
    killer = jobs[2].id
    for _ in range(50):
        current = process()
        await current.recover()
        begun = [*await current.take(FRONTS), *await current.take(FRONTS)]
        if killer in {job.id for job in begun}:
            continue  # all of it dies here
        for job in begun:
            assert await current.move(job, DONE)
    states = [await state(queue, job) for job in jobs]
    assert states == [(DONE, None), (DONE, None), (FAILED, "worker_crashed"), (DONE, None)]


async def test_a_suspect_runs_alone_for_a_while_and_then_no_more(queue, process, clock):
    """Nothing begins beside it, nor does a stored copy of it; a long one holds up others for a minute."""
    for number in range(3):
        await add(queue, str(number), user=number)
    await queue.take(FRONTS)
    await queue.take(FRONTS)
    current = process()
    waiting, _ = await current.recover()
    assert await current.begin(waiting[0]) is None
    (first,) = await current.take(FRONTS)
    assert first.id == waiting[0].id
    assert await current.take(FRONTS) == []
    clock.now += 60
    assert [job.id for job in await current.take(FRONTS)] == [waiting[1].id]


async def test_what_only_sends_stored_copies_is_not_suspected(queue, process):
    """The download beside it was alone with what can kill a process."""
    heavy, light = await add(queue, "heavy"), await add(queue, "light")
    assert await queue.begin(light, light=True)
    assert await queue.begin(heavy)
    current = process()
    await current.recover()
    assert (await current.get(heavy.id)).crashes == 1
    assert await current.begin(light)


async def test_a_damaged_row_ends_as_failed_and_everything_else_goes_on(queue, process, database):
    """Of an accepted or a running job; who asks for it hears that there is none."""
    for number in range(3):
        await add(queue, str(number), user=number)
    await queue.take(FRONTS)
    rows = await database.all("SELECT id FROM jobs ORDER BY id")
    await database.run("UPDATE jobs SET link = '{}' WHERE id = ?", rows[0]["id"])
    await database.run("UPDATE jobs SET target = '[' WHERE id = ?", rows[1]["id"])
    waiting, poison = await process().recover()
    assert ([job.id for job in waiting], poison) == ([rows[2]["id"]], [])
    assert await queue.counts() == {"accepted": 1, "failed": 2}
    assert await queue.get(rows[0]["id"]) is None


async def test_what_was_done_lately_is_known_without_its_link(queue, database):
    """Platform, size and times stand in columns of their own."""
    await add(queue)
    (begun,) = await queue.take(FRONTS)
    await queue.move(begun, SENDING)
    done = await queue.move(begun, DONE, size_bytes=9)
    await database.run("UPDATE jobs SET link = '{}'")
    assert await queue.history.newest_done(9) == [done.took]


async def test_a_graceful_stop_is_held_against_nobody(queue, process):
    """Ten restarts in the middle of a job don't make it poison."""
    await add(queue)
    for _ in range(10):
        current = process()
        assert len(await current.take(FRONTS)) == 1
        await current.release()
    waiting, poison = await process().recover()
    assert (len(waiting), poison, waiting[0].crashes) == (1, [], 0)


async def test_a_job_put_back_waits_again_and_its_old_attempt_can_write_nothing(queue, process):
    """However often: it isn't poison. Who still works on it is fenced out, before and after it is begun again."""
    await add(queue)
    for _ in range(5):
        (begun,) = await queue.take(FRONTS)
        assert (await queue.put_back(begun)).state == "accepted"
        assert await queue.put_back(begun) is None
        assert await queue.move(begun, DONE) is None
    (again,) = await queue.take(FRONTS)
    assert await queue.move(begun, DONE) is None
    assert await queue.move(again, DONE)
    assert (await process().recover()) == ([], [])


async def test_a_job_that_rests_is_passed_over_and_taken_when_it_has_rested(queue, process, clock):
    """In another process too; with somebody who wants the same it goes at once."""
    first, second = await add(queue, "1"), await add(queue, "2")
    for begun in ((await queue.take(FRONTS))[0], (await queue.take(FRONTS))[0]):
        assert (await queue.put_back(begun, 300)).state == "accepted"
    assert await queue.waiting(FRONTS) == []
    assert await process().take(FRONTS) == []
    same = await add(queue, "2", user=8)
    assert [job.id for job in await queue.take(FRONTS)] == [second.id, same.id]
    clock.now += 300
    assert [job.id for job in await process().take(FRONTS)] == [first.id]


async def test_a_clock_that_was_set_back_makes_nobody_rest_for_long(queue, clock):
    """A time too far away is none; nobody asks for one either."""
    await add(queue)
    (begun,) = await queue.take(FRONTS)
    await queue.put_back(begun, 10 * DAY_SECONDS)
    clock.now += REST_BOUND_SECONDS
    (begun,) = await queue.take(FRONTS)
    await queue.put_back(begun, 60)
    clock.now -= DAY_SECONDS
    assert len(await queue.take(FRONTS)) == 1


# --- two processes over one database ----------------------------------------------------------------------------------


@pytest.fixture
async def two(database, clock):
    """Two queues over one file, each with a connection of its own."""
    other = Database(database._path, MIGRATIONS)
    await other.start()
    yield tuple(JobQueue(each, bound=60, user_bound=50, exclusive=False, clock=clock) for each in (database, other))
    await other.stop()


async def test_two_processes_never_take_the_same_job(two):
    """Both take side by side until nothing is left; every job went to one of them."""
    for number in range(20):
        await add(two[0], str(number), user=number)

    async def drain(queue):
        taken = []
        while begun := await queue.take(FRONTS):
            taken += [job.id for job in begun]
        return taken

    first, second = await asyncio.gather(*(drain(queue) for queue in two))
    assert len(first) + len(second) == len({*first, *second}) == 20


async def test_a_start_leaves_alone_what_another_living_process_works_on(two):
    """Its lease holds, and its heartbeat prolongs it."""
    await add(two[0])
    begun = await two[0].take(FRONTS)
    assert await two[1].recover() == ([], [])
    assert await two[0].heartbeat(begun) == []


async def test_who_lost_its_lease_can_write_nothing_any_more(two, clock):
    """It slept for a minute; the other has begun the job meanwhile and it alone ends it."""
    await add(two[0])
    (slow,) = await two[0].take(FRONTS)
    clock.now += LEASE_SECONDS + 5
    free, _ = await two[1].reclaim()
    assert [job.id for job in free] == [slow.id]
    (quick,) = await two[1].take(FRONTS)
    assert quick.attempt == slow.attempt + 1
    assert await two[0].heartbeat([slow]) == [slow]
    assert await two[0].move(slow, DONE) is None
    assert await two[0].put_back(slow) is None
    assert await two[1].move(quick, DONE)


async def test_a_heartbeat_does_not_count_a_job_as_lost_whose_end_we_have_written(queue):
    """Its worker is just leaving; one that somebody cancelled is stopped."""
    await add(queue, "1")
    await add(queue, "2")
    (done,), (cancelled,) = await queue.take(FRONTS), await queue.take(FRONTS)
    await queue.move(done, DONE)
    await queue.cancel(cancelled.id)
    assert await queue.heartbeat([done, cancelled]) == [cancelled]


async def test_an_expired_lease_of_a_process_that_lives_is_held_against_nobody(two, clock):
    """Only one of its workers went away without a word: the other job's lease shows that."""
    await add(two[0], "1")
    await add(two[0], "2")
    (lost,), kept = await two[0].take(FRONTS), await two[0].take(FRONTS)
    clock.now += LEASE_SECONDS - 1
    await two[0].heartbeat(kept)
    clock.now += 5
    free, _ = await two[1].reclaim()
    assert [(job.id, job.crashes) for job in free] == [(lost.id, 0)]
    assert await two[1].begin(free[0])


async def test_our_own_lost_worker_is_found_too(queue, clock):
    """Nobody renewed the lease: the job is accepted again in the same process."""
    job = await add(queue)
    await queue.take(FRONTS)
    assert await queue.reclaim() == ([], [])
    clock.now += LEASE_SECONDS + 5
    free, _ = await queue.reclaim()
    assert [(again.id, again.crashes) for again in free] == [(job.id, 0)]


async def test_a_clock_that_was_set_back_does_not_keep_a_dead_lease_alive(two, clock):
    """A lease that reaches far into the future is none."""
    await add(two[0])
    await two[0].take(FRONTS)
    clock.now -= 86_400
    assert len((await two[1].reclaim())[0]) == 1


# --- bounds, history, dead letters ------------------------------------------------------------------------------------


async def test_jobs_of_a_front_that_is_away_count_for_no_bound(database, clock):
    """They wait for it; the fronts that are up have the queue for themselves."""
    queue = JobQueue(database, bound=2, user_bound=1, clock=clock)
    await add(queue, "1", fronts=["telegram"])
    await add(queue, "2", user=8, fronts=["telegram"])
    assert await add(queue, "3", user=None, front="web", fronts=["web"])
    assert await add(queue, "4", front="web", fronts=["web"])
    with pytest.raises(Busy):
        await add(queue, "5", user=None, front="web", fronts=["telegram", "web"])


async def test_history_is_bounded_in_time(queue, process, clock):
    """Ended jobs are forgotten after the stated time, open ones never, nor are days that are not so long past."""
    old, kept = await add(queue), await add(queue, "2")
    await queue.cancel(old.id)
    clock.now += 30 * DAY_SECONDS + 10
    await process().recover()
    assert await queue.get(old.id) is None
    assert await queue.get(kept.id) is not None
    assert [day["cancelled"] for day in await queue.history.days()] == [1]


async def test_history_is_bounded_in_number(queue, database, clock):
    """The oldest leave."""
    jobs = [await add(queue, str(number)) for number in range(5)]
    for job in jobs:
        await queue.cancel(job.id)
    await History(database, bound=2, clock=clock).sweep()
    assert [await queue.get(job.id) is not None for job in jobs] == [False, False, False, True, True]


async def test_history_is_bounded_without_a_restart(queue, clock, monkeypatch):
    """A process that lives for years forgets as well."""
    monkeypatch.setattr("core.job_queue.SWEEP_EVERY", 2)
    old = await add(queue)
    await queue.cancel(old.id)
    clock.now += 30 * DAY_SECONDS + 10
    await add(queue, "2")
    assert await queue.get(old.id) is None


async def test_each_day_is_summed_up(queue, clock):
    """How many ended in which way, the bytes that were moved and the mean time from accepted to done."""
    for number in range(3):
        await add(queue, str(number))
    begun = [(await queue.take(FRONTS))[0] for _ in range(3)]
    await queue.move(begun[0], DONE, size_bytes=100)
    await queue.move(begun[1], FAILED, "private")
    await queue.cancel(begun[2].id)
    clock.now += DAY_SECONDS
    await queue.cancel((await add(queue, "9")).id)
    today, before = await queue.history.days()
    assert (today["done"], today["cancelled"], today["average_seconds"]) == (0, 1, 0.0)
    assert (before["done"], before["failed"], before["cancelled"], before["size_bytes"]) == (1, 1, 1, 100)
    assert before["average_seconds"] > 0
    assert await queue.history.days(1) == [today]


async def test_ends_that_a_front_has_not_shown_are_known_for_a_day(queue, clock):
    """Those of that front alone, until it has shown them."""
    jobs = [await add(queue, "1"), await add(queue, "2"), await add(queue, "3", front="web"), await add(queue, "4")]
    for job in jobs[:3]:
        await queue.cancel(job.id)
    assert [job.id for job in await queue.untold("telegram")] == [jobs[0].id, jobs[1].id]
    await queue.told(jobs[0].id)
    assert [job.id for job in await queue.untold("telegram")] == [jobs[1].id]
    clock.now += DAY_SECONDS
    assert await queue.untold("telegram") == []


async def test_a_failed_job_can_be_replayed_once(queue):
    """As a fresh job for the same target with the same random id: what did get through doesn't come twice."""
    await add(queue, batch="B", batch_position=3, size_bytes=9)
    (begun,) = await queue.take(FRONTS)
    await queue.move(begun, FAILED, "site_down")
    assert await queue.letters.count() == 1
    again = await queue.replay(begun.id)
    assert again is not None
    assert again == await queue.get(again.id)
    assert (again.id != begun.id, again.state, again.attempt) == (True, "accepted", 0)
    same = ("front", "link", "quality", "target", "random_id", "batch", "batch_position", "size_bytes")
    assert [getattr(again, name) for name in same] == [getattr(begun, name) for name in same]
    assert await queue.replay(begun.id) is None
    assert await queue.letters.newest() == []


async def test_all_that_failed_for_one_reason_are_replayed_the_oldest_first(queue, monkeypatch):
    """So many at once, and none that failed for another."""
    monkeypatch.setattr(DeadLetters.oldest, "__defaults__", (2,))
    for number in range(4):
        await add(queue, str(number))
        await queue.move((await queue.take(FRONTS))[0], FAILED, "private" if number == 1 else "site_down")
    assert [job.link.id for job in await queue.replay_all("site_down")] == ["0", "2"]
    assert (await queue.letters.count("site_down"), await queue.letters.count()) == (1, 2)
    assert sum((await queue.letters.reasons()).values()) == 2
    assert [job.link.id for job in await queue.replay_all("site_down")] == ["3"]
    assert await queue.replay_all("site_down") == []


async def test_a_letter_that_somebody_else_replays_meanwhile_is_no_second_job(queue, monkeypatch):
    """It is passed over."""
    await add(queue)
    (begun,) = await queue.take(FRONTS)
    await queue.move(begun, FAILED, "site_down")
    oldest = queue.letters.oldest

    async def raced(*given):
        found = await oldest(*given)
        await queue.replay(begun.id)
        return found

    monkeypatch.setattr(queue.letters, "oldest", raced)
    assert await queue.replay_all("site_down") == []
    assert len(await queue.waiting(FRONTS)) == 1


async def test_dead_letters_are_bounded_in_number_and_age(database, clock):
    """The oldest leave first."""
    letters = DeadLetters(database, bound=2, days=1, clock=clock)
    queue = JobQueue(database, bound=60, user_bound=50, letters=letters, clock=clock)
    for number in range(3):
        await add(queue, str(number))
        await queue.move((await queue.take(FRONTS))[0], FAILED, "site_down")
    assert [letter.link.id for letter in await letters.newest()] == ["2", "1"]
    assert [letter.link.id for letter in await letters.newest(1, 1)] == ["1"]
    clock.now += DAY_SECONDS
    await letters.sweep()
    assert await letters.count() == 0
    assert await letters.take("nothing") is None


async def test_what_a_target_has_under_way(queue):
    """By the fields that it begins with; what has ended or stands elsewhere doesn't count."""
    target = {"chat_id": 7, "menu_id": 12}
    assert not await queue.under_way("telegram", target)
    job = await queue.add("telegram", link(), "best", title="T", user_id=7, target={**target, "status_id": 3})
    assert await queue.under_way("telegram", target)
    assert not await queue.under_way("web", target)
    assert not await queue.under_way("telegram", {"chat_id": 7, "menu_id": 1})
    assert not await queue.under_way("telegram", {"chat_id": 7, "menu_id": 123})
    await queue.cancel(job.id)
    assert not await queue.under_way("telegram", target)
