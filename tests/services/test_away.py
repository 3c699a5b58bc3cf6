"""A front that is away for a while: what was fetched waits for it, nothing is lost, nobody else is held up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.away import AGAIN_SECONDS, TRIAL_SECONDS, Away
from services.feeds import END_TRIES
from tests.services.conftest import Front, ended, order
from tests.services.test_workers import settled, store
from utils.errors import Private, TelegramAway

LINE = "UNREACHABLE"


class Time:
    """Stands until a test lets it pass; sleeps end when it does."""

    def __init__(self):
        self.now = 1000.0
        self.sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        waking = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now + seconds, waking))
        await waking

    async def go(self, seconds):
        """Let that much pass, no more at once than anybody sleeps."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + AGAIN_SECONDS)
            for at, waking in self.sleepers:
                if at <= self.now and not waking.done():
                    waking.set_result(None)
            for _ in range(20):
                await asyncio.sleep(0.001)


class Gone(Front):
    """Refuses everything with `error` until that is None; `tries` counts."""

    def __init__(self, error):
        super().__init__(keeps=True)
        self.error = error
        self.tries = 0

    async def send(self, job, fetched, on_progress):
        self.tries += 1
        if self.error is not None:
            raise self.error
        return await super().send(job, fetched, on_progress)

    async def resend(self, job, stored):
        self.tries += 1
        if self.error is not None:
            raise self.error
        return await super().resend(job, stored)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def service(make, time):
    """A service whose patience with a front that is away is an hour."""
    downloads = make(away=Away(3600, clock=time.clock, sleep=time.sleep))
    await downloads.start()
    yield downloads
    await downloads.stop()


def why(front: Any, job: Any) -> str:
    """The code of the newest reason that a job was told."""
    errors = [event.error for job_id, event in front.reports if job_id == job.id]
    return errors[-1].code if errors and errors[-1] else ""


async def test_a_file_waits_for_telegram_and_comes_once_with_the_same_random_id(service, sites, time):
    """The person hears why; the site isn't asked again."""
    front = Gone(TelegramAway(LINE))
    service.deliver_to("telegram", front)
    job = await service.submit(order())
    await settled(lambda: front.tries == 1)
    await time.go(600)
    assert front.tries > 50
    assert (await service.job(job.id)).state == "sending"
    assert why(front, job) == "telegram_away"
    front.error = None
    await time.go(2 * AGAIN_SECONDS)
    assert (await ended(service, job)).phase == "done"
    assert front.sent == [(job.id, job.random_id)]
    assert len(sites.fetches) == 1


async def test_a_pause_that_telegram_asks_for_is_kept_and_then_the_file_comes(service, time):
    """No try before its end."""
    front = Gone(TelegramAway("FLOOD_WAIT_180", retry_after_seconds=180))
    service.deliver_to("telegram", front)
    job = await service.submit(order())
    await settled(lambda: front.tries == 1)
    front.error = None
    await time.go(175)
    assert front.tries == 1
    await time.go(10)
    assert (await ended(service, job)).phase == "done"


@pytest.mark.parametrize("error", [TelegramAway(LINE), TelegramAway("FLOOD_WAIT_4000", retry_after_seconds=4000)])
async def test_the_wait_is_bounded(service, time, error):
    """After an hour, or at once where the pause is longer, the job fails with what was in the way."""
    front = Gone(error)
    service.deliver_to("telegram", front)
    job = await service.submit(order())
    await settled(lambda: front.tries == 1)
    await time.go(3500)
    if error.retry_after_seconds is None:
        assert (await service.job(job.id)).state == "sending"
    await time.go(200)
    assert (await ended(service, job)).error.code == "telegram_away"


async def test_meanwhile_nothing_new_begins_for_that_front_and_all_of_it_comes_afterwards(service, sites, time):
    """The queue isn't drained into dead letters: as many are fetched as there were slots."""
    front = Gone(TelegramAway("FLOOD_WAIT_180", retry_after_seconds=180))
    service.deliver_to("telegram", front)
    sites.gate.clear()
    jobs = [await service.submit(order(str(number), user=number)) for number in range(6)]
    await settled(lambda: len(sites.fetches) == 2)
    sites.gate.set()
    await settled(lambda: front.tries >= 1)
    late = await service.submit(order("late"))
    await settled(lambda: why(front, late) == "telegram_away")
    await time.go(170)
    service._workers.wake()
    await time.go(5)
    assert len(sites.fetches) == 2
    front.error = None
    await time.go(10)
    for job in (*jobs, late):
        assert (await ended(service, job)).phase == "done"
    assert await service._queue.letters.count() == 0


