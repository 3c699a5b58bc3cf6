"""The way of a link from the order to the hand-over, over a real database."""

import asyncio
import errno
from dataclasses import replace

import pytest

from core.job_queue_leases import POISON_CRASHES
from services.stored import OFFER_SECONDS, Offers
from tests.services.conftest import Front, ended, link, media, order
from utils.errors import Busy, Expired, InternalError, NotAllowed, NotFound, Private, SiteDown, UnknownQuality


async def settled(condition):
    """Let other tasks run until it holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def landed(downloads):
    """No flight is in the air."""
    await settled(lambda: not downloads._workers._flights)


async def test_an_order_is_fetched_handed_over_and_leaves_no_folder(downloads, sites, telegram, tmp_path):
    """Phases come in order, the last one is always told, the working folder is gone."""
    job = await downloads.submit(order())
    event = await ended(downloads, job)
    assert (event.phase, event.final) == ("done", True)
    await settled(lambda: telegram.phases(job)[-1:] == ["done"])
    assert telegram.sent == [(job.id, job.random_id)]
    await settled(lambda: not list((tmp_path / "work").iterdir()))
    assert downloads.figures.downloads()["success_rate"] == 100.0
    assert downloads.figures.platforms() == {"site": {"success": 1, "failed": 0}}


async def test_the_same_link_comes_from_the_stored_copy_without_asking_the_site(downloads, sites, telegram):
    """The second order is a hand-over of Telegram's copy."""
    await ended(downloads, await downloads.submit(order()))
    await landed(downloads)
    again = await downloads.submit(order(user=8))
    assert (await ended(downloads, again)).phase == "done"
    assert telegram.resent == [(again.id, "file")]
    assert len(sites.fetches) == 1
    assert await downloads.stored_qualities(media(link("2"))) == frozenset()
    assert await downloads.stored_qualities(media(link())) == {"best", "360p"}
    assert (await downloads.stored("site:1", "360p"))[0].file_id == "file"


async def test_a_dead_copy_is_forgotten_and_downloaded_again(downloads, sites, telegram):
    """The person gets the file all the same."""
    await ended(downloads, await downloads.submit(order()))
    await landed(downloads)
    telegram.alive = False
    again = await downloads.submit(order())
    assert (await ended(downloads, again)).phase == "done"
    assert len(sites.fetches) == 2
    assert [job_id for job_id, _ in telegram.sent][-1] == again.id


async def test_one_download_serves_everybody_who_waits_for_it(downloads, sites, telegram, web):
    """People who ask while it runs share it; Telegram's second copy needs no second upload, the page gets its own."""
    sites.gate.clear()
    first = await downloads.submit(order(user=1))
    await sites.began.wait()
    second = await downloads.submit(order(user=2))
    third = await downloads.submit(order(user=None, front="web"))
    await settled(lambda: "downloading" in telegram.phases(second))
    sites.gate.set()
    for job in (first, second, third):
        assert (await ended(downloads, job)).phase == "done"
    assert len(sites.fetches) == 1
    assert [job_id for job_id, _ in telegram.sent] == [first.id]
    assert [job_id for job_id, _ in telegram.resent] == [second.id]
    assert [job_id for job_id, _ in web.sent] == [third.id]


async def test_somebody_who_asks_during_the_upload_is_served_from_it(downloads, sites, telegram):
    """No second download either."""
    telegram.gate.clear()
    first = await downloads.submit(order(user=1))
    await telegram.began.wait()
    second = await downloads.submit(order(user=2))
    telegram.gate.set()
    assert (await ended(downloads, first)).phase == "done"
    assert (await ended(downloads, second)).phase == "done"
    assert len(sites.fetches) == 1


async def test_cancel_while_queued(make, sites, telegram):
    """A job that waits for a slot is never begun."""
    downloads = make(parallel=1)
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    sites.gate.clear()
    first = await downloads.submit(order("1"))
    await sites.began.wait()
    second = await downloads.submit(order("2"))
    assert await downloads.cancel(second.id, 7) is True
    assert (await ended(downloads, second)).phase == "cancelled"
    sites.gate.set()
    await ended(downloads, first)
    assert sites.fetches == [("site:1", "360p")]
    await downloads.stop()


