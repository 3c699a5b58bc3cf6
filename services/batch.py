"""Many items in one order: one job for each, fed to the queue little by little, told as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from services.batch_shapes import Batch, BatchEvent, BatchFailure, BatchItem, BatchOrder, BatchReport

if TYPE_CHECKING:
    from core.batch_table import BatchTable
    from services.downloads import Downloads

__all__ = ["Batch", "BatchEvent", "BatchFailure", "BatchItem", "BatchOrder", "BatchReport", "Batches"]


class Batches:
    """A part: `start` goes on with the open batches of the last process, `stop` leaves them open."""

    def __init__(self, downloads: Downloads, table: BatchTable) -> None:
        self._downloads = downloads
        self._table = table

    def report_to(self, front: str, report: BatchReport) -> None:
        """Show a front's batches from now on: the open ones, and those whose end it hasn't shown yet."""
        raise NotImplementedError

    async def submit(self, order: BatchOrder) -> Batch:
        """Accept a batch: it is written first and told afterwards.

        Raises Busy (too many batches or items), UnknownQuality, BadRange or ShuttingDown.
        """
        raise NotImplementedError

    async def batch(self, batch_id: str) -> Batch:
        """One batch. Raises NotFound."""
        raise NotImplementedError

    async def items(self, batch_id: str) -> tuple[BatchItem, ...]:
        """Its items as far as they were read, by position. Raises NotFound."""
        raise NotImplementedError

    def watch(self, batch_id: str) -> AsyncIterator[BatchEvent]:
        """Events from the present state on; ends after the final one. Raises NotFound."""
        raise NotImplementedError

    async def cancel(self, batch_id: str, user_id: int | None = None) -> bool:
        """Stop feeding and cancel every open job; False where it has ended already. `user_id` None: the operator.

        One job of it is cancelled with `Downloads.cancel`. Raises NotFound, and NotAllowed for somebody else's batch.
        """
        raise NotImplementedError
