"""`info` and `get` on a list: a page of it, or its items as a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from platforms.shapes import LIST_KINDS
from services.batch_shapes import BatchOrder
from services.list_shapes import batch_shape, listing_shape
from services.ranges import ALL, parse_ranges
from services.shapes import error_shape
from utils.errors import EmptyList, InternalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.delivery import FolderDelivery
    from platforms.shapes import Link, Listing
    from services.app import App
    from services.batch_shapes import BatchEvent


def list_of(app: App, link: Link, *, wanted: bool) -> Link | None:
    """The list that a link is; where one is `wanted`, also the one that it names beside its item, else the item."""
    if link.kind in LIST_KINDS:
        return link
    return (app.downloads.beside(link) or link) if wanted else None


async def page(app: App, link: Link, number: int, count: int) -> dict[str, Any]:
    """The page of that number with `count` items. Raises a GoldcrestError."""
    listing = await app.downloads.page(link, (number - 1) * count + 1, count)
    return {"ok": True, "list": listing_shape(listing)}


async def get(
    app: App, link: Link, quality: str, delivery: FolderDelivery, *, items: str, show: Callable[[BatchEvent], None]
) -> dict[str, Any]:
    """Download items of a list into the delivery's folder; `ok` is false where nothing came.

    Raises a GoldcrestError where the list or the selection can't be read.
    """
    listing = await app.downloads.page(link, 1, 1)
    ranges = parse_ranges(items or ALL, listing.total, bound=app.batches.bound)
    app.downloads.deliver_to("cli", delivery)
    batch = await app.batches.submit(BatchOrder("cli", quality, listing=link, ranges=ranges, title=listing.title))
    event = None
    async for event in app.batches.watch(batch.id):
        show(event)
    if event is None:
        raise InternalError("the batch ended without a result")
    shape = batch_shape(event, app.texts)
    answer = {
        "ok": bool(delivery.files),
        "list": _head(listing),
        "items": str(ranges),
        "clipped": ranges.clipped,
        "quality": quality,
        "counts": event.counts,
        "files": sorted(delivery.files, key=lambda file: file["position"]),
        "failures": shape["failures"],
    }
    if event.error_code:
        answer["error"] = shape["error"]
    elif not delivery.files:
        reasons = shape["failures"] or [{"error": error_shape(EmptyList(), app.texts)}]
        answer["error"] = reasons[0]["error"]
    return answer


def _head(listing: Listing) -> dict[str, Any]:
    shape = listing_shape(listing)
    return {key: value for key, value in shape.items() if key not in {"entries", "shelves", "first", "more"}}
