"""What guarding a call costs: breaker, retries and limiter beside pybreaker, purgatory, tenacity, aiolimiter, limits.

`python -m bench.resilience` prints JSON. The libraries run by turns in one process, so a busy machine slows all of
them; a figure is the median over rounds of the time for one successful call, with the bare call taken off.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, Final

from bench.rows import Row, passed, row

Call = Callable[[], Awaitable[Any]]
ROUNDS: Final = 40
CALLS: Final = 1000
MICRO: Final = 1e6


async def nothing() -> None:
    """The guarded work."""


async def seconds_per_call(call: Call) -> float:
    """The mean over one round."""
    began = time.perf_counter()
    for _ in range(CALLS):
        await call()
    return (time.perf_counter() - began) / CALLS


async def overheads(calls: dict[str, Call]) -> dict[str, list[float]]:
    """Microseconds over the bare call, one sample per round and name."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            bare = await seconds_per_call(nothing)
            for name, call in calls.items():
                samples[name].append((await seconds_per_call(call) - bare) * MICRO)
    finally:
        gc.enable()
    return samples


def breakers() -> dict[str, Call]:
    """One successful call through each, closed, as in ordinary times."""
    import pybreaker
    from purgatory import AsyncCircuitBreakerFactory

    from utils.circuit_breaker import BreakerPolicy, CircuitBreaker

    own = CircuitBreaker("bench", BreakerPolicy())
    threaded = pybreaker.CircuitBreaker()
    factory = AsyncCircuitBreakerFactory()

    def succeed() -> None:
        return None

    async def through_own() -> None:
        with own.admit():
            await nothing()

    async def through_own_call() -> None:
        await own.call(nothing)

    async def through_pybreaker() -> None:
        # its asynchronous way needs tornado: the decision alone, around a plain function
        threaded.call(succeed)
        await nothing()

    async def through_purgatory() -> None:
        async with await factory.get_breaker("bench"):
            await nothing()

    return {
        "breaker: goldcrest": through_own,
        "breaker: goldcrest, call()": through_own_call,
        "breaker: pybreaker": through_pybreaker,
        "breaker: purgatory": through_purgatory,
    }


def retries() -> dict[str, Call]:
    """One call that succeeds at once, and one that fails once before."""
    import tenacity

    from utils.errors import SiteDown
    from utils.retry_manager import Exponential, RetryManager

    async def no_sleep(_seconds: float) -> None:
        return

    manager = RetryManager(Exponential(), budget_seconds=60, sleep=no_sleep)
    bare = tenacity.AsyncRetrying(
        stop=tenacity.stop_after_attempt(3),
        retry=tenacity.retry_if_exception_type(SiteDown),
        wait=tenacity.wait_random_exponential(multiplier=2, max=60),
        sleep=no_sleep,
        reraise=True,
    )

    def failing_once() -> Call:
        left = [SiteDown()]

        async def call() -> None:
            if left:
                raise left.pop()

        return call

    return {
        "retry: goldcrest": lambda: manager.run("bench", nothing, idempotent=True),
        "retry: tenacity": lambda: bare(nothing),
        "retry after a failure: goldcrest": lambda: manager.run("bench", failing_once(), idempotent=True),
        "retry after a failure: tenacity": lambda: bare(failing_once()),
    }


def limiters() -> dict[str, Call]:
    """One admitted decision of each; ours for one person, and for a site and all sites at once."""
    import aiolimiter

    from utils.rate_limiter import MemoryStore, RateLimiter
    from utils.rate_rules import LeakyBucket, SlidingWindow, TokenBucket

    plenty = 1e9
    users = RateLimiter({"user": TokenBucket(plenty, 60, plenty)}, MemoryStore())
    buckets = RateLimiter({"user": LeakyBucket(plenty, 60, plenty)}, MemoryStore())
    sites = RateLimiter(
        {"platform": TokenBucket(plenty, 60, plenty), "global": SlidingWindow(plenty, 60)}, MemoryStore()
    )
    leaky = aiolimiter.AsyncLimiter(plenty, 60)
    calls: dict[str, Call] = {
        "limiter: goldcrest, token bucket": lambda: users.admit({"user": "telegram:1"}),
        "limiter: goldcrest, leaky bucket": lambda: buckets.admit({"user": "telegram:1"}),
        "limiter: goldcrest, two levels": lambda: sites.admit({"platform": "youtube", "global": "sites"}),
        "limiter: aiolimiter": leaky.acquire,
    }
    if find_spec("limits") is not None:
        from limits import RateLimitItemPerMinute
        from limits.aio.storage import MemoryStorage
        from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

        item, storage = RateLimitItemPerMinute(1_000_000), MemoryStorage()
        counter, moving = SlidingWindowCounterRateLimiter(storage), MovingWindowRateLimiter(storage)
        calls["limiter: limits, sliding window"] = lambda: counter.hit(item, "telegram", "1")
        calls["limiter: limits, moving window"] = lambda: moving.hit(item, "telegram", "2")
    return calls


def measure() -> list[Row]:
    """Our rows have a gate; those of the others stand beside them for comparison."""
    samples = asyncio.run(overheads({**breakers(), **retries(), **limiters()}))
    gates = {
        "breaker: goldcrest": 3.0,
        "breaker: goldcrest, call()": 3.0,
        "limiter: goldcrest, token bucket": 5.0,
        "limiter: goldcrest, leaky bucket": 5.0,
        "limiter: goldcrest, two levels": 10.0,  # two decisions
    }
    rows = []
    for name, values in samples.items():
        value = statistics.median(values)
        if name in gates:
            rows.append(row(name, [round(value, 3)], "µs", gate=gates[name], goal=gates[name]))
        else:
            rows.append({"name": name, "value": round(value, 3), "unit": "µs", "pass": None})
    return rows


if __name__ == "__main__":
    figures = measure()
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    sys.exit(0 if passed(figures) else 1)
