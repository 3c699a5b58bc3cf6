"""What costs whom a turn: the platform manager with real limits and identities. Time and dice are the test's."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from core.identities import Identities
from core.item_cache import ItemCache
from core.limits import Limits
from core.platform_manager import PlatformManager
from platforms.shapes import Identity, Link, Media, Quality
from utils.cache import HybridCache
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.config import load_settings
from utils.errors import IdentitiesResting, RateLimited, Removed, SiteDown, TooFast
from utils.rate_limiter import MemoryStore

SETTINGS = load_settings({})
NORTH, SOUTH = Identity("north", proxy="http://north.test"), Identity("south", proxy="http://south.test")


def link(item="1", *, short=False, site="site"):
    return Link(f"https://{site}.test/{item}", f"{site}:{item}", site, "video", item, short=short)


class World:
    """A site of one request per second; `fails` are raised first, one per request. Only waits move the clock."""

    def __init__(self, *members, burst=9, user_burst=9, per_minute=600):
        self.now = 1000.0
        self.asked = 0
        self.fails = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.breakers = Breakers(BreakerPolicy(), clock=self.clock)
        rates = structs.replace(
            SETTINGS.limits, platform_burst=burst, user_burst=user_burst, global_per_minute=per_minute
        )
        store = MemoryStore(clock=self.clock)
        self.limits = Limits(rates, lambda _: 1.0, store, sleep=self.sleep)
        site: Any = self
        self.manager = PlatformManager(
            site,
            site,
            SETTINGS.retry,
            items=ItemCache(
                HybridCache(Path(), memory_bytes=100_000, disk_bytes=0, clock=self.clock),
                info_seconds=60,
                stale_seconds=600,
            ),
            max_bytes=100,
            breakers=self.breakers,
            identities=Identities({"site": members} if members else {}, self.breakers, rng=lambda: 0.5),
            limits=self.limits,
            clock=self.clock,
            sleep=self.sleep,
            rng=lambda: 0.5,
        )

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)

    def platform(self, _name):
        return self

    def as_identity(self, _identity):
        return self

    def claim(self, url):
        return link(url.rpartition("/")[2])

    async def resolve(self, _url):
        await self.answer()
        return "https://site.test/9"

    async def probe(self, of, _extractor, _max_bytes):
        await self.answer()
        best = Quality("best", "360p", 360, "h264", 10, True, "18")
        return Media(of.platform, of.id, of.kind, of.canonical, of.url, "T", (best,))

    async def answer(self):
        self.asked += 1
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop(0)

    @property
    def slowed(self):
        return self.limits.figures()["slowed"]

    @property
    def turns(self):
        return self.limits.figures()["admitted"]

    async def exhaust(self):
        """The next turn of the site is further away than people wait."""
        for _ in range(6):
            self.limits.answered("site", RateLimited())
        with pytest.raises(TooFast):
            while True:
                await self.limits.site("site")


async def test_each_attempt_waits_for_its_turn():
    """A retry is a request like any other, and one host's turns are not another's."""
    world = World()
    world.fails = [SiteDown(), SiteDown()]
    await world.manager.probe(link())
    assert (world.asked, world.turns) == (3, 3)
    await world.manager.probe(link("2", site="generic"))
    world.limits.answered("generic:generic.test", RateLimited())
    assert world.slowed == {"generic": 0.5}


async def test_the_rate_follows_what_each_identity_meets():
    """Two identities that are told "too much" have spent two turns, and the site is asked a quarter as often."""
    world = World(NORTH, SOUTH)
    world.fails = [RateLimited(), RateLimited()]
    with pytest.raises(IdentitiesResting):
        await world.manager.probe(link())
    assert (world.asked, world.turns, world.slowed) == (2, 2, {"site": 0.25})
    world.now += 60
    world.fails = [Removed()]
    with pytest.raises(Removed):
        await world.manager.probe(link("2"))
    assert world.slowed == {"site": 0.27}


async def test_a_turn_that_is_too_far_away_is_no_failure_of_the_site():
    """The site isn't asked, its breaker and its identities hear nothing, and nobody tries at once again."""
    for members in ((), (NORTH, SOUTH)):
        world = World(*members)
        await world.exhaust()
        for _ in range(9):
            with pytest.raises(TooFast):
                await world.manager.probe(link())
        assert world.asked == 0
        assert {each["failures"] for each in world.breakers.figures().values()} == {0}
        assert {each["state"] for each in world.breakers.figures().values()} == {"closed"}


async def test_a_cancelled_request_is_no_answer():
    """The rate stays as it was."""
    world = World()
    world.limits.answered("site", RateLimited())
    world.gate.clear()
    probing = asyncio.create_task(world.manager.probe(link()))
    while not world.asked:
        await asyncio.sleep(0)
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    assert world.slowed == {"site": 0.5}
