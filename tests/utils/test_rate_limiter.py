"""The rate limiter: algorithms against models, levels decided at once, waiting, adapting, bounds."""

from __future__ import annotations

import asyncio
import sys
from itertools import pairwise
from unittest.mock import patch

import pytest
from aiolimiter import AsyncLimiter
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from utils.errors import TooFast
from utils.rate_limiter import KEYS_BOUND, SLOWEST, Adaptive, Claim, MemoryStore, RateLimiter
from utils.rate_rules import RULES, LeakyBucket, Rule, SlidingWindow, TokenBucket

GAPS = st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=60)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=sorted(RULES))
def rule_of(request):
    """One algorithm after the other: 5 calls in 10 s, 3 at once."""
    return RULES[request.param](5, 10, 5 if request.param == "sliding_window" else 3)


def admit(store: MemoryStore, *rules: Rule, key: str = "k") -> float:
    return store.decide_now([Claim(f"{number}:{key}", each) for number, each in enumerate(rules)])[0]


def test_a_burst_is_admitted_then_the_rate_holds(clock, rule_of):
    """As many at once as the burst; then a refusal whose wait is right to the moment."""
    store = MemoryStore(clock=clock)
    for _ in range(int(rule_of.burst)):
        assert admit(store, rule_of) == 0
    wait = admit(store, rule_of)
    assert wait > 0
    clock.now += wait - 0.001
    assert 0 < admit(store, rule_of) < 0.002
    clock.now += 0.002
    assert admit(store, rule_of) == 0


def test_a_refused_call_spends_nothing_on_any_level(clock, rule_of):
    """The free level is as free afterwards as it was, however often the other one refuses."""
    store = MemoryStore(clock=clock)
    tight = TokenBucket(1, 100)
    assert admit(store, rule_of, tight) == 0
    for _ in range(20):
        assert admit(store, rule_of, tight) == pytest.approx(100)
    left = [admit(store, rule_of) for _ in range(int(rule_of.burst) - 1)]
    assert left == [0] * len(left)


def test_a_clock_that_is_set_back_locks_nobody_out(clock, rule_of):
    """However far it jumps, the wait is at most that of an empty bucket."""
    store = MemoryStore(clock=clock)
    for _ in range(10):
        admit(store, rule_of)
    clock.now -= 900
    assert admit(store, rule_of) <= 2 * rule_of.seconds
    clock.now += 2 * rule_of.seconds
    assert admit(store, rule_of) == 0


@given(gaps=GAPS, count=st.integers(1, 20), seconds=st.floats(0.5, 60), burst=st.integers(1, 10))
def test_no_span_of_time_holds_more_than_the_rate_and_a_burst(gaps, count, seconds, burst):
    """Token and leaky bucket: in every span at most burst + span x rate calls."""
    for algorithm in (TokenBucket, LeakyBucket):
        clock = Clock()
        store = MemoryStore(clock=clock)
        limit = algorithm(count, seconds, burst)
        times: list[float] = []
        for gap in gaps:
            clock.now += gap
            times += [clock.now for _ in range(3) if admit(store, limit) == 0]
        for first in range(len(times)):
            for last in range(first, len(times)):
                span = times[last] - times[first]
                assert last - first + 1 <= burst + span * count / seconds + 1e-3


@given(gaps=GAPS, count=st.integers(1, 20), seconds=st.floats(0.5, 60))
def test_a_window_of_two_counters_never_admits_twice_the_rate(gaps, count, seconds):
    """Sliding window: no aligned window holds more than its count, no other span of its length twice as much."""
    clock = Clock()
    store = MemoryStore(clock=clock)
    times: list[float] = []
    for gap in gaps:
        clock.now += gap
        times += [clock.now for _ in range(3) if admit(store, SlidingWindow(count, seconds)) == 0]
    for first in times:
        assert sum(first <= each < first + seconds for each in times) <= 2 * count


@given(gaps=GAPS, count=st.integers(1, 20), seconds=st.floats(0.5, 60))
def test_the_leaky_bucket_decides_as_aiolimiter(gaps, count, seconds):
    """The same calls at the same times have the same answers as aiolimiter gives."""
    clock = Clock()
    store = MemoryStore(clock=clock)
    ours = LeakyBucket(count, seconds, count)

    async def compare() -> None:
        theirs = AsyncLimiter(count, seconds)
        with patch.object(asyncio.get_running_loop(), "time", clock):
            for gap in gaps:
                clock.now += gap
                expected = theirs.has_capacity()
                if abs(theirs._level + 1 - count) < 1e-6:
                    return  # a rounding decides
                if expected:
                    await theirs.acquire()
                assert (admit(store, ours) == 0) == expected

    asyncio.run(compare())


