"""Leases seen from the work: what was lost is stopped, what others wrote is begun, what others left is taken over."""

from core.job_queue import FAILED, JobQueue
from tests.services.conftest import ended, order
from tests.services.test_workers import settled


async def test_work_on_a_job_that_was_lost_stops_and_its_end_is_not_written(downloads, sites, telegram, database):
    """Another process has it by a newer attempt: nothing is sent by us, and the row stays as that one has it."""
    sites.gate.clear()
    job = await downloads.submit(order())
    await sites.began.wait()
    await database.run("UPDATE jobs SET attempt = attempt + 1, holder = 'other', lease_until = lease_until + 5")
    downloads._queue._exclusive = False
    await downloads._workers._leaseholder.beat()
    await settled(lambda: not downloads._workers._flights)
    sites.gate.set()
    kept = await downloads.job(job.id)
    assert (kept.state, kept.attempt, telegram.sent) == ("running", 2, [])
    assert not sites.folders[0].exists()


async def test_a_replay_written_by_another_process_is_begun_at_the_next_beat(downloads, telegram, database):
    """The terminal's command has no way to tell us."""
    other = JobQueue(database, bound=9, user_bound=9)
    await other.add("telegram", order().link, "360p", title="T", user_id=7, target={})
    (begun,) = await other.take(("telegram",))
    await other.move(begun, FAILED, "site_down")
    job = await other.replay(begun.id)
    assert job is not None
    downloads._workers.wake()
    assert (await ended(downloads, job)).phase == "done"
    assert telegram.sent == [(job.id, begun.random_id)]


async def test_a_beat_takes_over_what_a_dead_process_left(downloads, database):
    """It is begun anew and done."""
    other = JobQueue(database, bound=9, user_bound=9)
    job = await other.add("telegram", order().link, "360p", title="T", user_id=7, target={})
    await other.take(("telegram",))
    await downloads._workers._leaseholder.beat()
    downloads._workers.wake()
    assert (await ended(downloads, job)).phase == "done"


async def test_a_job_put_back_by_memory_is_done_later_and_sent_once(downloads, telegram, sites):
    """The broken-off attempt is fenced; the next one delivers."""
    sites.gate.clear()
    job = await downloads.submit(order())
    await sites.began.wait()
    (flight,) = downloads._workers._flights
    assert await downloads._queue.put_back(flight.jobs[job.id])
    sites.gate.set()
    assert (await ended(downloads, job)).phase == "done"
    assert len(telegram.sent) == 1
