"""The guard between use cases and sites: resolve, info cache, retry. Time and dice are the test's."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.item_cache import ItemCache
from core.platform_manager import PlatformManager
from platforms.shapes import Fetched, Link, Media, Quality
from utils.cache import HybridCache
from utils.config import load_settings
from utils.errors import (
    BadPart,
    CircuitOpen,
    DeadLink,
    LoginRequired,
    MemoryShort,
    NotFound,
    OutOfMemory,
    Private,
    RateLimited,
    Removed,
    SiteDown,
    UnknownQuality,
    UnsupportedLink,
)

RETRY = load_settings({}).retry


def link(item="1", *, short=False):
    return Link(f"https://site.test/{item}", f"site:{item}", "site", "video", item, short=short)


def media(of):
    best = Quality("best", "360p", 360, "h264", 10, True, "18")
    return Media(of.platform, of.id, of.kind, of.canonical, of.url, "T", (best, replace(best, key="360p")))


class Site:
    """A platform and its registry; `fails` are raised first, one per call."""

    def __init__(self):
        self.fails = []
        self.calls = []
        self.live = False
        self.leads_to = "https://site.test/9"

    def platform(self, name):
        assert name == "site"
        return self

    def claim(self, url):
        if "nowhere" in url:
            raise UnsupportedLink(url)
        return link(url.rsplit("/", 1)[1], short="again" in url)

    def names(self):
        return ("site", "generic")

    def detect(self, text, bound):
        return text, bound

    async def resolve(self, url):
        self._call("resolve", url)
        return self.leads_to

    async def probe(self, link, _extractor, max_bytes):
        self._call("probe", link.canonical)
        assert max_bytes == 100
        await asyncio.sleep(0)
        return replace(media(link), is_live=self.live)

    async def fetch(self, media, quality, *_how):
        self._call("fetch", quality)
        return Fetched(media, ())

    def _call(self, *what):
        self.calls.append(what)
        if self.fails:
            raise self.fails.pop(0)


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def slept():
    return []


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def manager(site, slept, now):
    async def sleep(seconds):
        slept.append(seconds)

    cache = HybridCache(Path(), memory_bytes=100_000, disk_bytes=0, clock=lambda: now[0])
    items = ItemCache(cache, info_seconds=60, failure_seconds=30)
    return PlatformManager(
        site, site, RETRY, items=items, max_bytes=100, clock=lambda: now[0], sleep=sleep, rng=lambda: 0.5
    )


async def test_a_probe_is_kept_for_its_time_and_shared_meanwhile(manager, site, now):
    """Three callers and a later one ask the site once; when the time is over it is asked again."""
    await asyncio.gather(*(manager.probe(link()) for _ in range(3)))
    await manager.probe(link())
    assert len(site.calls) == 1
    now[0] = 61
    await manager.probe(link())
    assert len(site.calls) == 2


async def test_a_lasting_failure_is_not_asked_for_again_at_once(manager, site, now):
    """Deleted stays deleted for half a minute; a site in trouble is asked again, and so is what cookies may open."""
    for error, asked in ((Removed, 1), (SiteDown, 6), (LoginRequired, 2)):
        site.calls.clear()
        site.fails = [error() for _ in range(6)]
        for _ in range(2):
            with pytest.raises(error):
                await manager.probe(link(error.code))
        assert len(site.calls) == asked
    site.fails.clear()
    now[0] = 31
    assert (await manager.probe(link(Removed.code))).title == "T"


async def test_a_running_stream_is_not_remembered_for_long(manager, site, now):
    """What is live now may be over in a minute."""
    site.live = True
    await manager.probe(link())
    now[0] = 31
    await manager.probe(link())
    assert len(site.calls) == 2


async def test_what_may_pass_is_tried_again_with_growing_waits(manager, site, slept):
    """Full jitter on 2 and 4 seconds; with dice at one half that is 1 and 2."""
    site.fails = [SiteDown(), SiteDown()]
    await manager.probe(link())
    assert slept == [1.0, 2.0]


async def test_the_last_failure_is_the_one_that_is_told(manager, site):
    """After the last try the error itself is raised, not one of the retry library."""
    site.fails = [SiteDown("a"), SiteDown("b"), SiteDown("c"), SiteDown("d")]
    with pytest.raises(SiteDown) as error:
        await manager.probe(link())
    assert error.value.detail == "c"


async def test_a_bad_item_is_not_tried_again(manager, site, slept):
    """Private stays private."""
    site.fails = [Private()]
    with pytest.raises(Private):
        await manager.probe(link())
    assert (len(site.calls), slept) == (1, [])


async def test_a_site_that_names_its_wait_is_obeyed_within_reason(manager, site, slept):
    """Five seconds are waited; an hour is told to the person instead."""
    site.fails = [RateLimited(retry_after_seconds=5)]
    await manager.probe(link())
    assert slept == [5]
    site.fails = [RateLimited(retry_after_seconds=3600)]
    with pytest.raises(RateLimited):
        await manager.probe(link("2"))
    assert slept == [5]


async def test_a_short_link_is_followed_once_and_remembered(manager, site):
    """The item behind it is what is probed."""
    assert (await manager.probe(link("x", short=True))).canonical == "site:9"
    await manager.probe(link("x", short=True))
    assert site.calls == [("resolve", "https://site.test/x"), ("probe", "site:9")]


@pytest.mark.parametrize("target", ["https://site.test/nowhere", "https://site.test/again"])
async def test_a_short_link_that_leads_to_no_item_is_dead(manager, site, target):
    """A home page or one more short link."""
    site.leads_to = target
    with pytest.raises(DeadLink):
        await manager.probe(link("x", short=True))


async def test_fetch_probes_first_and_retries_too(manager, site):
    """The qualities of the probe are what the site is asked for."""
    site.fails = []
    await manager.probe(link())
    site.fails = [SiteDown()]
    fetched = await manager.fetch(link(), "best", Path("folder"), lambda _progress: None)
    assert fetched.media.canonical == "site:1"
    assert [call[0] for call in site.calls] == ["probe", "fetch", "fetch"]


async def test_best_is_stored_under_the_height_that_it_stands_for(manager, now):
    """So that "best" and "360p" share one copy; without a fresh probe the word stays, with one nonsense is refused."""
    assert manager.settle(link(), "best") == "best"
    await manager.probe(link())
    assert manager.settle(link(), "best") == "360p"
    assert manager.settle(link(), "1080p") == "360p"
    with pytest.raises(UnknownQuality):
        manager.settle(link(), "mp3")


async def test_a_part_is_settled_by_what_is_known(manager):
    """As it stands without a fresh probe; refused where the item has none such."""
    assert manager.settle_part(link(), "clip:1-2") == "clip:1-2"
    await manager.probe(link())
    assert manager.settle_part(link(), "") == ""
    assert manager.settle_part(link(), "clip:0-") == ""
    assert manager.settle_part(link(), "clip:1-2") == "clip:1-2"
    with pytest.raises(BadPart):
        manager.settle_part(link(), "live:5")


def test_detect_is_the_registry(manager):
    """With the bound that was asked for."""
    assert manager.detect("text", 3) == ("text", 3)


async def test_a_site_is_paused_and_resumed_by_name(manager, site):
    """Nobody asks it meanwhile; names that nothing stands behind are refused."""
    manager.pause("site", None)
    with pytest.raises(CircuitOpen):
        await manager.probe(link())
    assert site.calls == []
    manager.resume("site")
    await manager.probe(link())
    for name in ("nowhere", "generic"):
        with pytest.raises(NotFound):
            manager.pause(name, 5)


async def test_a_page_that_the_kernel_did_not_let_us_read_is_read_later(manager, site, tmp_path):
    """Within a job: it is put back into the queue. Whoever only looks is told what is wrong."""
    site.fails = [OutOfMemory("SIGKILL") for _ in range(6)]
    with pytest.raises(MemoryShort, match="SIGKILL"):
        await manager.fetch(link(), "360p", tmp_path, print)
    site.fails = [OutOfMemory("SIGKILL") for _ in range(6)]
    with pytest.raises(OutOfMemory):
        await manager.probe(link("2"))
