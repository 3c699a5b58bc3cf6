"""Races around flights: who joins, leaves or is cancelled while something else is being written."""

import asyncio
import gc
import sqlite3

import pytest

from core.job_queue import ACCEPTED, CANCELLED, FAILED, JobQueue
from services.jobs import StoredFile
from services.put_backs import MEMORY_REST_SECONDS, SITE_RESTS
from services.workers import SPARE_BOUND
from tests.services.conftest import Front, ended, order
from utils.errors import (
    CircuitOpen,
    IdentitiesResting,
    InternalError,
    MemoryShort,
    OutOfMemory,
    Private,
    ShuttingDown,
    SiteDown,
    TooFast,
)


async def settled(condition):
    """Let other tasks run until it holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def store(downloads, *items):
    """Let Telegram have copies already."""
    for item in items:
        await downloads._stored.keep((StoredFile(f"site:{item}", "360p", 0, "file", 1, 1, "video", 10),))


@pytest.fixture
def hold(monkeypatch):
    """Hold a method of the queue at its beginning: `hold("move", when)` gives (reached, go on)."""

    def hold(name, when=lambda *_: True):
        original, reached, go = getattr(JobQueue, name), asyncio.Event(), asyncio.Event()

        async def held(self, *arguments, **named):
            if not go.is_set() and when(*arguments):
                reached.set()
                await go.wait()
            return await original(self, *arguments, **named)

        monkeypatch.setattr(JobQueue, name, held)
        return reached, go

    return hold


async def test_who_asks_while_a_download_is_failing_gets_a_new_one(downloads, sites, hold):
    """A job that came between the error and its last word isn't forgotten."""
    sites.fails = [Private()]
    reached, go = hold("move", lambda _job, state, *_: state == FAILED)
    first = await downloads.submit(order(user=1))
    await reached.wait()
    second = await downloads.submit(order(user=2))
    go.set()
    assert (await ended(downloads, first)).phase == "failed"
    assert (await ended(downloads, second)).phase == "done"


async def test_who_asks_while_a_cancelled_download_clears_up_gets_a_new_one(make, telegram, sites):
    """The cancelled one takes its time to stop; the same link ordered meanwhile waits for that and is fetched."""
    stopping, go = asyncio.Event(), asyncio.Event()
    fetch = sites.fetch

    async def slow_to_stop(*arguments):
        try:
            return await fetch(*arguments)
        except asyncio.CancelledError:
            stopping.set()
            await go.wait()
            raise

    sites.fetch = slow_to_stop
    sites.gate.clear()
    downloads = make()
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    first = await downloads.submit(order(user=1))
    await sites.began.wait()
    leaving = asyncio.create_task(downloads.cancel(first.id))
    await stopping.wait()
    second = await downloads.submit(order(user=2))
    sites.gate.set()
    go.set()
    assert await leaving is True
    assert (await ended(downloads, second)).phase == "done"
    assert [job_id for job_id, _ in telegram.sent] == [second.id]
    await downloads.stop()


async def test_a_cancel_does_not_break_off_the_last_word_of_another_job(downloads, sites, telegram, hold):
    """The first waiter's end is being written when the second leaves as the last one."""
    sites.gate.clear()
    first, second = await downloads.submit(order(user=1)), await downloads.submit(order(user=2))
    await sites.began.wait()
    reached, go = hold("move", lambda job, state, *_: (job.id, state) == (first.id, "done"))
    sites.gate.set()
    await reached.wait()
    leaving = asyncio.create_task(downloads.cancel(second.id))
    await settled(lambda: downloads._feeds.get(second.id) is None or downloads._feeds.get(second.id).latest.final)
    go.set()
    await leaving
    assert (await ended(downloads, first)).phase == "done"
    assert (await ended(downloads, second)).phase == "cancelled"
    await settled(lambda: telegram.phases(first)[-1:] == ["done"])


async def test_a_cancel_while_a_failure_is_reported_breaks_off_neither_report_nor_last_word(downloads, sites, telegram):
    """The failure was written first: whoever follows hears of it, and the press comes too late."""
    reached, go = asyncio.Event(), asyncio.Event()

    class Slow:
        async def keep(self, error, link=None):
            reached.set()
            await go.wait()
            return ""

    downloads._workers._endings._reports = Slow()
    cancel = downloads._queue.cancel

    async def late(job_id):
        sites.gate.set()
        await reached.wait()
        return await cancel(job_id)

    downloads._queue.cancel = late
    sites.gate.clear()
    sites.fails = [InternalError("x")]
    job = await downloads.submit(order())
    await sites.began.wait()
    assert await downloads.cancel(job.id) is False
    go.set()
    assert (await ended(downloads, job)).phase == "failed"
    await settled(lambda: downloads._feeds.get(job.id) is None)
    assert telegram.phases(job)[-1] == "failed"


