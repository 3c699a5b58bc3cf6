"""Batches over the real queue and database: fed little by little, nothing lost or twice, failures told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from core.batch_table import OPEN_PER_USER, BatchTable, ItemRow
from core.job_queue import OPEN_STATES
from platforms.links import Refused
from platforms.registry import Detected
from platforms.shapes import Entry, Listing
from services.batch import Batch, Batches, BatchEvent, BatchOrder
from services.jobs import Order
from services.ranges import parse_ranges
from tests.services.conftest import Front, Sites, link
from utils.errors import (
    BadRange,
    Busy,
    DeadLink,
    EmptyList,
    GoldcrestError,
    NoLink,
    NotAllowed,
    NotFound,
    Private,
    ShuttingDown,
    SiteDown,
    StorageTrouble,
    UnknownQuality,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.downloads import Downloads
    from utils.database import Database

LIST = replace(link("list"), kind="playlist", canonical="site:playlist:list")


class Lists(Sites):
    """A site with a list of `length` items; every item whose number is in `broken` fails with that."""

    def __init__(self) -> None:
        super().__init__()
        self.length = 10
        self.told = True
        self.pages: list[int] = []
        self.broken: dict[str, GoldcrestError] = {}
        self.unread: dict[int, GoldcrestError] = {}
        self.urls: dict[int, str] = {}

    def detect(self, text: str, bound: int) -> Detected:
        if "refused" in text:
            return Detected((), (Refused(text, "unsafe_link"),))
        if not text.startswith("https://site.test/"):
            return Detected((), ())
        found = link(text.rpartition("/")[2])
        return Detected((LIST if "list" in text else found,), ())

    async def resolve(self, link: Any) -> Any:
        if link.short:
            raise DeadLink("leads nowhere")
        return link

    async def page(self, listing: Any, first: int, count: int) -> Listing:
        assert listing == LIST
        self.pages.append(first)
        if first in self.unread:
            raise self.unread[first]
        last = min(first + count - 1, self.length)
        entries = tuple(
            Entry(number, self.urls.get(number, f"https://site.test/{number}"), f"Item {number}")
            for number in range(first, last + 1)
        )
        total = self.length if self.told or last == self.length else None
        return Listing("site", "playlist", LIST.canonical, LIST.url, "L", "", total, first, entries, last < self.length)

    async def fetch(self, link: Any, quality: str, folder: Any, on_progress: Any, *more: Any) -> Any:
        if error := self.broken.get(link.id):
            raise error
        return await super().fetch(link, quality, folder, on_progress)


@pytest.fixture
def sites() -> Lists:
    return Lists()


@dataclass
class Clock:
    """Sleeps end when the test says so."""

    slept: list[float] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.wake.wait()
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(database: Database) -> BatchTable:
    return BatchTable(database)


@pytest.fixture
async def batches(downloads: Downloads, table: BatchTable, clock: Clock) -> AsyncIterator[Batches]:
    batches = Batches(downloads, table, bound=100, parallel=3, sleep=clock.sleep)
    await batches.start()
    yield batches
    await batches.stop()


def listed(ranges: str = "all", user: int = 7, front: str = "telegram", bound: int = 100) -> BatchOrder:
    wanted = parse_ranges(ranges, bound=bound)
    return BatchOrder(front, "best", listing=LIST, ranges=wanted, user_id=user, title="L", target={"chat_id": user})


def single(*items: str, user: int | None = 7) -> BatchOrder:
    return BatchOrder("telegram", "best", links=tuple(map(link, items)), user_id=user, target={"chat_id": user})


async def last(batches: Batches, batch: Batch) -> BatchEvent:
    """The final event."""
    async with asyncio.timeout(20):
        events = [event async for event in batches.watch(batch.id)]
    assert [event.final for event in events[:-1]] == [False] * (len(events) - 1)
    return events[-1]


async def reached(batches: Batches, batch: Batch, **counts: int) -> BatchEvent:
    """The first event with these counts."""
    async with asyncio.timeout(20):
        async for event in batches.watch(batch.id):
            if all(event.counts[state] == number for state, number in counts.items()):
                return event
    raise AssertionError(counts)


async def test_several_links_are_one_job_each(batches: Batches, sites: Lists, telegram: Front):
    """All are delivered once, with the batch's own target; the end has the counts."""
    batch = await batches.submit(single("1", "2", "3", "4", "5"))
    assert (batch.total, batch.ended) == (5, False)
    end = await last(batches, batch)
    assert end == BatchEvent(
        batch.id, 5, {"queued": 0, "running": 0, "done": 5, "failed": 0, "cancelled": 0}, final=True
    )
    assert len(telegram.sent) == 5
    assert sorted(canonical for canonical, _ in sites.fetches) == [f"site:{number}" for number in range(1, 6)]
    assert (await batches.batch(batch.id)).ended
    items = await batches.items(batch.id)
    assert [(item.position, item.state) for item in items] == [(number, "done") for number in range(1, 6)]


