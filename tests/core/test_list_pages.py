"""Pages of lists: read in windows, kept for a while, bounded in every direction."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.item_cache import ItemCache
from core.list_pages import LAST, PAGE_BOUND, WINDOW, ListPages
from platforms.shapes import Entry, Link, Listing
from utils.cache import HybridCache
from utils.errors import SiteDown

LINK = Link("https://site.test/l", "site:playlist:l", "site", "playlist", "l")


class Site:
    """A list of `length` items."""

    def __init__(self, length: int = 75, *, told: bool = False) -> None:
        self.length = length
        self.told = told
        self.reads: list[tuple[str, int, int]] = []
        self.fails = 0
        self.now = 0.0
        cache = HybridCache(Path(), memory_bytes=1 << 20, disk_bytes=0, clock=lambda: self.now)
        self.pages = ListPages(self.read, ItemCache(cache, info_seconds=60).windows)

    async def read(self, link: Link, first: int, count: int) -> Listing:
        self.reads.append((link.id, first, count))
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise SiteDown
        last = min(first + count - 1, self.length)
        entries = tuple(Entry(number, "", str(number)) for number in range(first, last + 1))
        total = self.length if self.told or (entries and last == self.length) else None
        return Listing("site", "playlist", link.canonical, link.url, "", "", total, first, entries, last < self.length)


@given(st.integers(-5, 300), st.integers(-5, 150), st.integers(0, 160))
def test_a_page_is_what_stands_there(first: int, count: int, length: int):
    """Whatever is asked for: these positions, and whether something follows."""
    page = asyncio.run(Site(length).pages.page(LINK, first, count))
    begin, most = max(first, 1), min(max(count, 1), PAGE_BOUND)
    expected = [number for number in range(begin, begin + most) if number <= length]
    assert [entry.position for entry in page.entries] == expected
    assert page.first == begin
    assert page.more is (begin + most <= length)


async def test_what_was_read_is_not_read_again_for_a_while():
    """Three pages of ten cost one question, until it is too old; callers at the same time share it."""
    site = Site()
    await asyncio.gather(*(site.pages.page(LINK, first, 10) for first in (1, 11, 21)))
    assert site.reads == [("l", 1, WINDOW)]
    await site.pages.page(LINK, 26, 10)
    assert site.reads[1:] == [("l", 31, WINDOW)]
    site.now = 60
    await site.pages.page(LINK, 1, 10)
    assert len(site.reads) == 3


async def test_a_failure_is_not_kept():
    """The next one asks again."""
    site = Site()
    site.fails = 1
    with pytest.raises(SiteDown):
        await site.pages.page(LINK, 1, 10)
    assert (await site.pages.page(LINK, 1, 10)).entries


async def test_the_length_is_told_where_it_is_known():
    """By the site at once, else at the end of the list."""
    assert (await Site(told=True).pages.page(LINK, 1, 10)).total == 75
    site = Site()
    assert (await site.pages.page(LINK, 1, 10)).total is None
    assert (await site.pages.page(LINK, 61, 10)).total == 75


async def test_nobody_is_led_further_than_the_last_position():
    """Walking to it is paid by everybody."""
    site = Site(10**9)
    assert (await site.pages.page(LINK, 10**12, 1)).first == LAST