async def test_a_stop_while_a_failure_is_reported_still_tells_those_who_watch(make, sites, telegram):
    """The end is in the table, so whoever waits for it, a batch for one, goes on."""
    reached = asyncio.Event()

    class Endless:
        async def keep(self, error, link=None):
            reached.set()
            await asyncio.Event().wait()

    downloads = make()
    downloads._workers._endings._reports = Endless()
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    sites.fails = [InternalError("x")]
    job = await downloads.submit(order())
    watching = asyncio.create_task(ended(downloads, job))
    await reached.wait()
    await downloads.stop()
    assert (await watching).phase == "failed"


async def test_who_cancels_while_the_turn_comes_to_him_is_told_nothing_more(downloads, telegram, web, sites):
    """His stored copy is being looked up for the flight; no feed is opened anew for what has ended."""
    sites.gate.clear()
    await downloads.submit(order(user=None, front="web"))
    await sites.began.wait()
    second, third = await downloads.submit(order(user=2)), await downloads.submit(order(user=3))
    find, reached, go = downloads._stored.find, asyncio.Event(), asyncio.Event()

    async def slow(*key):
        found = await find(*key)
        (flight,) = downloads._workers._flights
        if next(iter(flight.jobs)) == second.id and not go.is_set():
            reached.set()
            await go.wait()
        return found

    downloads._stored.find = slow
    sites.gate.set()
    await reached.wait()
    await downloads.cancel(second.id)
    await settled(lambda: downloads._feeds.get(second.id) is None)
    go.set()
    assert (await ended(downloads, third)).phase == "done"
    assert downloads._feeds.get(second.id) is None
    assert telegram.phases(second)[-1] == "cancelled"


async def test_who_cancels_while_another_is_put_back_breaks_nothing_off(downloads, sites, telegram, hold):
    """Memory ran short for two; the first one goes on when there is room, instead of being nobody's for a while."""
    sites.gate.clear()
    sites.fails = [MemoryShort("a")]
    first = await downloads.submit(order(user=1))
    await sites.began.wait()
    second = await downloads.submit(order(user=2))
    reached, go = hold("put_back")
    sites.gate.set()
    await reached.wait()
    leaving = asyncio.create_task(downloads.cancel(second.id))
    await settled(lambda: telegram.phases(second)[-1:] == ["cancelled"])
    go.set()
    assert await leaving is True
    assert (await ended(downloads, first)).phase == "done"


async def test_who_leaves_a_dead_copy_while_another_is_queued_again_breaks_nothing_off(downloads, telegram, hold):
    """The one who came first gets a download."""
    await store(downloads, "1")
    telegram.alive = False
    reached, go = hold("put_back")
    first = await downloads.submit(order(user=1))
    await reached.wait()
    second = await downloads.submit(order(user=2))
    leaving = asyncio.create_task(downloads.cancel(second.id))
    await settled(lambda: telegram.phases(second)[-1:] == ["cancelled"])
    go.set()
    assert await leaving is True
    assert (await ended(downloads, first)).phase == "done"


async def test_the_same_stored_link_twice_at_once_is_one_flight(downloads, telegram):
    """Both are served, and nothing breaks at the end."""
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: broken.append(context))
    await store(downloads, "1")
    jobs = await asyncio.gather(*(downloads.submit(order(user=user)) for user in range(5)))
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"
    assert sorted(job_id for job_id, _ in telegram.resent) == sorted(job.id for job in jobs)
    await settled(lambda: not downloads._workers._flights)
    gc.collect()
    assert broken == []


async def test_stored_copies_are_sent_again_side_by_side_up_to_the_bound(make, sites):
    """However many come at once; the rest takes its turn."""
    go, under_way = asyncio.Event(), []

    class Slow(Front):
        async def resend(self, job, stored):
            under_way.append(job.id)
            await go.wait()
            return await super().resend(job, stored)

    downloads = make(parallel=1)
    await downloads.start()
    downloads.deliver_to("telegram", Slow(keeps=True))
    items = [str(number) for number in range(2 * SPARE_BOUND)]
    await store(downloads, *items)
    jobs = await asyncio.gather(*(downloads.submit(order(item)) for item in items))
    await settled(lambda: len(under_way) >= SPARE_BOUND + 1)
    assert len(downloads._workers._flights) == SPARE_BOUND + 1  # and one slot
    go.set()
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"
    assert sites.fetches == []
    await downloads.stop()


