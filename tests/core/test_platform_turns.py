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


# --- what it costs the person


@pytest.fixture
def world():
    return World()


class Person:
    """Somebody at the door, whose requests each run in a task of their own as a front's do."""

    def __init__(self, world, who=7):
        self.world = world
        self.who = who

    async def asks(self, *links):
        """What became of each link of one message."""

        async def message():
            await self.world.limits.person("telegram", self.who)
            looks = [asyncio.create_task(self.world.manager.probe(each)) for each in links]  # as the bot begins them
            return await asyncio.gather(*looks, return_exceptions=True)

        return await asyncio.create_task(message())

    async def left(self):
        """How many requests they have at once; all are taken by that."""
        for number in range(99):
            try:
                await asyncio.create_task(self.world.limits.person("telegram", self.who))
            except TooFast:
                return number
        raise AssertionError("no limit")


@pytest.mark.parametrize("level", ["platform", "global"])
async def test_a_call_that_a_site_has_no_turn_for_costs_nobody_anything(level):
    """Neither the person, nor the site, nor all sites together."""
    world = World(burst=1, per_minute=600 if level == "platform" else 1)
    await (world.exhaust() if level == "platform" else world.limits.site("other"))
    turns, person = world.turns, Person(world)
    for _ in range(20):
        (end,) = await person.asks(link())
        assert (type(end), end.values["level"]) == (TooFast, level)
    assert (world.asked, world.turns - turns) == (0, 20)  # twenty at the door
    assert await person.left() == 9


async def test_what_is_answered_costs_one(world):
    """By the site or by the cache, an item or its failure, with however many links; so does what a breaker refuses."""
    person = Person(world)
    await person.asks(link(), link("2"))
    await person.asks(link())
    world.fails = [Removed()]
    await person.asks(link("3"))
    world.breakers.get("site").open()
    await person.asks(link("4"))
    assert await person.left() == 5


async def test_what_is_asked_in_the_background_costs_nobody_anything(world):
    """A stale item is shown at once and asked anew; whether the site has a turn for that is no business of theirs."""
    person = Person(world)
    await person.asks(link())
    world.now += 100
    await person.asks(link())
    while world.asked < 2:
        await asyncio.sleep(0)
    assert await person.left() == 9 - 1
    world.now += 100
    await world.exhaust()
    await person.asks(link())
    for _ in range(9):
        await asyncio.sleep(0)
    assert world.asked == 2
    assert await person.left() == 9 - 1


async def test_everybody_who_waits_for_the_same_question_gets_their_own_back(world):
    """One flight serves both, and both had paid."""
    await world.exhaust()
    anna, ben = Person(world, "anna"), Person(world, "ben")
    await asyncio.gather(anna.asks(link()), ben.asks(link()))
    assert (await anna.left(), await ben.left()) == (9, 9)


async def test_a_link_that_is_answered_keeps_the_price_of_the_message(world):
    """Whichever ends first; and where the refused one was given back already, the next one takes it again."""
    person = Person(world)
    await world.exhaust()
    refused, answered = await person.asks(link(), link("1", site="generic"))
    assert (type(refused), type(answered)) == (TooFast, Media)
    assert await person.left() == 9 - 1
    world.now += 60
    await world.exhaust()

    async def one_after_another():
        await world.limits.person("telegram", person.who)
        with pytest.raises(TooFast):
            await world.manager.probe(link())
        await world.manager.probe(link("2", site="generic"))
        with pytest.raises(TooFast):
            await world.manager.probe(link())

    await asyncio.create_task(one_after_another())
    assert await person.left() == 9 - 1


async def test_nothing_is_asked_with_a_request_that_somebody_else_has_spent_meanwhile(world):
    """It was given back, and the next link finds nothing left to take."""
    person = Person(world)
    await world.exhaust()

    async def one_after_another():
        await world.limits.person("telegram", person.who)
        with pytest.raises(TooFast):
            await world.manager.resolve(link(short=True))
        assert await person.left() == 9
        with pytest.raises(TooFast) as refused:
            await world.manager.probe(link("2", site="generic"))
        return refused.value.values

    assert await asyncio.create_task(one_after_another()) == {"level": "user"}
    assert world.asked == 0


async def test_a_download_is_no_request_of_its_own(world):
    """The order was paid for at the door; what its job asks later is the sites' and global level's alone."""
    person = Person(world)
    await world.exhaust()

    async def job():
        await world.limits.person("telegram", person.who)
        with pytest.raises(TooFast):
            await world.manager.fetch(link(), "best", Path(), lambda _: None)

    await asyncio.create_task(job())
    assert await person.left() == 9 - 1
