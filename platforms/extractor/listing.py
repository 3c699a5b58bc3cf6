"""A page of a list: what of yt-dlp's answer crosses from the worker, and what becomes of it here."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from platforms.extractor.lines import one_line
from platforms.extractor.protocol import encode
from platforms.extractor.trim import fitting_info
from platforms.shapes import Entry, Link, Listing
from utils.errors import EmptyList

#: items of one answer; with the bounds below they fit into a reply, whatever characters they are made of
ENTRIES: Final = 128
TITLE_CHARACTERS: Final = 200
#: bytes of an address in JSON; an item with a longer one is listed without it
ADDRESS_BYTES: Final = 4096
#: the longest item that anybody publishes, in seconds
LONGEST: Final = 10 * 365 * 86_400


def list_info(info: Mapping[str, Any], most_bytes: int) -> dict[str, Any]:
    """In the worker: the trimmed info of a list, its entries cut down to position, address, title and duration."""
    if "entries" not in info:
        return fitting_info(info, most_bytes)
    entries = list(info["entries"] or ())
    numbers = info.get("requested_entries") or count(1)
    head = fitting_info({**info, "entries": []}, most_bytes)
    return {**head, "entries": [_entry(*each) for each in zip(numbers, entries, strict=False)][:ENTRIES]}


def listing(info: Mapping[str, Any], link: Link, first: int, most: int) -> Listing:
    """The page of `most` items from the position `first` on, out of an answer that was asked for one item more.

    A link that turns out to lead to a single item is a list of that. Raises EmptyList for a list without any.
    """
    found = [_told(each) for each in info.get("entries") or () if isinstance(each, Mapping)]
    if "entries" not in info:
        found = [Entry(1, link.url, one_line(info.get("title"), TITLE_CHARACTERS), _seconds(info.get("duration")))]
    if not found and first == 1:
        raise EmptyList
    entries = tuple(each for each in found if first <= each.position < first + most)
    more = any(each.position >= first + most for each in found)
    told = info.get("playlist_count")
    total = told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None
    last = entries[-1].position if entries else 0
    known = total if total is not None and total > last else None
    if entries and not more:  # the end itself is in sight, whatever the site counts
        known = last
    return Listing(
        platform=link.platform,
        kind=link.kind,
        canonical=link.canonical,
        url=link.url,
        title=one_line(info.get("title"), TITLE_CHARACTERS) or link.id,
        uploader=one_line(info.get("uploader") or info.get("channel"), TITLE_CHARACTERS),
        total=known,
        first=first,
        entries=entries,
        more=more,
    )


def _entry(position: object, entry: object) -> dict[str, Any]:
    fields = entry if isinstance(entry, Mapping) else {}
    addresses = (fields.get(name) for name in ("url", "webpage_url", "original_url"))
    return {
        "position": position if isinstance(position, int) else 0,
        "url": next((url for url in addresses if _is_address(url)), ""),
        "title": one_line(fields.get("title") or fields.get("id"), TITLE_CHARACTERS),
        "duration": _seconds(fields.get("duration")),
    }


def _told(entry: Mapping[str, Any]) -> Entry:
    """What the worker says, believed as far as it makes sense."""
    position, url = entry.get("position"), entry.get("url")
    return Entry(
        position if isinstance(position, int) else 0,
        str(url) if _is_address(url) else "",
        one_line(entry.get("title"), TITLE_CHARACTERS),
        _seconds(entry.get("duration")),
    )


def _is_address(url: object) -> bool:
    return (
        isinstance(url, str)
        and url.startswith(("https://", "http://"))
        and url.isprintable()
        and len(encode({"": url[:ADDRESS_BYTES]})) <= ADDRESS_BYTES
    )


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 < value < LONGEST else None