async def test_a_job_taken_while_its_copy_is_being_sent_to_another_joins_that(make, sites, hold):
    """The queue was being read when the other flight took off: one flight per link all the same."""
    go_on = asyncio.Event()

    class Slow(Front):
        async def resend(self, job, stored):
            await go_on.wait()
            return await super().resend(job, stored)

    downloads, front = make(), Slow(keeps=True)
    await downloads.start()
    downloads.deliver_to("telegram", front)
    reached, go = hold("take")
    first = await downloads.submit(order(user=1))
    await reached.wait()
    await store(downloads, "1")
    second = await downloads.submit(order(user=2))
    go.set()
    await settled(lambda: len(downloads._workers._flights[0].jobs) == 2)
    assert len(downloads._workers._flights) == 1
    go_on.set()
    for job in (first, second):
        assert (await ended(downloads, job)).phase == "done"
    assert sites.fetches == []
    await downloads.stop()


async def test_a_hand_over_that_cancels_itself_ends_its_job(make):
    """A library that lets a CancelledError escape is a fault, not an endless loop."""

    class Odd(Front):
        async def send(self, job, fetched, on_progress):
            self.sent.append(job.id)
            if len(self.sent) > 20:
                await asyncio.Event().wait()
            raise asyncio.CancelledError

    downloads, front = make(), Odd(keeps=True)
    await downloads.start()
    downloads.deliver_to("telegram", front)
    job = await downloads.submit(order())
    async with asyncio.timeout(5):
        assert (await ended(downloads, job)).error.code == "internal"
    assert front.sent == [job.id]
    await downloads.stop()


async def test_a_full_disk_for_a_moment_does_not_end_the_work(downloads, monkeypatch):
    """The queue can't be read once; the next look takes the job."""
    take, fails = JobQueue.take, [sqlite3.OperationalError("database or disk is full")]

    async def failing(self, *arguments, **named):
        if fails:
            raise fails.pop()
        return await take(self, *arguments, **named)

    monkeypatch.setattr(JobQueue, "take", failing)
    async with asyncio.timeout(10):
        assert (await ended(downloads, await downloads.submit(order("1")))).phase == "done"


async def test_the_folder_is_gone_before_a_failure_is_written(downloads, sites, tmp_path, hold):
    """Where the job itself has filled the disk there must be room for its end."""
    sites.fails = [Private()]
    reached, go = hold("move", lambda _job, state, *_: state == FAILED)
    job = await downloads.submit(order())
    await reached.wait()
    assert list((tmp_path / "work").iterdir()) == []
    go.set()
    await ended(downloads, job)


async def test_an_end_that_cannot_be_written_is_logged_and_leaves_the_slot(downloads, sites, monkeypatch):
    """The job stays open in the table for the next start; others go on."""
    move, fails = JobQueue.move, [sqlite3.OperationalError("disk I/O error")]

    async def failing(self, job, state, *arguments, **named):
        if state == FAILED and fails:
            raise fails.pop()
        return await move(self, job, state, *arguments, **named)

    monkeypatch.setattr(JobQueue, "move", failing)
    sites.fails = [Private()]
    lost = await downloads.submit(order("1"))
    await settled(lambda: not fails and not downloads._workers._flights)
    assert (await downloads.job(lost.id)).state == "running"
    assert (await ended(downloads, await downloads.submit(order("2")))).phase == "done"


async def test_a_job_cancelled_before_its_place_is_told_stays_cancelled_for_its_reader(make, telegram, hold, sites):
    """Nothing is shown after the last word, and no feed is left."""
    downloads = make(parallel=1)
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    sites.gate.clear()
    await downloads.submit(order("1"))
    await sites.began.wait()
    reached, go = hold("waiting")
    submitting = asyncio.create_task(downloads.submit(order("2")))
    await reached.wait()
    (waiting,) = [job_id for job_id, feed in downloads._feeds._feeds.items() if feed.latest.phase == "queued"]
    assert await downloads.cancel(waiting) is True
    await settled(lambda: downloads._feeds.get(waiting) is None)
    go.set()
    job = await submitting
    assert downloads._feeds.get(job.id) is None
    assert telegram.phases(job)[-1] == "cancelled"
    await downloads.stop()


async def test_a_place_is_not_told_to_a_job_that_has_begun_meanwhile(downloads, telegram, hold, sites):
    """Its state would go backwards."""
    first = iter((True,))
    reached, go = hold("waiting", lambda *_: next(first, False))
    sites.gate.clear()
    submitting = asyncio.create_task(downloads.submit(order()))
    await reached.wait()
    downloads._workers.wake()
    await sites.began.wait()
    go.set()
    job = await submitting
    assert downloads._feeds.get(job.id).latest.phase == "downloading"


