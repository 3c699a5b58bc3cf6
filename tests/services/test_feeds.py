"""Who is told what: the end of a job reaches whoever asked, also through a process that dies in between."""

from __future__ import annotations

import asyncio

from tests.services.conftest import Front, ended, order
from tests.services.test_workers import settled
from utils.errors import Private, StorageTrouble


class Slow(Front):
    """Shows nothing final until `shown` is set, as Telegram in a FLOOD_WAIT on edits."""

    def __init__(self):
        super().__init__(keeps=True)
        self.shown = asyncio.Event()

    async def report(self, job, event):
        if event.final:
            await self.shown.wait()
        await super().report(job, event)


async def begun(make, front):
    downloads = make()
    await downloads.start()
    downloads.deliver_to("telegram", front)
    return downloads


async def told(database):
    return [row["told"] for row in await database.all("SELECT told FROM jobs ORDER BY id")]


async def test_an_end_that_was_written_and_not_shown_is_told_by_the_next_process(make, sites, database):
    """Once, with its reason; what has been shown is told no more."""
    front = Slow()
    downloads = await begun(make, front)
    sites.fails = [Private()]
    job = await downloads.submit(order())
    await ended(downloads, job)
    await downloads.stop()
    assert await told(database) == [0]
    front.shown.set()
    for _ in range(2):
        downloads = await begun(make, front)
        await settled(lambda downloads=downloads: not downloads._feeds._reports)
        await downloads.stop()
    final = [event for _, event in front.reports if event.final]
    assert [(event.phase, event.error.code) for event in final] == [("failed", "private")]
    assert await told(database) == [1]


async def test_an_end_that_is_told_again_counts_once(make, sites, database):
    """The monitor has heard of it, and in another process it isn't one of those jobs."""
    front = Slow()
    front.shown.set()
    downloads = await begun(make, front)
    job = await downloads.submit(order())
    await ended(downloads, job)
    await settled(lambda: downloads._feeds.get(job.id) is None)
    await downloads.stop()
    await database.run("UPDATE jobs SET told = 0")
    downloads = await begun(make, front)
    await settled(lambda: len([event for _, event in front.reports if event.final]) == 2)
    assert downloads.figures.downloads()["total"] == 0
    await downloads.stop()


async def test_an_old_end_is_no_news(make, telegram, database):
    """Who asked two days ago isn't woken by it."""
    downloads = await begun(make, telegram)
    job = await downloads.submit(order())
    await ended(downloads, job)
    await settled(lambda: downloads._feeds.get(job.id) is None)
    await downloads.stop()
    telegram.reports.clear()
    await database.run("UPDATE jobs SET told = 0, updated_at = updated_at - 2 * 86400")
    downloads = await begun(make, telegram)
    await settled(lambda: not downloads._feeds._reports)
    await downloads.stop()
    assert telegram.reports == []


async def test_a_database_in_trouble_costs_nobody_the_end(make, telegram, database, monkeypatch):
    """Whether it was told can't be noted, or not be asked: it is told all the same, or the next time."""
    fails = []

    async def failing(*_given):
        fails.append(True)
        raise StorageTrouble("locked")

    downloads = await begun(make, telegram)
    with monkeypatch.context() as patched:
        patched.setattr(downloads._queue, "told", failing)
        job = await downloads.submit(order())
        await settled(lambda: fails and downloads._feeds.get(job.id) is None)
        patched.setattr(downloads._queue, "untold", failing)
        downloads.deliver_to("telegram", telegram)
        await settled(lambda: len(fails) == 2 and not downloads._feeds._reports)
    assert telegram.phases(job)[-1] == "done"
    downloads.deliver_to("telegram", telegram)
    await settled(lambda: telegram.phases(job).count("done") == 2)
    await downloads.stop()