async def test_a_list_is_read_page_by_page_as_its_items_are_fed(
    batches: Batches, downloads: Downloads, sites: Lists, database: Database
):
    """Behind three open jobs nothing is read further than the page they are on."""
    sites.length = 95
    sites.gate.clear()
    batch = await batches.submit(listed())
    event = await reached(batches, batch, running=2)
    assert event.total == 95
    assert event.running_titles == ("Item 1", "Item 2")
    await until_jobs(database, 3)
    assert sites.pages == [1]
    sites.gate.set()
    assert (await last(batches, batch)).counts["done"] == 95
    assert sites.pages == [1, 31, 61, 91]


async def until_jobs(database: Database, number: int) -> None:
    """Wait until so many jobs are open."""
    async with asyncio.timeout(10):
        while (await open_jobs(database)) != number:
            await asyncio.sleep(0.01)


async def open_jobs(database: Database) -> int:
    marks = ", ".join("?" * len(OPEN_STATES))
    row = await database.one(f"SELECT COUNT(*) FROM jobs WHERE state IN ({marks})", *OPEN_STATES)
    return int(row[0]) if row else -1


async def test_ranges_pick_items_and_a_list_may_end_before_them(batches: Batches, sites: Lists):
    """Only these positions; what the list doesn't have is no item, also where its length was unknown."""
    sites.told = False
    batch = await batches.submit(listed("2,5-7,40-44,90-"))
    end = await last(batches, batch)
    assert (end.total, end.counts["done"]) == (4, 4)
    assert sites.pages == [2]
    sites.length = 42
    end = await last(batches, await batches.submit(listed("2,5-7,40-44,90-")))
    assert (end.total, end.counts["done"]) == (7, 7)


async def test_failures_never_stop_the_rest(batches: Batches, sites: Lists):
    """Every third item fails; each is told with its place, title, address and reason."""
    sites.length = 9
    sites.broken = {str(number): Private() for number in (3, 6, 9)}
    end = await last(batches, await batches.submit(listed()))
    assert (end.counts["done"], end.counts["failed"]) == (6, 3)
    assert [(each.position, each.title, each.url, each.error_code) for each in end.failures] == [
        (number, f"Item {number}", f"https://site.test/{number}", "private") for number in (3, 6, 9)
    ]


async def test_items_that_are_none_of_ours_fail_alone(batches: Batches, sites: Lists):
    """Hidden, refused, a list inside the list, a short link that leads nowhere."""
    sites.length = 4
    sites.urls = {1: "", 2: "http://10.0.0.1/refused", 3: "https://site.test/list2"}
    end = await last(batches, await batches.submit(listed()))
    assert [(each.position, each.error_code) for each in end.failures] == [
        *((1, "no_media"), (2, "unsafe_link"), (3, "no_media")),
    ]
    assert end.counts["done"] == 1
    order = replace(single("1"), links=(replace(link("9"), short=True), link("8")))
    end = await last(batches, await batches.submit(order))
    assert ([each.error_code for each in end.failures], end.counts["done"]) == (["dead_link"], 1)


async def test_failures_of_one_event_are_bounded(batches: Batches, sites: Lists, monkeypatch: pytest.MonkeyPatch):
    """The counts know them all."""
    monkeypatch.setattr("services.batch_run.FAILURES_SHOWN", 2)
    sites.length = 5
    sites.urls = dict.fromkeys(range(1, 6), "")
    end = await last(batches, await batches.submit(listed()))
    assert (len(end.failures), end.counts["failed"]) == (2, 5)


@pytest.mark.parametrize(("page", "error"), [(1, EmptyList()), (31, SiteDown())])
async def test_a_list_that_cannot_be_read_further_ends_with_what_it_has(
    batches: Batches, sites: Lists, page: int, error: GoldcrestError
):
    """What was read is delivered; the reason is told."""
    sites.length = 50
    sites.unread = {page: error}
    end = await last(batches, await batches.submit(listed()))
    assert (end.error_code, end.total, end.counts["done"]) == (error.code, page - 1, page - 1)


async def test_cancelling_all_stops_feeding_and_every_job(batches: Batches, sites: Lists, database: Database):
    """What is done stays done; nothing of it is left in the queue; once is enough."""
    sites.length = 40
    sites.gate.clear()
    batch = await batches.submit(listed())
    await reached(batches, batch, running=2)
    with pytest.raises(NotAllowed):
        await batches.cancel(batch.id, user_id=8)
    assert await batches.cancel(batch.id, user_id=7)
    end = await last(batches, batch)
    assert end.cancelled
    assert end.counts == {"queued": 0, "running": 0, "done": 0, "failed": 0, "cancelled": 30}
    assert await open_jobs(database) == 0
    assert not await batches.cancel(batch.id)


