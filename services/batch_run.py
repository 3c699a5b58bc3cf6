"""One batch under way: reads its list page by page, keeps few of its jobs in the queue, notes how each ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from core.batch_table import (
    CANCELLED,
    CANCELLING,
    DONE,
    OPEN,
    READ_ALL,
    WAITING,
    WORKING,
    BatchRow,
    BatchTable,
    ItemRow,
)
from platforms.shapes import LIST_KINDS
from services.batch_shapes import FAILURES_SHOWN, BatchEvent, BatchFailure
from services.jobs import Feed, Order
from services.ranges import Ranges, parse_ranges
from utils.errors import Busy, GoldcrestError, InternalError, NoMedia, NotFound, ShuttingDown

if TYPE_CHECKING:
    from platforms.shapes import Entry
    from services.downloads import Downloads

#: items of a list that are read at once
PAGE: Final = 30
#: the queue is full: the next try after that
BUSY_SECONDS: Final = 5.0
FAILED: Final = "failed"


class BatchRun:
    """`feed` tells the state; `parallel`: jobs of this batch that are in the queue at the same time."""

    def __init__(
        self,
        first: BatchEvent,
        table: BatchTable,
        downloads: Downloads,
        *,
        parallel: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.id = first.batch_id
        self.feed: Feed[BatchEvent] = Feed(first)
        self._table = table
        self._downloads = downloads
        self._parallel = parallel
        self._sleep = sleep
        self._cancelled = asyncio.Event()
        self._watches: dict[int, asyncio.Task[None]] = {}
        self._running: dict[int, str] = {}

    def cancel(self) -> None:
        """Feed no more and cancel what is in the queue; `run` does it."""
        self._cancelled.set()

    async def run(self) -> None:
        """Until every item has ended. What breaks it off leaves the batch as it is, to be run again.

        Raises ShuttingDown at the end of the process.
        """
        row = await self._row()
        if row.state == CANCELLING:
            self._cancelled.set()
        working = asyncio.create_task(self._work(row), name=f"batch {self.id}")
        stopping = asyncio.create_task(self._cancelled.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._cancelled.is_set():
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                await self._cancel_items()
                await self._all_ended()
            else:
                await working
            await self._table.move(self.id, (OPEN, CANCELLING), CANCELLED if self._cancelled.is_set() else DONE)
            await self._publish()
        finally:
            tasks = {working, stopping, *self._watches.values()}
            self._watches.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, row: BatchRow) -> None:
        """Take up what the last process left, then one item after the other."""
        await self._table.catch_up(self.id)
        for known in await self._table.items(self.id, (WORKING,)):
            self._watch(known, known.job_id)
        while item := await self._next(row):
            while len(self._watches) >= self._parallel:
                await self._one_ended()
            await self._submit(row, item)
        await self._all_ended()

    async def _next(self, row: BatchRow) -> ItemRow | None:
        """The next item that is no job yet; reads on in the list where all known ones are."""
        while not (waiting := await self._table.items(self.id, (WAITING,), 1)):
            row = await self._row()
            if row.read_to >= READ_ALL or row.listing is None:
                return None
            await self._read(row, parse_ranges(row.ranges, bound=READ_ALL))
            await self._publish()
        return waiting[0]

    async def _read(self, row: BatchRow, ranges: Ranges) -> None:
        """One more page of the list; one that can't be read is its end, and told at the end of the batch."""
        first = ranges.after(row.read_to)
        assert row.listing is not None
        assert first is not None  # behind the last one nothing is read any more
        known = sum((await self._table.counts(self.id)).values())
        try:
            page = await self._downloads.page(row.listing, first, PAGE)
        except ShuttingDown:
            raise
        except GoldcrestError as error:
            await self._table.read(self.id, (), READ_ALL, known, error.code)
            return
        items = [self._item(entry) for entry in page.entries if entry.position in ranges]
        read_to = first + PAGE - 1 if page.more else READ_ALL
        total = None if page.total is None else ranges.count_to(page.total)
        if ranges.after(read_to) is None:
            read_to, total = READ_ALL, known + len(items)
        await self._table.read(self.id, items, read_to, total)

    def _item(self, entry: Entry) -> ItemRow:
        found = self._downloads.detect(entry.url)
        link = next((link for link in found.links if link.kind not in LIST_KINDS), None)
        if link is not None:
            return ItemRow(entry.position, link, entry.url, entry.title)
        code = next((refused.code for refused in found.refused), NoMedia.code)
        return ItemRow(entry.position, None, entry.url, entry.title, FAILED, error_code=code)

    async def _submit(self, row: BatchRow, item: ItemRow) -> None:
        """Make a job of the item as soon as the queue has room."""
        assert item.link is not None
        order = Order(
            row.front,
            item.link,
            row.quality,
            user_id=row.user_id,
            title="" if item.title == item.url else item.title,  # an address is no caption; the item's own title is
            target=row.target,
            batch=self.id,
            batch_position=item.position,
        )
        while True:
            try:
                job = await self._downloads.submit(order)
            except Busy:
                await self._sleep(BUSY_SECONDS)
                continue
            except ShuttingDown:
                raise
            except GoldcrestError as error:
                await self._table.note(self.id, item.position, FAILED, error_code=error.code)
            else:
                await self._table.note(self.id, item.position, WORKING, job_id=job.id)
                self._watch(item, job.id)
            await self._publish()
            return

    def _watch(self, item: ItemRow, job_id: str) -> None:
        if item.position not in self._watches:
            self._watches[item.position] = asyncio.create_task(self._follow(item, job_id), name=f"follow {job_id}")

    async def _follow(self, item: ItemRow, job_id: str) -> None:
        """Note how a job ends; one that can't be noted is found again by the next run."""
        try:
            state, code = await self._ending(item, job_id)
            await self._table.note(self.id, item.position, state, error_code=code)
            self._running.pop(item.position, None)
            await self._publish()
        finally:
            self._running.pop(item.position, None)

    async def _ending(self, item: ItemRow, job_id: str) -> tuple[str, str]:
        with suppress(NotFound):
            async for event in self._downloads.watch(job_id):
                if event.final:
                    return event.phase, event.error.code if event.error and event.phase == FAILED else ""
                if event.phase != "queued" and item.position not in self._running:
                    self._running[item.position] = item.title
                    await self._publish()
        return FAILED, InternalError.code

    async def _one_ended(self) -> None:
        """Wait until one of the jobs has. Raises what broke its watch."""
        await asyncio.wait(self._watches.values(), return_when=asyncio.FIRST_COMPLETED)
        for position in [position for position, task in self._watches.items() if task.done()]:
            self._watches.pop(position).result()

    async def _all_ended(self) -> None:
        while self._watches:
            await self._one_ended()

    async def _cancel_items(self) -> None:
        """What is no job yet never becomes one, what is one is stopped."""
        await self._table.catch_up(self.id)
        await self._table.give_up_waiting(self.id)
        for item in await self._table.items(self.id, (WORKING,)):
            self._watch(item, item.job_id)
            with suppress(NotFound):
                await self._downloads.cancel(item.job_id)

    async def _row(self) -> BatchRow:
        row = await self._table.get(self.id)
        if row is None:
            raise NotFound(f"batch {self.id}")
        return row

    async def _publish(self) -> None:
        self.feed.publish(await snapshot(self._table, await self._row(), self._running))


async def snapshot(table: BatchTable, row: BatchRow, running: Mapping[int, str]) -> BatchEvent:
    """The state of a batch as the table has it. `running`: titles of the items that are being worked on."""
    counts = await table.counts(row.id)
    queued = counts.get(WAITING, 0) + counts.get(WORKING, 0)
    failed = await table.items(row.id, (FAILED,), FAILURES_SHOWN)
    return BatchEvent(
        row.id,
        row.total,
        {
            "queued": max(queued - len(running), 0),
            "running": len(running),
            **{state: counts.get(state, 0) for state in (DONE, FAILED, CANCELLED)},
        },
        running_titles=tuple(title for _, title in sorted(running.items())),
        failures=tuple(BatchFailure(item.position, item.title, item.url, item.error_code) for item in failed),
        error_code=row.error_code,
        cancelled=row.state in {CANCELLING, CANCELLED},
        final=row.ended,
    )
