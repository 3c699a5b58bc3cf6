"""What of sites is remembered, and for how long."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.item_cache import LEAD_SECONDS, LIVE_SECONDS, ItemCache
from platforms.shapes import Entry, Link, Listing, Media, Quality
from utils.cache import HybridCache
from utils.errors import GoldcrestError, LoginRequired, NotLiveYet, Private, Removed, SiteDown, StillProcessing

BEST = Quality("best", "1080p", 1080, "h264", 84 << 20, True, "137+140")
MEDIA = Media("site", "1", "video", "site:1", "https://site.test/1", "A heron", (BEST,), 6.2, tags=("birds",))
LINK = Link("site", "1", "video", "site:1", "https://site.test/1", start_seconds=7.0)
ENTRY = Entry(1, "https://site.test/1", "A heron", 61.0)
LISTING = Listing("site", "list", "site:list:1", "https://site.test/l/1", "Birds", "Anna", 40, 1, (ENTRY,), more=True)


class World:
    """A cache on a clock that tests move, and how often something was loaded."""

    def __init__(self, **seconds):
        self.now = 1_700_000_000.0
        self.cache = HybridCache(Path(), memory_bytes=1 << 20, disk_bytes=0, clock=lambda: self.now)
        self.items = ItemCache(self.cache, info_seconds=600, **seconds)
        self.loads = 0

    async def ask(self, answer):
        """What the cache gives for one item; a load ends in `answer`."""

        async def load():
            self.loads += 1
            if isinstance(answer, GoldcrestError):
                raise answer
            return answer

        return await self.items.media.get_or_load("site:1", load)


async def test_an_item_is_asked_for_once_until_its_time_is_over():
    """With everything that was found out about it."""
    world = World()
    assert await world.ask(MEDIA) == MEDIA
    world.now += 599
    assert await world.ask(Removed()) == MEDIA
    world.now += 2
    assert await world.ask(replace(MEDIA, title="Two herons")) != MEDIA
    assert world.loads == 2


async def test_an_old_item_is_shown_while_it_is_asked_for_anew():
    """For as long as the settings say."""
    world = World(stale_seconds=100)
    await world.ask(MEDIA)
    world.now += 650
    assert await world.ask(replace(MEDIA, title="Two herons")) == MEDIA
    assert world.items.figures()["stale"] == 1


async def test_a_running_stream_is_looked_at_again_soon():
    """It may be over, and is never shown stale; where items are not kept at all it isn't either."""
    world = World(stale_seconds=100)
    live = replace(MEDIA, is_live=True)
    assert await world.ask(live) == live
    world.now += LIVE_SECONDS - 1
    assert await world.ask(MEDIA) == live
    world.now += 2
    assert await world.ask(MEDIA) == MEDIA
    assert ItemCache(info_seconds=0)._lasting(live) == (0, 0)


@pytest.mark.parametrize(
    ("error", "loads"),
    [
        *((Removed("gone"), 1), (Private(), 1)),
        # by cookies, a wait or another try these may become something
        *((LoginRequired(), 2), (NotLiveYet(), 2), (StillProcessing(), 2), (SiteDown(), 2)),
    ],
)
async def test_a_failure_that_lasts_is_remembered(error, loads):
    """A site isn't asked again and again for what is gone, and tells it as it told it first."""
    world = World(failure_seconds=60)
    for _ in range(2):
        with pytest.raises(type(error)) as told:
            await world.ask(error)
        assert told.value.detail == error.detail
    assert world.loads == loads
    world.now += 61
    assert await world.ask(MEDIA) == MEDIA


async def test_no_failure_is_remembered_unless_the_settings_say_so():
    world = World()
    for _ in range(2):
        with pytest.raises(Removed):
            await world.ask(Removed())
    assert world.loads == 2


async def test_short_links_and_windows_of_lists_are_kept_too():
    """Where a short link leads stays longer than any item; names of the three kinds don't meet."""
    world = World()
    world.items.leads.set("x", LINK)
    world.items.windows.set("x", LISTING)
    assert (world.items.leads.get("x"), world.items.windows.get("x")) == (LINK, LISTING)
    assert world.items.media.get("x") is None
    world.now += 601
    assert (world.items.leads.get("x"), world.items.windows.get("x")) == (LINK, None)
    world.now += LEAD_SECONDS
    assert world.items.leads.get("x") is None


async def test_without_a_cache_it_has_a_small_one_of_its_own():
    """In memory only."""
    items = ItemCache(info_seconds=60)
    items.media.set("x", MEDIA)
    assert items.media.get("x") == MEDIA
    assert items.figures()["disk"]["bound_bytes"] == 0