async def test_one_job_is_cancelled_alone(batches: Batches, downloads: Downloads, sites: Lists):
    """The others go on."""
    sites.gate.clear()
    batch = await batches.submit(single("1", "2", "3", "4"))
    await reached(batches, batch, running=2)
    first = (await batches.items(batch.id))[0]
    assert first.state == "running"
    assert await downloads.cancel(first.job_id, 7)
    sites.gate.set()
    end = await last(batches, batch)
    assert (end.counts["cancelled"], end.counts["done"], end.cancelled) == (1, 3, False)


async def test_a_full_queue_is_waited_for(make: Any, table: BatchTable, telegram: Front, sites: Lists, clock: Clock):
    """The person's own bound holds; the batch goes on as soon as there is room."""
    downloads = make(user_bound=2)
    await downloads.start()
    downloads.deliver_to("telegram", telegram)
    batches = Batches(downloads, table, bound=100, parallel=5, sleep=clock.sleep)
    sites.gate.clear()
    batch = await batches.submit(single(*"12345"))
    async with asyncio.timeout(10):
        while not clock.slept:
            await asyncio.sleep(0.01)
    assert [item.state for item in await batches.items(batch.id)].count("running") == 2
    sites.gate.set()
    clock.wake.set()
    assert (await last(batches, batch)).counts["done"] == 5
    await batches.stop()
    await downloads.stop()


async def test_bounds_are_told_before_anything_is_written(batches: Batches, sites: Lists, table: BatchTable):
    """Too many items, too many batches, no items, an unknown quality."""
    sites.gate.clear()
    with pytest.raises(BadRange):
        await batches.submit(single(*map(str, range(101))))
    with pytest.raises(BadRange):
        await batches.submit(listed("1-101", bound=500))
    with pytest.raises(NoLink):
        await batches.submit(single())
    with pytest.raises(UnknownQuality):
        await batches.submit(replace(single("1"), quality="9000p"))
    assert await table.under_way() == []
    for _ in range(OPEN_PER_USER):
        await batches.submit(single("1"))
    with pytest.raises(Busy) as caught:
        await batches.submit(single("1"))
    assert caught.value.values == {"mine": True, "bound": OPEN_PER_USER}
    await batches.submit(single("1", user=8))


@pytest.mark.parametrize("ask", ["batch", "items", "cancel", "watch"])
async def test_an_unknown_batch_is_not_found(batches: Batches, ask: str):
    """Whatever is asked about it."""
    with pytest.raises(NotFound):
        if ask == "watch":
            _ = [event async for event in batches.watch("no such")]
        else:
            await getattr(batches, ask)("no such")


async def test_a_stopped_part_takes_no_orders(batches: Batches):
    """The next process will."""
    await batches.stop()
    with pytest.raises(ShuttingDown):
        await batches.submit(single("1"))


async def test_a_restart_goes_on_where_the_last_process_was(
    make: Any, table: BatchTable, sites: Lists, clock: Clock, telegram: Front
):
    """Stopped again and again at any moment, each item is delivered exactly once."""
    sites.length = 40
    batch: Any = None
    for round_number in range(12):
        downloads = make(parallel=2)
        await downloads.start()
        downloads.deliver_to("telegram", telegram)
        batches = Batches(downloads, table, bound=100, parallel=3, sleep=clock.sleep)
        await batches.start()
        batch = batch or await batches.submit(listed())
        if round_number < 11:
            for _ in range(7 * round_number + 3):
                await asyncio.sleep(0.002)
        else:
            end = await last(batches, batch)
        await batches.stop()
        await downloads.stop()
    assert (end.counts["done"], end.total) == (40, 40)
    handed = {job for job, _ in (*telegram.sent, *telegram.resent)}  # one sent again has the same random id
    items = await batches.items(batch.id)
    assert len(handed) == 40
    assert handed == {item.job_id for item in items}


async def test_a_job_written_just_before_a_kill_is_found_again(
    downloads: Downloads, table: BatchTable, sites: Lists, telegram: Front, clock: Clock
):
    """Killed between writing the job and noting it: the item is that job, never a second one."""
    row = await table.add("telegram", "", "best", 7, {}, items=[])
    await table.read(row.id, [_waiting(1), _waiting(2)], 1 << 40, 2)
    await downloads.submit(Order("telegram", link("1"), "best", 7, batch=row.id, batch_position=1))
    later = Batches(downloads, table, bound=100, parallel=3, sleep=clock.sleep)
    await later.start()
    end = await last(later, await later.batch(row.id))
    await later.stop()
    assert (end.counts["done"], len(telegram.sent)) == (2, 2)


def _waiting(number: int) -> Any:
    return ItemRow(number, link(str(number)), f"https://site.test/{number}", f"Item {number}")


