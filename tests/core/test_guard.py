"""The guard before a site: what a breaker hears of a call with its retries, and whose breaker it is."""

import asyncio

import pytest

from core.guard import Guard, breaker_name
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.config import load_settings
from utils.errors import CircuitOpen, ExtractorBroken, Removed, SiteDown

RETRY = load_settings({}).retry
URL = "https://site.test/1"


class World:
    """A site that fails as long as it is `down`, on a clock that only waits move."""

    def __init__(self):
        self.now = 0.0
        self.down = True
        self.asked = 0
        self.breakers = Breakers(BreakerPolicy(consecutive=3), clock=lambda: self.now)
        self.guard = Guard(self.breakers, RETRY, clock=lambda: self.now, sleep=self.sleep, rng=lambda: 0.5)

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)

    async def attempt(self):
        self.asked += 1
        if self.down:
            raise SiteDown
        return "done"

    async def call(self, error=None, operation="probe"):
        if error is None:
            return await self.guard.run(operation, "site", URL, self.attempt)
        with pytest.raises(error) as raised:
            await self.guard.run(operation, "site", URL, self.attempt)
        return raised.value


@pytest.fixture
def world():
    return World()


async def test_a_call_with_all_its_tries_is_one_failure(world):
    """Three items that fail three times each: nine attempts, three failures, and only then the site is left alone."""
    for _ in range(3):
        assert world.breakers.get("site").state == "closed"
        await world.call(SiteDown)
    assert world.asked == 9
    refusal = await world.call(CircuitOpen)
    assert (world.asked, refusal.retry_after_seconds) == (9, 30.0)


async def test_a_probe_after_the_rest_is_not_tried_again(world):
    """One failure says that the site is still down; one success lets everybody in."""
    world.breakers.get("site").open(0)
    await world.call(SiteDown)
    assert world.asked == 1
    world.now += 30
    world.down = False
    assert await world.call() == "done"
    assert world.breakers.get("site").state == "closed"


async def test_nobody_goes_on_trying_once_it_has_opened(world):
    """Five calls at once: as soon as three have failed, the others don't wait for more."""
    await asyncio.gather(*(world.call(SiteDown) for _ in range(5)))
    assert world.asked < 15
    assert world.breakers.get("site").figures()["late"] == 2


async def test_a_bad_item_is_no_failure_of_the_site(world):
    """However often it is asked for."""

    async def removed():
        raise Removed

    for _ in range(20):
        with pytest.raises(Removed):
            await world.guard.run("probe", "site", URL, removed)
    assert world.breakers.get("site").state == "closed"


async def test_a_long_download_may_be_tried_again_where_a_probe_may_not(world):
    """Ten minutes are within the budget of one, not of the other."""

    async def slow():
        world.asked += 1
        world.now += 600
        raise SiteDown

    for operation, attempts in (("probe", 1), ("fetch", 3)):
        world.asked = 0
        with pytest.raises(SiteDown):
            await world.guard.run(operation, "site", URL, slow)
        assert world.asked == attempts


async def test_the_strategy_is_a_setting(world):
    """Linear waits lie in their upper half."""
    values = {name: getattr(RETRY, name) for name in RETRY.__struct_fields__}
    retry = type(RETRY)(**{**values, "strategy": "linear"})
    guard = Guard(world.breakers, retry, clock=lambda: world.now, sleep=world.sleep, rng=lambda: 0.0)
    with pytest.raises(SiteDown):
        await guard.run("probe", "site", URL, world.attempt)
    assert world.now == 1 + 2


async def test_hosts_behind_generic_have_breakers_of_their_own(world):
    """A host that refuses us shuts nobody else out, and which hosts people asked for isn't told."""
    for url in (
        "https://bad.example/1",
        "https://bad.example:8443/2",
        "https://BAD.example/3",
        "https://good.example/",
    ):
        with pytest.raises(SiteDown):
            await world.guard.run("probe", "generic", url, world.attempt)
    assert world.breakers.get("generic:bad.example").state == "open"
    assert world.breakers.get("generic:good.example").state == "closed"
    await world.call(SiteDown)
    assert set(world.guard.breakers()) == {"site", "generic"}
    assert world.guard.breakers()["generic"] == {"state": "closed", "hosts": 2, "hosts_open": 1}
    assert set(world.guard.retries()) == {"generic.probe", "site.probe"}
    assert "generic" not in World().guard.breakers()


async def test_an_arbitrary_hosts_trouble_counts_for_its_own_breaker(world):
    """Though its errors trip none of our sites'; a page that can't be read says nothing of the host's others."""

    def fails(error):
        async def attempt():
            error.trips = False
            raise error

        return attempt

    for error in (SiteDown(), ExtractorBroken(), Removed()):
        for _ in range(3):
            with pytest.raises(type(error)):
                await world.guard.run("probe", "generic", f"https://{error.code}.example/", fails(error))
            with pytest.raises(type(error)):
                await world.guard.run("probe", "site", URL, fails(error))
    states = {name: figures["state"] for name, figures in world.breakers.figures().items()}
    assert states.pop("generic:site_down.example") == "open"
    assert set(states.values()) == {"closed"}


def test_names():
    """The site's module name, or the host."""
    assert breaker_name("youtube", "https://youtu.be/x") == "youtube"
    assert breaker_name("generic", "https://a.example:444/x") == "generic:a.example"
    assert breaker_name("generic", "") == "generic:"