async def test_cancel_during_the_download_stops_it_and_clears_up(downloads, sites, telegram, tmp_path):
    """The folder is gone when cancel returns."""
    sites.gate.clear()
    job = await downloads.submit(order())
    await sites.began.wait()
    assert await downloads.cancel(job.id, 7) is True
    assert list((tmp_path / "work").iterdir()) == []
    assert await downloads.cancel(job.id, 7) is False
    await settled(lambda: telegram.phases(job)[-1:] == ["cancelled"])
    assert telegram.sent == []


async def test_cancel_of_one_waiter_leaves_the_others_alone(downloads, sites, telegram):
    """Neither in the download nor in its own upload."""
    sites.gate.clear()
    first, second = await downloads.submit(order(user=1)), await downloads.submit(order(user=2))
    await sites.began.wait()
    await downloads.cancel(first.id, 1)
    telegram.gate.clear()
    sites.gate.set()
    third = await downloads.submit(order(user=3))
    await telegram.began.wait()
    await downloads.cancel(second.id, 2)
    telegram.gate.set()
    assert (await ended(downloads, third)).phase == "done"
    assert [job_id for job_id, _ in telegram.sent] == [third.id]
    assert len(sites.fetches) == 1


async def test_somebody_elses_job_cannot_be_cancelled(downloads, sites):
    """The operator can; a job that isn't there is not found."""
    sites.gate.clear()
    job = await downloads.submit(order(user=1))
    with pytest.raises(NotAllowed):
        await downloads.cancel(job.id, 2)
    assert await downloads.cancel(job.id) is True
    with pytest.raises(NotFound):
        await downloads.cancel("nothing")


async def test_a_failure_reaches_everybody_and_is_counted(downloads, sites, telegram):
    """With the error itself, so that each front can explain it; a later watcher learns its code."""
    sites.gate.clear()
    sites.fails = [Private("secret detail")]
    first, second = await downloads.submit(order(user=1)), await downloads.submit(order(user=2))
    await sites.began.wait()
    sites.gate.set()
    for job in (first, second):
        event = await ended(downloads, job)
        assert (event.phase, event.error.code) == ("failed", "private")
    await settled(lambda: telegram.phases(first)[-1:] == ["failed"])
    await settled(lambda: downloads._feeds.get(first.id) is None)
    assert (await ended(downloads, first)).error.code == "private"
    assert downloads.figures.downloads()["errors"] == {"private": 2}


async def test_an_unforeseen_fault_ends_the_job_with_a_word(downloads, sites, telegram):
    """Neither the download's nor the hand-over's bug leaves a job open."""
    sites.fails = [RuntimeError("bug")]
    assert isinstance((await ended(downloads, await downloads.submit(order("1")))).error, InternalError)
    telegram.fails = [RuntimeError("bug")]
    assert isinstance((await ended(downloads, await downloads.submit(order("2")))).error, InternalError)
    telegram.fails = [SiteDown()]
    assert (await ended(downloads, await downloads.submit(order("3")))).error.code == "site_down"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_is_told_as_such(downloads, web, monkeypatch, number):
    """Where the folder of the job can't be made, and where its files can't be put on the shelf; neither is a report."""

    def full(_root):
        raise OSError(number, "full")

    with monkeypatch.context() as patched:
        patched.setattr("services.workers.job_folder", full)
        event = await ended(downloads, await downloads.submit(order("1")))
    assert event.error.code == "disk_full"
    web.fails = [OSError(number, "full")]
    event = await ended(downloads, await downloads.submit(order("2", front="web", user=None)))
    assert (event.error.code, event.error.reported) == ("disk_full", False)


