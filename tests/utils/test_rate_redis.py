"""Shared rate limits against a real Redis: the same histories as in memory, its own time, its absence."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.redis_server import RedisServer, running_redis
from utils.errors import TooFast
from utils.rate_limiter import Claim, MemoryStore, RateLimiter
from utils.rate_redis import RedisLimits
from utils.rate_rules import RULES, LeakyBucket, Rule, SlidingWindow, TokenBucket
from utils.redis_store import RedisStore


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def redis(server) -> AsyncIterator[RedisStore]:
    store = RedisStore(server.url, timeout_seconds=5)
    await store.start()
    await store.run("return redis.call('FLUSHALL')")
    yield store
    await store.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("seed", range(6))
async def test_redis_gives_the_same_histories_as_memory(redis, clock, seed):
    """Calls, some given back, on three levels, slowed and not, by a clock that also jumps back: all answers agree."""
    dice = random.Random(seed)
    limits: dict[str, Rule] = {
        "user": dice.choice(list(RULES.values()))(dice.randint(1, 9), dice.uniform(1, 20), dice.randint(1, 5)),
        "platform": dice.choice(list(RULES.values()))(dice.randint(1, 9), dice.uniform(1, 20), dice.randint(1, 5)),
        "global": dice.choice(list(RULES.values()))(dice.randint(5, 20), dice.uniform(1, 20), dice.randint(1, 9)),
    }
    memory = MemoryStore(clock=clock)
    shared = RedisLimits(redis, MemoryStore(), clock)
    admitted = 0
    for _ in range(300):
        clock.now += dice.choice([0, 0, dice.uniform(0, 3), dice.uniform(0, 30)]) - (dice.random() < 0.02) * 100
        claims = [
            Claim(f"{level}:{dice.choice('ab')}", rule, dice.choice([1.0, 0.5, 0.25]), dice.choice([1.0] * 9 + [-1.0]))
            for level, rule in limits.items()
        ]
        expected = await memory.decide(claims)
        assert await shared.decide(claims) == expected
        admitted += expected[0] == 0
    assert 10 < admitted < 290


async def test_states_leave_redis_when_they_say_nothing_any_more(redis, clock):
    """Every key has an end."""
    shared = RedisLimits(redis, MemoryStore(), clock)
    rules: tuple[Rule, ...] = (TokenBucket(1, 10), LeakyBucket(1, 10), SlidingWindow(1, 10))
    await shared.decide([Claim(f"k{number}", rule) for number, rule in enumerate(rules)])
    keys = [f"rate:{rule.algorithm}:k{number}" for number, rule in enumerate(rules)]
    ends = [int(await redis.run("return redis.call('PTTL', KEYS[1])", [key])) for key in keys]
    assert all(10_000 < end <= 25_000 for end in ends)


async def test_two_instances_share_one_limit_by_the_time_of_redis(server, redis):
    """What one spends the other lacks."""
    other = RedisStore(server.url, timeout_seconds=5)
    first, second = (
        RateLimiter({"user": TokenBucket(2, 1000, 2)}, RedisLimits(each, MemoryStore())) for each in (redis, other)
    )
    await first.admit({"user": "1"})
    await second.admit({"user": "1"})
    with pytest.raises(TooFast) as refused:
        await first.admit({"user": "1"})
    assert 400 < (refused.value.retry_after_seconds or 0) <= 500
    await other.stop()


async def test_a_hundred_at_once_spend_exactly_what_there_is(redis):
    """Concurrent calls are decided one after another."""
    limiter = RateLimiter({"user": TokenBucket(7, 1000, 7)}, RedisLimits(redis, MemoryStore()))
    answers = await asyncio.gather(*(limiter.admit({"user": "1"}) for _ in range(100)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 7
    assert sum(isinstance(answer, TooFast) for answer in answers) == 93


async def test_another_algorithm_begins_anew(redis, clock):
    """What one has kept of a key says nothing to the next one, and breaks nothing."""
    shared = RedisLimits(redis, MemoryStore(), clock)
    for algorithm in (*RULES.values(), *RULES.values()):
        limiter = RateLimiter({"user": algorithm(2, 1000, 2)}, shared)
        await limiter.admit({"user": "1"})
    for algorithm in RULES.values():
        with pytest.raises(TooFast):
            await RateLimiter({"user": algorithm(2, 1000, 2)}, shared).admit({"user": "1"})


@pytest.mark.parametrize("full", [True, False])
async def test_what_redis_does_not_decide_memory_decides(redis, full):
    """A full Redis, or one key of another type: nobody is refused for that, and the limit holds here."""
    await redis.run("return redis.call('LPUSH', KEYS[1], '1')", ["rate:token_bucket:user:1"])
    if full:
        await redis.run("return redis.call('FLUSHALL')")
        await redis._connect().config_set("maxmemory", 1)
    limiter = RateLimiter({"user": TokenBucket(1, 1000)}, RedisLimits(redis, MemoryStore()))
    await limiter.admit({"user": "1"})
    with pytest.raises(TooFast):
        await limiter.admit({"user": "1"})
    await redis._connect().config_set("maxmemory", 0)


async def test_without_redis_each_instance_limits_by_itself_and_goes_back(tmp_path):
    """Gone: memory decides. Back: the shared limit holds again."""
    with running_redis(tmp_path) as server:
        clock = Clock()
        store = RedisStore(server.url, clock=clock)
        limiter = RateLimiter({"user": TokenBucket(1, 1000)}, RedisLimits(store, MemoryStore()))
        await limiter.admit({"user": "1"})
        server.stop()
        await limiter.admit({"user": "1"})
        with pytest.raises(TooFast):
            await limiter.admit({"user": "1"})
        server.start()
        clock.now += 60
        await limiter.admit({"user": "1"})
        assert store.available
        await store.stop()
