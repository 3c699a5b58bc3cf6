"""What people hear while they wait."""

from dataclasses import replace

from core.job_queue_estimates import Sample
from services.jobs import JobEvent
from services.places import _is_news
from tests.services.conftest import ended, order
from tests.services.test_workers import settled


async def test_place_and_time_follow_the_queue(make, telegram, sites, monkeypatch):
    """Those before it and the seconds until it is there; both shrink as jobs end, without a word of the person."""
    monkeypatch.setattr("services.places.ROUND_SECONDS", 0.01)
    downloads = make(parallel=1)
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    downloads._workers._estimates._all.extend([Sample(10, 60.0, 30.0)] * 3)
    sites.gate.clear()
    jobs = [await downloads.submit(order(str(number), user=number)) for number in range(4)]
    await sites.began.wait()

    def heard(job):
        return [event for job_id, event in telegram.reports if job_id == job.id and event.phase == "queued"][-1]

    await settled(lambda: heard(jobs[3]).position == 2)
    told = heard(jobs[3])
    assert 3 * 90 < told.eta_seconds <= 4 * 90
    await downloads.cancel(jobs[1].id)
    await settled(lambda: heard(jobs[3]).position == 1)
    assert heard(jobs[3]).eta_seconds < told.eta_seconds
    sites.gate.set()
    for job in (jobs[0], jobs[2], jobs[3]):
        assert (await ended(downloads, job)).phase == "done"
    await downloads.stop()


async def test_a_place_that_was_read_too_early_is_put_right(make, telegram, sites, monkeypatch):
    """It was told while everybody's were being read anew: they are read once more, though nothing moves again."""
    monkeypatch.setattr("services.places.ROUND_SECONDS", 0.01)
    downloads = make(parallel=1)
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    sites.gate.clear()
    first = await downloads.submit(order("1", user=1))
    await sites.began.wait()
    second = await downloads.submit(order("2", user=2))
    places, queue = downloads._workers._places, downloads._queue
    feed = downloads._workers._feeds.get(second.id)
    await settled(lambda: feed.latest.position == 0)
    waiting, early = queue.waiting, [True]

    async def meanwhile(fronts):
        line = await waiting(fronts)
        if early:
            early.clear()
            feed.publish(JobEvent(second.id, "queued", position=2))
        return line

    monkeypatch.setattr(queue, "waiting", meanwhile)
    places.moved()
    await settled(lambda: not early and feed.latest.position == 0)
    sites.gate.set()
    for job in (first, second):
        assert (await ended(downloads, job)).phase == "done"
    await downloads.stop()


def test_only_news_is_told():
    """Who stands far back hears of a fifth of the way, everybody of the first estimate."""
    told = JobEvent("J", "queued", position=100, eta_seconds=1000.0)
    assert not _is_news(told, 99, 990.0)
    assert _is_news(told, 80, 990.0)
    assert _is_news(told, 100, 700.0)
    assert _is_news(told, 100, None)
    assert _is_news(replace(told, position=None), 100, 1000.0)
    assert not _is_news(replace(told, eta_seconds=None), 100, None)