async def test_a_restart_goes_on_with_what_was_accepted(make, sites, telegram):
    """The next process sends it with the same random id, and tells the person's status message."""
    first = make()
    await first.start()
    first.deliver_to("telegram", telegram)
    sites.gate.clear()
    job = await first.submit(order())
    await sites.began.wait()
    await first.stop()
    sites.gate.set()
    second = make()
    await second.start()
    watching = asyncio.create_task(ended(second, job))
    await asyncio.sleep(0)
    assert telegram.sent == []
    second.deliver_to("telegram", telegram)
    assert (await watching).phase == "done"
    assert telegram.sent == [(job.id, job.random_id)]
    await settled(lambda: telegram.phases(job)[-1:] == ["done"])
    await second.stop()


async def test_a_job_that_killed_its_process_again_and_again_is_told_as_failed(make, sites, telegram, database):
    """It isn't begun once more."""
    first = make()
    await first.start()
    job = await first.submit(order())
    crashes = POISON_CRASHES - 1
    await database.run("UPDATE jobs SET state = 'running', attempt = 6, crashes = ?, holder = 'dead'", crashes)
    second = make()
    await second.start()
    second.deliver_to("telegram", telegram)
    await settled(lambda: telegram.phases(job) == ["failed"])
    assert sites.fetches == []
    await second.stop()
    await first.stop()


async def test_orders_that_make_no_sense_or_are_too_many_are_refused(make, telegram):
    """Nothing is written for an unknown quality."""
    downloads = make(bound=1)
    await downloads.start()
    with pytest.raises(UnknownQuality):
        await downloads.submit(order(quality="4711p"))
    await downloads.submit(order())
    with pytest.raises(Busy):
        await downloads.submit(order("2"))
    await downloads.stop()


async def test_a_menu_keeps_its_meaning_and_expires(downloads, database):
    """Its token fits a button; an old or unknown one says that it has expired."""
    token = await downloads.offer(media(link()), link(), 7)
    offer = await downloads.offered(token)
    assert (offer.media, offer.link, offer.user_id) == (media(link()), link(), 7)
    await database.run("UPDATE offers SET created_at = 0")
    for unknown in (token, "nothing"):
        with pytest.raises(Expired):
            await downloads.offered(unknown)


async def test_a_front_whose_report_breaks_still_gets_the_file(make, sites):
    """Telling is not delivering."""

    class Mute(Front):
        async def report(self, job, event):
            raise RuntimeError("no")

    downloads, front = make(), Mute(keeps=True)
    await downloads.start()
    downloads.deliver_to("telegram", front)
    job = await downloads.submit(order())
    assert (await ended(downloads, job)).phase == "done"
    assert len(front.sent) == 1
    await downloads.stop()


async def test_menus_are_bounded_by_age_and_number_while_the_process_runs(database, monkeypatch):
    """A visitor who looks at ten thousand links doesn't fill the disk."""
    monkeypatch.setattr("services.stored.SWEEP_EVERY", 5)
    now = [1_000_000.0]
    offers = Offers(database, clock=lambda: now[0], bound=3)
    tokens = []
    for _ in range(5):
        now[0] += 1
        tokens.append(await offers.make(media(link()), link(), 7))
    rows = await database.all("SELECT token FROM offers ORDER BY created_at")
    assert [row["token"] for row in rows] == tokens[2:]
    now[0] += OFFER_SECONDS
    for _ in range(5):
        now[0] += 1
        await offers.make(media(link()), link(), 7)
    assert len(await database.all("SELECT token FROM offers")) == 3


async def test_an_open_job_without_a_feed_can_be_watched(downloads, sites, database):
    """Its order was broken off between the write and the word; it is worked on all the same."""
    job = await downloads._queue.add("telegram", link(), "360p", title="T", user_id=7, target={})
    watching = asyncio.create_task(ended(downloads, job))
    await settled(lambda: downloads._feeds.get(job.id) is not None)
    downloads._workers.wake()
    assert (await watching).phase == "done"


async def test_a_live_item_has_nothing_stored(downloads):
    """Nor is the table asked."""
    assert await downloads.stored_qualities(replace(media(link()), is_live=True)) == frozenset()


async def test_probe_and_detect_are_the_platforms(downloads):
    """With the bound of links per message."""
    assert downloads.detect("x") == ("x", 20)
    assert (await downloads.probe(link())).canonical == "site:1"