async def test_orders_during_the_stop_are_refused_and_nothing_takes_off(make, telegram, hold):
    """Who was just being taken in is kept for the next start."""
    downloads = make()
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    await store(downloads, "1")
    reached, go = hold("add")
    late = asyncio.create_task(downloads.submit(order()))
    await reached.wait()
    await downloads.stop()
    go.set()
    job = await late
    assert downloads._workers._flights == []
    assert not downloads._feeds._reports
    assert (await downloads.job(job.id)).state == ACCEPTED
    with pytest.raises(ShuttingDown):
        await downloads.submit(order("2"))
    assert telegram.resent == []


async def test_a_stop_that_runs_out_of_time_still_releases_the_jobs(make, telegram, sites):
    """A worker that is slow to die doesn't make its job look like one that killed the process."""
    go = asyncio.Event()
    fetch = sites.fetch

    async def stubborn(*arguments):
        try:
            return await fetch(*arguments)
        except asyncio.CancelledError:
            await go.wait()
            raise

    sites.fetch = stubborn
    sites.gate.clear()
    downloads = make()
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    job = await downloads.submit(order())
    await sites.began.wait()
    stopping = asyncio.create_task(downloads.stop())
    for _ in range(5):
        await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    kept = await downloads.job(job.id)
    assert (kept.state, kept.crashes) == (ACCEPTED, 0)
    go.set()
    await settled(lambda: not downloads._workers._flights)


async def test_a_cancel_during_the_stop_is_kept(make, telegram, sites):
    """It isn't accepted again by the stop."""
    downloads = make()
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    sites.gate.clear()
    job = await downloads.submit(order())
    await sites.began.wait()
    cancelled, _ = await asyncio.gather(downloads.cancel(job.id), downloads.stop())
    assert cancelled is True
    assert (await downloads.job(job.id)).state == CANCELLED


async def test_a_dead_copy_in_a_spare_flight_with_a_page_waiting(downloads, telegram, web, sites):
    """Everybody in it gets the file from one download."""
    await store(downloads, "1")
    telegram.alive = False
    jobs = await asyncio.gather(downloads.submit(order(user=1)), downloads.submit(order(user=None, front="web")))
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"
    assert len(sites.fetches) == 1
    assert len(web.sent) == len(telegram.sent) == 1


async def test_who_cancels_a_dead_copy_before_it_is_queued_again_is_not_queued(downloads, telegram, hold):
    """The table has the last word."""
    await store(downloads, "1")
    telegram.alive = False
    reached, go = hold("put_back")
    job = await downloads.submit(order())
    await reached.wait()
    cancelling = asyncio.create_task(downloads.cancel(job.id))
    await settled(lambda: downloads._feeds.get(job.id) is None)
    go.set()
    await cancelling
    assert telegram.phases(job)[-1] == "cancelled"
    await settled(lambda: not downloads._workers._flights)


async def test_a_front_that_comes_back_anew_is_told_the_rest(downloads, sites, telegram):
    """Reports go to the delivery that is registered now."""
    sites.gate.clear()
    job = await downloads.submit(order())
    await sites.began.wait()
    again = Front(keeps=True)
    downloads.deliver_to("telegram", again)
    sites.gate.set()
    assert (await ended(downloads, job)).phase == "done"
    await settled(lambda: again.phases(job)[-1:] == ["done"])
    assert telegram.phases(job)[-1] != "done"


async def test_workers_that_never_began_stop(make):
    """A start that failed halfway."""
    await make().stop()


async def test_memory_that_runs_short_puts_a_download_back(downloads, sites, telegram, monkeypatch):
    """Not failed: it waits again, hears why, and goes on; the fourth time in a row it needs too much."""
    monkeypatch.setattr("services.put_backs.MEMORY_REST_SECONDS", 0.0)
    sites.fails = [MemoryShort("a"), MemoryShort("b")]
    job = await downloads.submit(order())
    assert (await ended(downloads, job)).phase == "done"
    assert len(sites.fetches) == 3
    assert telegram.sent
    sites.fails = [MemoryShort(str(number)) for number in range(4)]
    event = await ended(downloads, await downloads.submit(order("2")))
    assert isinstance(event.error, OutOfMemory)


