"""Lists through the guard between use cases and sites."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.item_cache import ItemCache
from core.list_pages import WINDOW
from core.platform_manager import PlatformManager
from platforms.shapes import Entry, Link, Listing
from tests.core.test_platform_manager import RETRY, Site, link
from utils.errors import EmptyList, SiteDown

LIST = replace(link("list"), kind="playlist", canonical="site:playlist:list")


class Lists(Site):
    """A site whose items all stand in one list."""

    def claim(self, url: str) -> Any:
        return LIST if url.endswith("list") else super().claim(url)

    async def page(self, listing: Link, _extractor: Any, first: int, count: int) -> Listing:
        self._call("page", first, count)
        entry = Entry(first, "", "T")
        return Listing("site", "playlist", listing.canonical, listing.url, "", "", 1, first, (entry,), more=False)

    def beside(self, of: Link) -> Link | None:
        return LIST if of.id == "1" else None


@pytest.fixture
def site() -> Lists:
    return Lists()


@pytest.fixture
def manager(site: Any) -> PlatformManager:
    async def sleep(_seconds: float) -> None:
        return

    return PlatformManager(
        site, site, RETRY, max_bytes=100, items=ItemCache(info_seconds=60), sleep=sleep, rng=lambda: 0.5
    )


async def test_a_page_is_asked_for_again_where_that_may_help(manager: PlatformManager, site: Lists):
    """A site in trouble is tried again, an empty list isn't; what came is kept."""
    site.fails = [SiteDown(), EmptyList()]
    with pytest.raises(EmptyList):
        await manager.page(LIST)
    assert [entry.position for entry in (await manager.page(LIST, 1, 10)).entries] == [1]
    await manager.page(LIST, 1, 10)
    assert site.calls == [("page", 1, WINDOW)] * 3


async def test_a_short_link_may_lead_to_a_list(manager: PlatformManager, site: Lists):
    """It is resolved first."""
    site.leads_to = "https://site.test/list"
    assert (await manager.page(link("s", short=True))).canonical == LIST.canonical


async def test_the_list_beside_an_item_is_the_sites_to_tell(manager: PlatformManager):
    """Nobody is asked; a short link tells nothing before it is resolved."""
    assert manager.beside(link("1")) is LIST
    assert manager.beside(link("2")) is None
    assert manager.beside(link("1", short=True)) is None
