"""Pages of lists out of windows that are read once and kept for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from utils.single_flight import SingleFlight

if TYPE_CHECKING:
    from platforms.shapes import Link, Listing

#: items that are read at once: three pages of a menu, and no more than most sites give for one request
WINDOW: Final = 30
#: windows in memory, of about 10 kB each
WINDOWS: Final = 64
#: the longest page, and the last position that anybody is led to
PAGE_BOUND: Final = 100
LAST: Final = 100_000


class ListPages:
    """`read(link, first, count)` asks the site; `seconds`: how long an answer is good for."""

    def __init__(
        self,
        read: Callable[[Link, int, int], Awaitable[Listing]],
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[tuple[str, int], tuple[float, Listing]] = OrderedDict()
        self._reading: SingleFlight[Listing] = SingleFlight()

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
        key = link.canonical, number
        until, known = self._kept.get(key, (0.0, None))
        if known is not None and until > self._clock():
            self._kept.move_to_end(key)
            return known
        listing = await self._reading.run(key, lambda: self._read(link, number * WINDOW + 1, WINDOW))
        self._kept[key] = (self._clock() + self._seconds, listing)
        self._kept.move_to_end(key)
        while len(self._kept) > WINDOWS:
            self._kept.popitem(last=False)
        return listing
