"""What a child is told: the order of a download, its limits, and the kind of work that memory knows it as."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from platforms.extractor.protocol import Limits, Order

if TYPE_CHECKING:
    from pathlib import Path

    from platforms.shapes import FetchOrder
    from utils.config import Settings

MEBIBYTE: Final = 1 << 20


def fetch_order(order: FetchOrder, folder: Path) -> Order:
    """The order of a whole item into an absolute folder, as yet without limits."""
    return Order(
        "fetch",
        order.url,
        "",
        options=dict(order.options),
        folder=str(folder),
        format_id=order.format_id,
        audio=order.audio,
        title=order.title,
        originals=order.originals,
        max_bytes=order.max_bytes,
    )


def limits_of(settings: Settings, seconds: float, file_bytes: int) -> Limits:
    """The limits of a child that may work so long and write files of that size."""
    bounds = settings.extractor
    return Limits(
        memory_bytes=bounds.child_memory_mb * MEBIBYTE,
        cpu_seconds=ceil(seconds) + 1,
        file_bytes=file_bytes,
        landlock=settings.sandbox.landlock,
        socket_timeout_seconds=bounds.socket_timeout_seconds,
        retries=bounds.retries,
        # A server that doesn't answer must not make the whole probe look stalled.
        size_seconds=min(bounds.size_seconds, bounds.stall_seconds / 2),
    )


def kind_of(order: Order) -> str:
    """What memory knows such a child as."""
    if order.op == "fetch":
        return "record" if order.record_seconds else "fetch"
    return "probe" if order.op == "extract" else "read"