async def test_whoever_orders_what_rests_for_memory_rests_with_it(downloads, database, sites, telegram, monkeypatch):
    """A second press, or somebody else, neither ends the rest nor uses up the tries."""
    now = [0.0]
    monkeypatch.setattr(downloads._workers._put_backs, "_clock", lambda: now[0])
    sites.fails = [MemoryShort("a"), MemoryShort("b")]
    first = await downloads.submit(order(user=7))
    await settled(lambda: len(sites.fetches) == 2 and not downloads._workers._flights)
    ready = (await database.one("SELECT not_before - updated_at FROM jobs WHERE id = ?", first.id))[0]
    assert ready == MEMORY_REST_SECONDS
    second = await downloads.submit(order(user=8))
    other = await downloads.submit(order("2", user=8))
    assert (await ended(downloads, other)).phase == "done"
    assert [(await downloads.job(job.id)).state for job in (first, second)] == [ACCEPTED, ACCEPTED]
    now[0] += MEMORY_REST_SECONDS
    downloads._workers.wake()
    for job in (first, second):
        assert (await ended(downloads, job)).phase == "done"
    assert len(sites.fetches) == 4


async def test_what_nobody_waits_for_any_more_counts_anew(downloads, sites):
    """It rested for want of memory and was cancelled; who orders it later has all tries, at once."""
    sites.fails = [MemoryShort("a"), MemoryShort("b")]
    job = await downloads.submit(order())
    await settled(lambda: len(sites.fetches) == 2 and not downloads._workers._flights)
    assert await downloads.cancel(job.id)
    assert (await ended(downloads, await downloads.submit(order()))).phase == "done"
    assert downloads._workers._put_backs.resting() == []


async def rested(downloads, database, job):
    """Let the time pass that a job rests, and the scheduler look."""
    await settled(lambda: not downloads._workers._flights)
    assert (await downloads.job(job.id)).state == ACCEPTED
    await database.run("UPDATE jobs SET not_before = 0")
    downloads._workers.wake()


@pytest.mark.parametrize("rests", [CircuitOpen, IdentitiesResting, TooFast])
async def test_a_site_that_rests_makes_its_jobs_wait(downloads, sites, telegram, database, rests):
    """However many: each hears why and until when, nothing of the site is asked, and all are done afterwards."""
    sites.fails = [rests("closed", retry_after_seconds=300) for _ in range(5)]
    jobs = [await downloads.submit(order(str(number), user=number)) for number in range(5)]
    await settled(lambda: not sites.fails and not downloads._workers._flights)
    rows = await database.all("SELECT not_before - updated_at AS seconds FROM jobs WHERE state = 'accepted'")
    assert [row["seconds"] for row in rows] == [300] * 5
    for job in jobs:
        event = downloads._feeds.get(job.id).latest
        assert (event.phase, event.position, event.error.retry_after_seconds) == ("queued", None, 300)
    await rested(downloads, database, jobs[0])
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"


async def test_a_site_that_never_comes_back_is_given_up(downloads, sites, database):
    """After so many rests in a row, each of half a minute at least, the job fails with the reason."""
    sites.fails = [CircuitOpen("closed", retry_after_seconds=1) for _ in range(SITE_RESTS + 1)]
    job = await downloads.submit(order())
    for number in range(SITE_RESTS, 0, -1):
        await settled(lambda number=number: len(sites.fails) == number)
        await rested(downloads, database, job)
    assert (await ended(downloads, job)).error.code == "circuit_open"


async def test_who_rested_stands_in_the_line_again_without_the_old_reason(make, sites, telegram, database):
    """Its place is told, and no wait that is over."""
    downloads = make(parallel=1)
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    sites.fails = [CircuitOpen("closed", retry_after_seconds=300)]
    job = await downloads.submit(order())
    await settled(lambda: not sites.fails and not downloads._workers._flights)
    sites.gate.clear()
    sites.began.clear()
    await downloads.submit(order("2", user=8))
    await sites.began.wait()
    await rested_in_line(downloads, database)
    event = downloads._feeds.get(job.id).latest
    assert (event.phase, event.position, event.error) == ("queued", 0, None)
    await downloads.stop()


async def rested_in_line(downloads, database):
    """The rest is over, and everybody is told where they stand."""
    await database.run("UPDATE jobs SET not_before = 0")
    await downloads._workers._places._tell_all()


async def test_what_failed_in_an_outage_is_replayed_in_one_go(downloads, sites, telegram):
    """Each as a fresh job for whoever asked; not during a stop."""
    sites.fails = [SiteDown() for _ in range(3)]
    for number in range(3):
        await ended(downloads, await downloads.submit(order(str(number))))
    jobs, left = await downloads.replay_all("site_down")
    assert (len(jobs), left) == (3, 0)
    for job in jobs:
        assert (await ended(downloads, job)).phase == "done"
    await downloads.stop()
    with pytest.raises(ShuttingDown):
        await downloads.replay_all("site_down")
