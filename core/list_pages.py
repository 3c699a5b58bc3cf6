"""Pages of lists out of windows that are read once and kept for a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from platforms.shapes import Link, Listing
    from utils.cached import Cached

#: items that are read at once: three pages of a menu, and no more than most sites give for one request
WINDOW: Final = 30
#: the longest page, and the last position that anybody is led to
PAGE_BOUND: Final = 100
LAST: Final = 100_000


class ListPages:
    """`read(link, first, count)` asks the site; `windows` keeps what it says."""

    def __init__(self, read: Callable[[Link, int, int], Awaitable[Listing]], windows: Cached[Listing]) -> None:
        self._read = read
        self._windows = windows

    async def page(self, link: Link, first: int, count: int) -> Listing:
        """At most `count` (1 to PAGE_BOUND) items from the position `first` (1 to LAST) on.

        `total` is told as soon as the list's end was seen, also where the site doesn't tell it.
        """
        first = min(max(first, 1), LAST)
        end = first + min(max(count, 1), PAGE_BOUND)
        windows = [await self._window(link, (first - 1) // WINDOW)]
        while windows[-1].more and len(windows) * WINDOW + windows[0].first < end:
            windows.append(await self._window(link, (first - 1) // WINDOW + len(windows)))
        entries = [entry for window in windows for entry in window.entries if entry.position >= first]
        return replace(
            windows[-1],
            first=first,
            entries=tuple(entry for entry in entries if entry.position < end),
            more=windows[-1].more or any(entry.position >= end for entry in entries),
        )

    async def _window(self, link: Link, number: int) -> Listing:
        return await self._windows.get_or_load(
            f"{link.canonical}:{number}", lambda: self._read(link, number * WINDOW + 1, WINDOW)
        )
