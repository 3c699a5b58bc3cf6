"""JSON shapes of lists and batches that the terminal and the REST API share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.shapes import error_shape
from utils.errors import error_by_code

if TYPE_CHECKING:
    from platforms.shapes import Entry, Listing
    from services.batch_shapes import BatchEvent, BatchFailure
    from utils.texts import Texts


def listing_shape(listing: Listing) -> dict[str, Any]:
    """A page of a list; `total` null where nobody knows it."""
    return {
        "platform": listing.platform,
        "kind": listing.kind,
        "canonical": listing.canonical,
        "url": listing.url,
        "title": listing.title,
        "uploader": listing.uploader,
        "total": listing.total,
        "first": listing.first,
        "more": listing.more,
        "entries": [entry_shape(entry) for entry in listing.entries],
        "shelves": [{"url": shelf.url, "title": shelf.title} for shelf in listing.shelves],
    }


def entry_shape(entry: Entry) -> dict[str, Any]:
    """One item; `url` empty for one that the site hides."""
    return {
        "position": entry.position,
        "url": entry.url,
        "title": entry.title,
        "duration_seconds": entry.duration_seconds,
    }


def batch_shape(event: BatchEvent, texts: Texts) -> dict[str, Any]:
    """The state of a batch; `error`: why the list could not be read further."""
    return {
        "id": event.batch_id,
        "total": event.total,
        "counts": event.counts,
        "running": list(event.running_titles),
        "failures": [failure_shape(failure, texts) for failure in event.failures],
        "error": error_shape(error_by_code(event.error_code)(), texts) if event.error_code else None,
        "cancelled": event.cancelled,
        "final": event.final,
    }


def failure_shape(failure: BatchFailure, texts: Texts) -> dict[str, Any]:
    """An item that didn't come, and why."""
    error = error_by_code(failure.error_code)()
    return {
        "position": failure.position,
        "title": failure.title,
        "url": failure.url,
        "error": error_shape(error, texts),
    }