async def test_waiting_gets_its_turn_and_no_other(clock):
    """With time to wait the call goes through when its turn comes; without, it is told how long that is."""
    limiter = RateLimiter({"user": TokenBucket(1, 10)}, MemoryStore(clock=clock), sleep=clock.sleep)
    await limiter.admit({"user": "1"})
    with pytest.raises(TooFast) as refused:
        await limiter.admit({"user": "1"}, wait_seconds=9)
    assert refused.value.retry_after_seconds == pytest.approx(10)
    began = clock.now
    await limiter.admit({"user": "1"}, wait_seconds=10.1)
    assert clock.now - began == pytest.approx(10)
    assert limiter.figures() == {"admitted": 2, "waited": 1, "refused": {"user": 1}, "slowed": {}}


async def test_many_who_wait_come_one_after_another(clock):
    """Ten callers, one a second: all are served, none together."""
    limiter = RateLimiter({"user": TokenBucket(1, 1)}, MemoryStore(clock=clock), sleep=clock.sleep)
    served: list[float] = []

    async def call() -> None:
        await limiter.admit({"user": "1"}, wait_seconds=1000)
        served.append(clock.now)

    await asyncio.gather(*(call() for _ in range(10)))
    gaps = [later - earlier for earlier, later in pairwise(served)]
    assert all(gap > 0.99 for gap in gaps)


async def test_a_call_that_came_to_nothing_is_given_back(clock, rule_of):
    """Afterwards as many are admitted as if it had not been; nobody gets more than the burst out of it."""
    limiter = RateLimiter({"user": rule_of}, MemoryStore(clock=clock))

    async def admitted() -> int:
        for number in range(99):
            try:
                await limiter.admit({"user": "1"})
            except TooFast:
                return number
        raise AssertionError("no limit")

    for _ in range(9):
        await limiter.give_back({"user": "1"})
    assert await admitted() == rule_of.burst
    for _ in range(2):
        await limiter.give_back({"user": "1"})
    assert await admitted() == 2


async def test_levels_have_their_own_keys_and_rules(clock):
    """One person's limit is not another's; a site's own rate beats the level's; a level without a rule is free."""
    limiter = RateLimiter(
        {"user": TokenBucket(1, 60), "platform": TokenBucket(100, 1, 100)},
        MemoryStore(clock=clock),
        own=lambda level, key: TokenBucket(1, 30) if (level, key) == ("platform", "slow") else None,
    )
    await limiter.admit({"user": "1", "platform": "fast", "unknown": "x"})
    await limiter.admit({"user": "2", "platform": "slow"})
    with pytest.raises(TooFast) as refused:
        await limiter.admit({"user": "3", "platform": "slow"})
    assert refused.value.values == {"level": "platform"}
    assert refused.value.retry_after_seconds == pytest.approx(30)
    await limiter.admit({"user": "3", "platform": "fast"})


async def test_a_refusal_of_the_site_halves_the_rate_and_success_creeps_back(clock):
    """After a 429 the interval doubles; fifty successes later the rate is whole again."""
    limiter = RateLimiter({"platform": TokenBucket(1, 1)}, MemoryStore(clock=clock), sleep=clock.sleep)
    limiter.adaptive.refused("platform:x")
    await limiter.admit({"platform": "x"})
    with pytest.raises(TooFast) as refused:
        await limiter.admit({"platform": "x"})
    assert refused.value.retry_after_seconds == pytest.approx(2)
    assert limiter.figures()["slowed"] == {"platform:x": 0.5}
    for _ in range(25):
        limiter.adaptive.succeeded("platform:x")
    assert limiter.adaptive.factor("platform:x") == 1
    limiter.adaptive.succeeded("platform:x")


@pytest.mark.parametrize("algorithm", [TokenBucket, LeakyBucket])
def test_a_halved_rate_frees_no_calls(clock, algorithm):
    """A full bucket stays full through six refusals of the site; each only makes the wait for the next call longer."""
    store, limit = MemoryStore(clock=clock), algorithm(60, 60, 5)
    while store.decide_now([Claim("k", limit)])[0] == 0:
        pass
    for halvings in range(1, 7):
        factor = 0.5**halvings
        assert store.decide_now([Claim("k", limit, factor)])[0] == pytest.approx(1 / factor)


@pytest.mark.parametrize("algorithm", [TokenBucket, LeakyBucket])
def test_a_rate_that_recovers_forgets_no_calls(clock, algorithm):
    """A full bucket stays full while the factor creeps up, and when it jumps: no burst goes through before its time."""
    store, limit = MemoryStore(clock=clock), algorithm(60, 60, 5)
    slowest = 1 / 64
    while store.decide_now([Claim("k", limit, slowest)])[0] == 0:
        pass
    for factor in (slowest + 0.02, slowest + 0.04, 0.5, 1.0):
        assert store.decide_now([Claim("k", limit, factor)])[0] == pytest.approx(1 / factor)


