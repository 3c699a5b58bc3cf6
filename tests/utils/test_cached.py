"""Typed name spaces of the cache: loads, staleness, failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from utils.cache import HybridCache
from utils.cache_entry import Entry
from utils.cached import Cached
from utils.errors import GoldcrestError, RateLimited, Removed


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    sizes: tuple[int, ...] = ()
    note: float | None = None


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Loads things; counts; raises what it is given; waits for `gate` where there is one."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def __call__(self) -> Thing:
        self.calls += 1
        number = self.calls
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Thing(f"thing {number}", (1, 2))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def cache(tmp_path, clock) -> AsyncIterator[HybridCache]:
    cache = HybridCache(tmp_path, memory_bytes=100_000, disk_bytes=1_000_000, clock=clock)
    await cache.start()
    yield cache
    await cache.stop()


def lasting(error: GoldcrestError) -> float:
    return 0.0 if error.retry else 30.0


@pytest.fixture
def things(cache) -> Cached[Thing]:
    return Cached(cache, "things", Thing, lasting=lambda _: (60, 600), failure_seconds=lasting)


@pytest.fixture
def source() -> Source:
    return Source()


async def settled(condition) -> None:
    while not condition():
        await asyncio.sleep(0)


async def test_a_value_is_loaded_once_and_read_back_equal(things, source):
    """Twenty callers at once, one load; later ones are served without any."""
    values = await asyncio.gather(*(things.get_or_load("a", source) for _ in range(20)))
    assert values == [Thing("thing 1", (1, 2))] * 20
    assert await things.get_or_load("a", source) == values[0]
    assert things.get("a") == values[0]
    assert source.calls == 1
    things.remove("a")
    assert things.get("a") is None


async def test_a_stale_value_is_given_while_it_is_loaded_anew(cache, things, source, clock):
    """The old one at once, the new one the next time; one refresh for many askers."""
    await things.get_or_load("a", source)
    clock.now += 61
    source.gate = asyncio.Event()
    stale = [await things.get_or_load("a", source) for _ in range(5)]
    assert {value.name for value in stale} == {"thing 1"}
    source.gate.set()
    await settled(lambda: things.get("a") == Thing("thing 2", (1, 2)))
    assert source.calls == 2
    assert cache.figures()["stale"] == 5


@pytest.mark.parametrize("error", [RateLimited("slow down"), RuntimeError("a fault of ours")])
async def test_a_refresh_that_fails_leaves_the_stale_value(things, source, clock, error):
    """Nobody waits for it; the value stays until it is over."""
    await things.get_or_load("a", source)
    clock.now += 61
    source.error = error
    assert (await things.get_or_load("a", source)).name == "thing 1"
    await settled(lambda: source.calls == 2)
    assert (await things.get_or_load("a", source)).name == "thing 1"
    clock.now += 600
    with pytest.raises(type(error)):
        await things.get_or_load("a", source)


async def test_a_lasting_failure_is_remembered_for_its_time(cache, things, source, clock):
    """Whoever asks meanwhile gets the same failure without a load; its values and detail too."""
    source.error = Removed("gone for good", platform="youtube", hidden=object())
    for _ in range(3):
        with pytest.raises(Removed) as caught:
            await things.get_or_load("a", source)
    assert source.calls == 1
    assert caught.value.detail == "gone for good"
    assert caught.value.values == {"platform": "youtube"}
    assert things.get("a") is None
    assert cache.figures()["negative"] == 2
    clock.now += 30
    source.error = None
    assert (await things.get_or_load("a", source)).name == "thing 2"


async def test_a_failure_that_may_pass_is_not_remembered(cache, source):
    """The next one asks again; without a rule no failure is remembered."""
    things: Cached[Thing] = Cached(cache, "plain", Thing, lasting=lambda _: (60, 0))
    source.error = Removed()
    for calls in (1, 2):
        with pytest.raises(Removed):
            await things.get_or_load("a", source)
        assert source.calls == calls


@pytest.mark.parametrize(("body", "failed"), [(b"{", False), (b'{"name":5}', False), (b"[]", True), (b"{", True)])
async def test_what_cannot_be_read_is_loaded_anew(things, source, cache, body, failed):
    """Another version's entry, or none at all, is a miss."""
    cache.put("things:a", Entry(body, cache.clock(), 60, failed=failed))
    assert (await things.get_or_load("a", source)).name == "thing 1"
    assert cache.figures()["corrupt"] == 1


async def test_the_last_caller_who_leaves_ends_the_load(things, source):
    """Cancelling one of two changes nothing for the other."""
    source.gate = asyncio.Event()
    first, second = (asyncio.ensure_future(things.get_or_load("a", source)) for _ in range(2))
    await settled(lambda: source.calls == 1)
    first.cancel()
    source.gate.set()
    assert (await second).name == "thing 1"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_stopping_ends_refreshes(tmp_path, clock, source):
    """Nothing runs after the stop."""
    cache = HybridCache(tmp_path / "own", memory_bytes=100_000, disk_bytes=1_000_000, clock=clock)
    await cache.start()
    things: Cached[Thing] = Cached(cache, "things", Thing, lasting=lambda _: (60, 600))
    await things.get_or_load("a", source)
    clock.now += 61
    source.gate = asyncio.Event()
    await things.get_or_load("a", source)
    await settled(lambda: source.calls == 2)
    await cache.stop()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("refresh")]


@pytest.mark.parametrize("key", ["https://example.org/" + "long/" * 500, "é" * 30, "half of a pair: \ud800"])
async def test_any_key_finds_its_own_value(things, cache, key):
    """However long and of whatever letters: it costs as much as a short one, and is told from others like it."""
    things.set(key, Thing("mine"))
    things.set(key + "2", Thing("other"))
    held = cache.figures()["memory"]["bytes"]
    assert held < 1_200
    assert (things.get(key), things.get(key + "2")) == (Thing("mine"), Thing("other"))
    things.remove(key)
    assert things.get(key) is None
