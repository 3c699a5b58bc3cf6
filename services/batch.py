"""Many items in one order: one job for each, fed to the queue little by little, told as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final

import structlog

from core.batch_table import CANCELLING, DONE, OPEN, WAITING, WORKING, BatchRow, BatchTable, ItemRow
from platforms.shapes import QUALITY_KEYS
from services.batch_run import BatchRun, snapshot
from services.batch_shapes import Batch, BatchEvent, BatchFailure, BatchItem, BatchOrder, BatchReport
from services.ranges import parse_ranges
from utils.errors import BadRange, NoLink, NotAllowed, NotFound, ShuttingDown, UnknownQuality
from utils.health import Health

if TYPE_CHECKING:
    from services.downloads import Downloads

__all__ = ["Batch", "BatchEvent", "BatchFailure", "BatchItem", "BatchOrder", "BatchReport", "Batches"]

log = structlog.get_logger()
#: rest after a run that broke (disk full, database locked)
TROUBLE_SECONDS: Final = 5.0
#: tries to show an end, each after twice the time of the one before; the next start tries again
END_TRIES: Final = 5


class Batches:
    """A part: `start` goes on with the open batches of the last process, `stop` leaves them open.

    `bound`: items of one batch; `parallel`: jobs of one batch that are in the queue at the same time.
    """

    def __init__(
        self,
        downloads: Downloads,
        table: BatchTable,
        *,
        bound: int,
        parallel: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.bound = bound
        self._downloads = downloads
        self._table = table
        self._parallel = parallel
        self._sleep = sleep
        self._stopping = False
        self._runs: dict[str, BatchRun] = {}
        self._reports: dict[str, BatchReport] = {}
        self._shows: dict[str, asyncio.Task[None]] = {}
        self._takers: dict[str, asyncio.Task[None]] = {}
        self._feeders: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Go on with what is open."""
        self._stopping = False
        for row in await self._table.under_way():
            await self._launch(row)

    async def stop(self) -> None:
        """Feed no more; what is open stays open for the next start."""
        self._stopping = True
        self._feeders.clear()
        self._shows.clear()
        self._takers.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def restart(self) -> None:
        """Feed and show again what nobody feeds or shows."""
        for batch_id in _dead(self._feeders):
            self._feed(self._runs[batch_id])
        if self._unshown():
            self._shows = {batch_id: task for batch_id, task in self._shows.items() if not task.done()}
            for front, report in self._reports.items():
                self.report_to(front, report)

    def health(self) -> Health:
        """Whether every open batch is fed, and shown by its front."""
        if unfed := len(_dead(self._feeders)):
            return Health(ok=False, detail=f"batches that nobody feeds: {unfed}")
        return Health(ok=False, detail="there are batches that nobody shows") if self._unshown() else Health()

    def report_to(self, front: str, report: BatchReport) -> None:
        """Show a front's batches from now on: the open ones, and those whose end it hasn't shown yet."""
        self._reports[front] = report
        self._takers[front] = self._spawn(self._take_over(front), f"batches of {front}")

    async def submit(self, order: BatchOrder) -> Batch:
        """Accept a batch: it is written first and told afterwards.

        Raises Busy (too many open batches), UnknownQuality, BadRange (more items than `bound`), NoLink (none at all)
        or ShuttingDown.
        """
        if self._stopping:
            raise ShuttingDown
        if order.quality not in QUALITY_KEYS:
            raise UnknownQuality(order.quality, quality=order.quality)
        if order.listing is None and not order.links:
            raise NoLink("an order without items")
        ranges = order.ranges or parse_ranges("all", bound=self.bound)
        if (len(order.links) if order.listing is None else len(ranges)) > self.bound:
            raise BadRange("more than the bound", bound=self.bound)
        links = order.links if order.listing is None else ()
        titles = (*order.titles, *("" for _ in links))
        row = await self._table.add(
            order.front,
            order.title,
            order.quality,
            order.user_id,
            order.target,
            listing=order.listing,
            ranges=str(ranges) if order.listing else "",
            items=[
                ItemRow(position, link, link.url, title or link.url)
                for position, (link, title) in enumerate(zip(links, titles, strict=False), 1)
            ],
        )
        log.info("batch accepted", batch=row.id, front=row.front, items=row.total)
        await self._launch(row)
        return _batch(row)

    async def batch(self, batch_id: str) -> Batch:
        """One batch. Raises NotFound."""
        return _batch(await self._row(batch_id))

    async def under_way(self, front: str, target: Mapping[str, object]) -> bool:
        """Whether a batch for a target that begins with these fields has not ended."""
        return await self._table.at_work(front, target)

    async def items(self, batch_id: str) -> tuple[BatchItem, ...]:
        """Its items as far as they were read, by position. Raises NotFound."""
        await self._row(batch_id)
        return tuple(_item(item) for item in await self._table.items(batch_id))

    async def watch(self, batch_id: str) -> AsyncIterator[BatchEvent]:
        """Events from the present state on; ends after the final one. Raises NotFound."""
        run = self._runs.get(batch_id)
        if run is None:
            yield await snapshot(self._table, await self._row(batch_id), {})
            return
        async for event in run.feed.follow():
            yield event

    async def cancel(self, batch_id: str, user_id: int | None = None) -> bool:
        """Stop feeding and cancel every open job; False where it has ended already. `user_id` None: the operator.

        One job of it is cancelled with `Downloads.cancel`. Raises NotFound, and NotAllowed for somebody else's batch.
        """
        row = await self._row(batch_id)
        if user_id is not None and row.user_id != user_id:
            raise NotAllowed("somebody else's batch")
        if not await self._table.move(batch_id, (OPEN,), CANCELLING):
            return False
        if (run := self._runs.get(batch_id)) is not None:
            run.cancel()
        return True

    async def _row(self, batch_id: str) -> BatchRow:
        row = await self._table.get(batch_id)
        if row is None:
            raise NotFound(f"batch {batch_id}")
        return row

    async def _launch(self, row: BatchRow) -> None:
        first = await snapshot(self._table, row, {})
        run = BatchRun(first, self._table, self._downloads, parallel=self._parallel, sleep=self._sleep)
        self._runs[row.id] = run
        self._feed(run)
        if row.front in self._reports:
            self._tell(row)

    def _feed(self, run: BatchRun) -> None:
        self._feeders[run.id] = self._spawn(self._carry(run), f"batch {run.id}")

    def _unshown(self) -> bool:
        return bool(_dead(self._shows) or _dead(self._takers))

    async def _carry(self, run: BatchRun) -> None:
        """Run a batch to its end, again where something of ours broke it off."""
        while True:
            try:
                await run.run()
                break
            except ShuttingDown:
                self._feeders.pop(run.id, None)
                return
            except Exception:  # the edge of a batch: its items must not be lost while the process lives
                log.exception("batch broke", batch=run.id)
                await self._sleep(TROUBLE_SECONDS)
        log.info("batch ended", batch=run.id, **run.feed.latest.counts)
        self._runs.pop(run.id, None)
        self._feeders.pop(run.id, None)

    async def _take_over(self, front: str) -> None:
        """Show what the table knows of a front, again where something of ours broke it off."""
        while True:
            try:
                rows = [*await self._table.under_way(), *await self._table.untold(front)]
                break
            except Exception:  # nobody awaits it, and a front comes up once
                log.exception("batches of a front could not be read", front=front)
                await self._sleep(TROUBLE_SECONDS)
        for row in rows:
            if row.front == front:
                self._tell(row)
        self._takers.pop(front, None)

    def _tell(self, row: BatchRow) -> None:
        if row.id not in self._shows:
            self._shows[row.id] = self._spawn(self._show(row), f"report {row.id}")

    async def _show(self, row: BatchRow) -> None:
        """Carry the states of one batch to its front."""
        async for event in self.watch(row.id):
            tries = END_TRIES if event.final else 1
            for number in range(tries):
                try:
                    await self._reports[row.front](_batch(row, event), event)
                    if event.final:
                        await self._table.told(row.id)
                    break
                except Exception:
                    log.exception("report of a batch broke", batch=row.id)
                if event.final:
                    await self._sleep(TROUBLE_SECONDS * 2**number)
        self._shows.pop(row.id, None)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _dead(tasks: Mapping[str, asyncio.Task[None]]) -> list[str]:
    """Those that ended before what they are there for: they leave the books by themselves at its end."""
    return [name for name, task in tasks.items() if task.done()]


def _batch(row: BatchRow, event: BatchEvent | None = None) -> Batch:
    total = event.total if event else row.total
    ended = event.final if event else row.ended
    return Batch(row.id, row.front, row.title, row.quality, row.user_id, row.target, total, row.created_at, ended)


def _item(item: ItemRow) -> BatchItem:
    state = {WAITING: "queued", WORKING: "running", DONE: "done"}.get(item.state, item.state)
    return BatchItem(item.position, item.title, item.url, state, item.job_id, item.error_code)
