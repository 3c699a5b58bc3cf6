"""Rates of people, of sites, and of all sites together, as the settings say."""

import asyncio

import pytest
from msgspec.structs import replace

from core.limits import WAIT_SECONDS, Limits
from utils.config import load_settings
from utils.errors import LoginRequired, RateLimited, Removed, SiteDown, TooFast
from utils.rate_limiter import MemoryStore

SETTINGS = load_settings({}).limits
#: requests per second that the sites of these tests bear
RATES = {"swift": 5.0, "slow": 0.5, "generic": 1.0, "glacial": 0.01}


class World:
    """Limits on a clock that only waits move."""

    def __init__(self, **settings):
        self.now = 1000.0
        self.slept = []
        store = MemoryStore(clock=lambda: self.now)
        self.limits = Limits(replace(SETTINGS, **settings), RATES.__getitem__, store, sleep=self.sleep)

    async def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.now += seconds
        await asyncio.sleep(0)

    async def ask(self, site, times):
        """Seconds that so many calls waited in all."""
        before = sum(self.slept)
        for _ in range(times):
            await self.limits.site(site)
        return round(sum(self.slept) - before, 6)


async def test_a_person_has_a_rate_of_their_own():
    """At once as much as the burst, then one per interval; others, and the same number at another front, are free."""
    world = World(requests_per_minute=30, user_burst=3)
    for _ in range(3):
        await world.limits.person("telegram", 7)
    with pytest.raises(TooFast) as refused:
        await world.limits.person("telegram", 7)
    assert refused.value.retry_after_seconds == pytest.approx(2)
    assert world.slept == []
    await world.limits.person("telegram", 8)
    await world.limits.person("web", 7)
    world.now += 2
    await world.limits.person("telegram", 7)
    assert world.limits.figures()["refused"] == {"user": 1, "global": 0}


async def test_a_burst_is_no_more_than_the_rate():
    """Whoever sets a small rate isn't surprised by the usual burst."""
    world = World(requests_per_minute=2, user_burst=20)
    for _ in range(2):
        await world.limits.person("telegram", 7)
    with pytest.raises(TooFast):
        await world.limits.person("telegram", 7)


async def test_a_call_waits_for_the_turn_of_its_site():
    """Each site bears what it bears; the turn of one is nobody else's."""
    world = World(platform_burst=2)
    assert await world.ask("slow", 2) == 0
    assert await world.ask("slow", 2) == 2 * 2
    assert await world.ask("swift", 2) == 0
    assert await world.ask("swift", 5) == 5 * 0.2
    assert world.limits.figures()["waited"] == 7


async def test_hosts_behind_generic_have_a_turn_each():
    """All at the rate of "generic"."""
    world = World(platform_burst=1)
    assert await world.ask("generic:a.example", 1) == 0
    assert await world.ask("generic:b.example", 1) == 0
    assert await world.ask("generic:a.example", 1) == 1


async def test_nobody_waits_longer_than_people_do():
    """They hear when to come back instead, and nothing is spent."""
    world = World(platform_burst=1)
    assert await world.ask("glacial", 1) == 0
    with pytest.raises(TooFast) as refused:
        await world.limits.site("glacial")
    assert refused.value.retry_after_seconds == pytest.approx(100)
    assert (refused.value.retry_after_seconds or 0) > WAIT_SECONDS
    assert world.slept == []
    world.now += 100
    assert await world.ask("glacial", 1) == 0


async def test_all_sites_together_have_a_rate():
    """However fast each of them is."""
    world = World(global_per_minute=4, platform_burst=10)
    assert await world.ask("swift", 2) + await world.ask("slow", 2) == 0
    with pytest.raises(TooFast) as refused:
        await world.limits.site("generic:a.example")
    assert refused.value.values["level"] == "global"
    world.now += 120
    assert await world.ask("generic:a.example", 1) == 0


async def test_the_rate_of_a_window_is_that_of_its_minute():
    """Where sites are counted by windows no burst bounds what a minute may hold."""
    world = World(platform_algorithm="sliding_window", platform_burst=1)
    assert await world.ask("slow", 30) == 0
    with pytest.raises(TooFast) as refused:
        await world.limits.site("slow")
    assert refused.value.values["level"] == "platform"
    world = World(platform_algorithm="sliding_window", platform_burst=1)
    assert await world.ask("glacial", 1) == 0  # less than one a minute is still one


async def test_a_site_that_says_too_much_is_asked_half_as_often():
    """And faster again with every answer, also with one that an item is gone; other failures change nothing."""
    world = World(platform_burst=1)
    await world.ask("slow", 1)
    world.limits.answered("slow", RateLimited())
    assert world.limits.figures()["slowed"] == {"slow": 0.5}
    world.limits.answered("slow", SiteDown())
    assert world.limits.figures()["slowed"] == {"slow": 0.5}
    await world.ask("slow", 1)
    assert await world.ask("slow", 2) == pytest.approx(2 * 4)
    for error in (None, Removed(), LoginRequired()):
        world.limits.answered("slow", error)
    assert world.limits.figures()["slowed"] == {"slow": 0.56}
    for _ in range(22):
        world.limits.answered("slow", None)
    assert world.limits.figures()["slowed"] == {}
    await world.ask("slow", 1)
    assert await world.ask("slow", 2) == pytest.approx(2 * 2)


async def test_figures_name_no_host():
    """For which pages people asked is nobody's business; the slowest of them stands for all."""
    world = World()
    for name, times in (("slow", 1), ("generic:a.example", 1), ("generic:b.example", 3)):
        for _ in range(times):
            world.limits.answered(name, RateLimited())
    figures = world.limits.figures()
    assert figures["slowed"] == {"slow": 0.5, "generic": 0.125}
    assert "example" not in str(figures)


async def test_each_has_a_store_of_its_own_where_none_is_given():
    """In memory, on the real clock."""
    limits = Limits(SETTINGS, RATES.__getitem__)
    await limits.person("web", "127.0.0.1")
    assert limits.figures() == {"admitted": 1, "waited": 0, "refused": {"user": 0, "global": 0}, "slowed": {}}