async def test_a_cancel_survives_a_kill(downloads: Downloads, table: BatchTable, clock: Clock, sites: Lists):
    """What was told to be cancelled isn't fed by the next process."""
    row = await table.add("telegram", "", "best", 7, {}, items=[_waiting(1)])
    assert await table.move(row.id, ("open",), "cancelling")
    batches = Batches(downloads, table, bound=100, parallel=3, sleep=clock.sleep)
    await batches.start()
    end = await last(batches, await batches.batch(row.id))
    await batches.stop()
    assert (end.cancelled, end.counts["cancelled"], sites.fetches) == (True, 1, [])


async def test_what_breaks_the_feeding_is_tried_again(
    batches: Batches, table: BatchTable, clock: Clock, monkeypatch: pytest.MonkeyPatch, telegram: Front
):
    """A database that fails for a moment loses no item and makes none twice."""
    note, fails = table.note, [OSError("disk full"), OSError("disk full")]

    async def failing(*args: Any, **kwargs: Any) -> None:
        if fails:
            raise fails.pop()
        await note(*args, **kwargs)

    monkeypatch.setattr(table, "note", failing)
    clock.wake.set()
    end = await last(batches, await batches.submit(single("1", "2", "3")))
    assert (end.counts["done"], len(telegram.sent)) == (3, 3)
    assert clock.slept


class Shown:
    """A front's report; the first `fails` calls with a final event break."""

    def __init__(self, fails: int = 0) -> None:
        self.events: list[tuple[Batch, BatchEvent]] = []
        self.fails = fails

    async def __call__(self, batch: Batch, event: BatchEvent) -> None:
        if event.final and self.fails:
            self.fails -= 1
            raise OSError("no connection")
        self.events.append((batch, event))

    async def end(self) -> tuple[Batch, BatchEvent]:
        async with asyncio.timeout(10):
            while not (self.events and self.events[-1][1].final):
                await asyncio.sleep(0.01)
        return self.events[-1]


async def test_a_front_is_told_every_batch_to_its_end(batches: Batches, sites: Lists, clock: Clock):
    """Those that are open when it comes up, new ones, and the end again where showing it broke."""
    sites.gate.clear()
    clock.wake.set()
    early = await batches.submit(single("1"))
    shown = Shown(fails=2)
    batches.report_to("telegram", shown)
    sites.gate.set()
    batch, event = await shown.end()
    assert (batch.id, batch.ended, batch.target, event.counts["done"]) == (early.id, True, {"chat_id": 7}, 1)
    late = await batches.submit(single("2"))
    shown.events.clear()
    assert (await shown.end())[0].id == late.id


async def test_batches_of_a_front_that_cannot_be_read_are_read_later(
    batches: Batches, sites: Lists, table: BatchTable, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """A front comes up once: a database that fails at that moment costs no report."""
    under_way, fails = table.under_way, [StorageTrouble("locked"), StorageTrouble("locked")]

    async def failing() -> Any:
        if fails:
            raise fails.pop()
        return await under_way()

    monkeypatch.setattr(table, "under_way", failing)
    sites.gate.clear()
    clock.wake.set()
    batch, shown = await batches.submit(single("1")), Shown()
    batches.report_to("telegram", shown)
    sites.gate.set()
    assert (await shown.end())[0].id == batch.id
    assert (fails, batches.health().ok) == ([], True)


@pytest.mark.parametrize("name", ["report {}", "batches of telegram", "batch {}"])
async def test_a_dead_task_is_told_until_a_restart_does_its_work(batches: Batches, sites: Lists, name: str):
    """Whether it fed the batch, showed it, or was about to find what is to be shown; shown to the end all the same."""
    sites.gate.clear()
    shown = Shown()
    batch = await batches.submit(single("1"))
    batches.report_to("telegram", shown)
    while not (found := [task for task in batches._tasks if task.get_name() == name.format(batch.id)]):
        await asyncio.sleep(0)
    assert batches.health().ok
    found[0].cancel()
    await asyncio.wait(found)
    assert not batches.health().ok
    await batches.restart()
    assert batches.health().ok
    sites.gate.set()
    assert (await shown.end())[0].id == batch.id


async def test_an_end_that_nobody_saw_is_told_by_the_next_process(
    batches: Batches, downloads: Downloads, table: BatchTable, clock: Clock
):
    """Once, and not again when it was shown."""
    batch = await batches.submit(single("1"))
    await last(batches, batch)
    for fails, expected in ((99, 0), (0, 1), (0, 0)):
        clock.wake.set()
        again = Batches(downloads, table, bound=100, parallel=3, sleep=clock.sleep)
        shown = Shown(fails)
        again.report_to("telegram", shown)
        while again._tasks:
            await asyncio.wait(set(again._tasks))
        assert len(shown.events) == expected
        await again.stop()