@given(steps=st.lists(st.tuples(st.floats(0, 10), st.sampled_from([1.0, 0.5, 0.25, 1 / 64])), max_size=60))
def test_no_change_of_the_factor_admits_more_than_the_full_rate(steps):
    """However the rate goes up and down, in every span at most the burst and what the full rate brings."""
    for algorithm in (TokenBucket, LeakyBucket):
        clock = Clock()
        store, limit = MemoryStore(clock=clock), algorithm(2, 1, 3)
        times: list[float] = []
        for gap, factor in steps:
            clock.now += gap
            times += [clock.now for _ in range(4) if store.decide_now([Claim("k", limit, factor)])[0] == 0]
        for first, began in enumerate(times):
            for last in range(first, len(times)):
                assert last - first + 1 <= 3 + (times[last] - began) * 2 + 1e-3


def test_adapting_has_its_bounds():
    """Never slower than a 64th; the longest unheard key is forgotten first."""
    adaptive = Adaptive(bound=2)
    for _ in range(20):
        adaptive.refused("a")
    assert adaptive.factor("a") == SLOWEST
    adaptive.refused("b")
    adaptive.refused("a")
    adaptive.refused("c")
    assert set(adaptive.slowed()) == {"a", "c"}


@pytest.mark.parametrize("bad", [(0, 1, 1), (1, 0, 1), (1, 1, 0.5), (-1, 1, 1)])
def test_a_rate_that_admits_nothing_is_refused(bad):
    """It would be a lock, not a limit."""
    with pytest.raises(ValueError, match="admits nothing"):
        TokenBucket(*bad)


def test_the_bare_rule_has_no_algorithm():
    """Only its subclasses decide."""
    with pytest.raises(NotImplementedError):
        Rule(1, 1).look(None, 0, 1)


def test_idle_keys_are_forgotten_and_busy_ones_are_not(clock):
    """After the longest memory of its rules a store holds what was used since."""
    store = MemoryStore(clock=clock)
    slow = TokenBucket(1, 100)
    for number in range(50):
        admit(store, TokenBucket(1, 1), key=str(number))
    assert admit(store, slow, key="busy") == 0
    for _ in range(4):
        clock.now += 60
        admit(store, TokenBucket(1, 1), key="other")
    assert len(store) < 10
    clock.now -= 141  # 99 s after its only call
    assert admit(store, slow, key="busy") <= 100


def test_a_hundred_thousand_keys_fit_into_25_megabytes(clock):
    """The bound holds when many more people come."""
    limit = TokenBucket(60, 60, 10)
    store = MemoryStore(clock=clock)
    for number in range(KEYS_BOUND + KEYS_BOUND // 3):
        clock.now += 1e-5
        store.decide_now([Claim(f"user:{number}", limit)])
    assert KEYS_BOUND / 2 <= len(store) <= KEYS_BOUND
    tables = (store._young, store._old)
    used = sum(sys.getsizeof(table) + sum(map(sys.getsizeof, (*table, *table.values()))) for table in tables)
    assert used * KEYS_BOUND / len(store) < 25e6


class LimiterMachine(RuleBasedStateMachine):
    """Three levels against a model that keeps every admitted call: nothing is spent by refusals, waits are exact."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock)
        self.limits = {"user": TokenBucket(3, 10, 3), "platform": LeakyBucket(5, 5, 2), "global": SlidingWindow(8, 10)}
        self.calls: list[tuple[float, dict[str, str]]] = []
        self.expected_wait = 0.0

    def decide(self, keys: dict[str, str]) -> float:
        claims = [Claim(f"{level}:{key}", self.limits[level]) for level, key in keys.items()]
        return self.store.decide_now(claims)[0]

    @rule(user=st.sampled_from("ab"), platform=st.sampled_from("xy"))
    def call(self, user, platform):
        keys = {"user": user, "platform": platform, "global": "all"}
        wait = self.decide(keys)
        if wait == 0:
            self.calls.append((self.clock.now, keys))
            return
        assert self.decide(keys) == pytest.approx(wait)
        if wait > 0.01:
            self.clock.now += wait - 0.005
            assert self.decide(keys) > 0
            self.clock.now += 0.01
            assert self.decide(keys) == 0
            self.calls.append((self.clock.now, keys))

    @rule(seconds=st.floats(0, 15))
    def pass_time(self, seconds):
        self.clock.now += seconds

    @invariant()
    def rates_hold(self):
        for level, burst, rate in (("user", 3, 0.3), ("platform", 2, 1.0)):
            for key in {keys[level] for _, keys in self.calls}:
                times = [at for at, keys in self.calls if keys[level] == key]
                for first, began in enumerate(times):
                    span = times[-1] - began
                    assert len(times) - first <= burst + span * rate + 1e-3

    @invariant()
    def the_store_holds_only_what_was_used(self):
        assert len(self.store) <= 10  # five keys in each of two generations


TestLimiterMachine = LimiterMachine.TestCase
TestLimiterMachine.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