async def test_new_work_begins_again_though_nobody_waits_any_more(service, sites, time):
    """Who was refused has cancelled, so somebody else finds out whether the front is back."""
    front = Gone(TelegramAway(LINE))
    service.deliver_to("telegram", front)
    first = await service.submit(order())
    await settled(lambda: front.tries == 1)
    second = await service.submit(order("2"))
    await service.cancel(first.id)
    assert len(sites.fetches) == 1
    front.error = None
    await time.go(AGAIN_SECONDS + TRIAL_SECONDS)
    service._workers.wake()
    assert (await ended(service, second)).phase == "done"


async def test_another_front_is_served_meanwhile(service, sites, web, time):
    """By the slots of those that only wait, and from the same download."""
    front = Gone(TelegramAway(LINE))
    service.deliver_to("telegram", front)
    service.deliver_to("web", web)
    sites.gate.clear()
    for number in range(2):
        await service.submit(order(str(number)))
    await settled(lambda: len(sites.fetches) == 2)
    sites.gate.set()
    await settled(lambda: front.tries >= 1)
    visitors = [await service.submit(order(item, front="web", user=None)) for item in ("0", "other")]
    await time.go(2 * AGAIN_SECONDS)
    for job in visitors:
        assert (await ended(service, job)).phase == "done"


async def test_the_slow_mode_of_one_chat_holds_up_no_other(service, time):
    """Its job waits, those of other chats are sent."""
    error = TelegramAway("SLOWMODE_WAIT_600", retry_after_seconds=600)
    error.everywhere = False
    front = Gone(error)
    service.deliver_to("telegram", front)
    slow = await service.submit(order())
    await settled(lambda: front.tries == 1)
    front.error = None
    assert (await ended(service, await service.submit(order("2")))).phase == "done"
    assert (await service.job(slow.id)).state == "sending"
    await time.go(610)
    assert (await ended(service, slow)).phase == "done"


async def test_a_stored_copy_waits_too_and_none_is_begun_meanwhile(service, time):
    """Its order stays accepted."""
    front = Gone(TelegramAway(LINE))
    service.deliver_to("telegram", front)
    await store(service, "1", "2")
    first = await service.submit(order())
    await settled(lambda: front.tries == 1)
    second = await service.submit(order("2"))
    assert (await service.job(second.id)).state == "accepted"
    front.error = None
    await time.go(AGAIN_SECONDS)
    for job in (first, second):
        assert (await ended(service, job)).phase == "done"


async def test_a_cancel_while_it_waits_is_immediate_and_clears_up(service, tmp_path):
    """Its files are gone when cancel returns."""
    front = Gone(TelegramAway(LINE))
    service.deliver_to("telegram", front)
    job = await service.submit(order())
    await settled(lambda: front.tries == 1)
    assert await service.cancel(job.id) is True
    assert list((tmp_path / "work").iterdir()) == []
    assert (await ended(service, job)).phase == "cancelled"


async def test_a_stop_while_it_waits_leaves_it_accepted(make, time):
    """The next process goes on with it."""
    front = Gone(TelegramAway(LINE))
    downloads = make(away=Away(3600, clock=time.clock, sleep=time.sleep))
    await downloads.start()
    downloads.deliver_to("telegram", front)
    job = await downloads.submit(order())
    await settled(lambda: front.tries == 1)
    await downloads.stop()
    kept = await downloads.job(job.id)
    assert (kept.state, kept.crashes) == ("accepted", 0)


async def test_a_final_word_that_cannot_be_shown_now_is_shown_later(service, sites, database, time):
    """Its job ended while nobody could be told; tried for hours, and noted as told only then."""

    class Deaf(Gone):
        async def report(self, job, event):
            self.tries += event.final
            if event.final and self.error is not None:
                raise self.error
            await super().report(job, event)

    front = Deaf(TelegramAway(LINE))
    service._feeds._sleep = time.sleep
    service.deliver_to("telegram", front)
    sites.fails = [Private()]
    job = await service.submit(order())
    await settled(lambda: front.tries == 1)
    await time.go(100)
    assert front.tries == 3
    front.error = None
    await time.go(200)
    await settled(lambda: service._feeds.get(job.id) is None)
    assert telegram_phases(front, job) == "failed"
    (row,) = await database.all("SELECT told FROM jobs")
    assert row["told"] == 1


async def test_a_final_word_is_not_tried_for_ever(service, sites, database, time):
    """The next registration or process tells it."""

    class Deaf(Front):
        async def report(self, job, event):
            raise TelegramAway(LINE)

    service._feeds._sleep = time.sleep
    service.deliver_to("telegram", Deaf(keeps=True))
    sites.fails = [Private()]
    job = await service.submit(order())
    await ended(service, job)
    for number in range(1, END_TRIES + 1):
        await settled(lambda number=number: len(time.sleepers) == number or service._feeds.get(job.id) is None)
        time.now += 20_000
        await time.go(1)
    await settled(lambda: service._feeds.get(job.id) is None)
    (row,) = await database.all("SELECT told FROM jobs")
    assert row["told"] == 0


def telegram_phases(front: Any, job: Any) -> str:
    """The last phase that was shown."""
    return str(front.phases(job)[-1])
