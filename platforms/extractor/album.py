"""A post of several pictures and videos as one choice: all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from platforms.extractor.formats import qualities
from platforms.extractor.offers import PICTURE_FILES
from platforms.shapes import Quality

#: Files of one post: two of Telegram's albums, and as much as any of the sites takes.
MOST_FILES: Final = 20
#: stands between the formats of the items, and for an item that can't be had
BETWEEN: Final = ","
NOTHING: Final = "none"


def album(entries: Sequence[Mapping[str, Any]], max_bytes: int) -> Quality | None:
    """The best of each item as one quality; None where there is nothing to fetch."""
    menus = [qualities(entry, max_bytes)[0] for entry in entries[:MOST_FILES] if entry.get("formats")]
    best = [menu[0] for menu in menus if menu]
    if not best:
        return None
    photos = sum(each.ext in PICTURE_FILES for each in best)
    sizes = [each.size_bytes for each in best if each.size_bytes is not None]
    size = sum(sizes) if len(sizes) == len(best) else None
    return Quality(
        key="best",
        label=_label(photos, len(best) - photos),
        height=None,
        codec="",
        size_bytes=size,
        fits=sum(sizes) <= max_bytes,
        format_id=BETWEEN.join(menu[0].format_id if menu else NOTHING for menu in menus),
        ext="mp4" if photos < len(best) else "jpg",
        approximate=size is not None and any(each.approximate for each in best),
    )


def _label(photos: int, videos: int) -> str:
    """Such as "3 photos · 2 videos"."""
    counts = ((photos, "photo"), (videos, "video"))
    return " · ".join(f"{count} {word}{'s' * (count > 1)}" for count, word in counts if count)
