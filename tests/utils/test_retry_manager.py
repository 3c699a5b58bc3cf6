"""Retries: what is tried again, how long is waited, and what the statistics say. Time and dice are the test's."""

import asyncio
import math

import pytest

from utils.errors import NoWayOut, Private, ProxyDown, RateLimited, SiteDown, WorkerCrashed
from utils.retry_manager import (
    OPERATION_BOUND,
    Adaptive,
    Exponential,
    Linear,
    RetryContext,
    RetryManager,
    RetryStrategy,
)
from utils.retry_strategies import REFUSALS


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 100.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Work:
    """Fails with each of `errors` in turn, then succeeds."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.attempts = 0

    async def __call__(self):
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def manager(time):
    return RetryManager(Exponential(rng=lambda: 1.0), budget_seconds=100, clock=time, sleep=time.sleep)


def figures(manager, *names, operation="probe"):
    return [manager.figures()[operation][name] for name in names]


async def test_what_may_pass_is_tried_again(manager, time):
    """After waits of 2 and 4 seconds at most; a success after failures is counted as such."""
    work = Work(SiteDown(), SiteDown())
    assert await manager.run("probe", work, idempotent=True) == "done"
    assert time.slept == [2.0, 4.0]
    assert figures(manager, "calls", "attempts", "succeeded", "recovered", "waits", "waited_seconds") == [
        1,
        3,
        1,
        1,
        2,
        6.0,
    ]


async def test_the_last_error_itself_is_raised(manager):
    """After the third attempt, and counted as given up."""
    errors = [SiteDown("a"), SiteDown("b"), SiteDown("c")]
    with pytest.raises(SiteDown) as error:
        await manager.run("probe", Work(*errors), idempotent=True)
    assert error.value is errors[2]
    assert figures(manager, "attempts", "given_up", "failed", "succeeded") == [3, 1, 0, 0]


@pytest.mark.parametrize("errors", [[Private()], [SiteDown(), Private()]])
async def test_what_will_not_pass_ends_it(manager, errors):
    """At the first attempt and at a later one."""
    work = Work(*errors)
    with pytest.raises(Private):
        await manager.run("probe", work, idempotent=True)
    assert (work.attempts, figures(manager, "failed", "given_up")) == (len(errors), [1, 0])


@pytest.mark.parametrize("first", [[], [SiteDown()]])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, asyncio.CancelledError])
async def test_what_nobody_foresaw_goes_through_at_once(manager, first, error):
    """A bug isn't tried again, a cancellation never swallowed."""
    work = Work(*first, error())
    with pytest.raises(error):
        await manager.run("probe", work, idempotent=True)
    assert work.attempts == len(first) + 1
    assert figures(manager, "given_up", "failed") == [0, 0]


async def test_what_is_not_idempotent_is_tried_once(manager, time):
    """Whatever its error promises and its strategy says."""

    class Eager(RetryStrategy):
        def should_retry(self, error, attempt, context):
            return True

    work = Work(SiteDown())
    with pytest.raises(SiteDown):
        await manager.run("send", work, idempotent=False, strategy=Eager())
    assert (work.attempts, time.slept) == (1, [])


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_refusal_of_our_own_is_not_tried_again(manager, refusal):
    """By a breaker, a bound or a limit, because all identities rest or there is no memory: others say when to go on."""
    work = Work(refusal(retry_after_seconds=1))
    with pytest.raises(refusal):
        await manager.run("probe", work, idempotent=True)
    assert work.attempts == 1


async def test_a_site_that_names_its_wait_is_obeyed_within_the_cap(manager, time):
    """Seven seconds instead of two; 61 are more than anybody waits."""
    await manager.run("probe", Work(RateLimited(retry_after_seconds=7)), idempotent=True)
    assert time.slept == [7]
    work = Work(RateLimited(retry_after_seconds=61))
    with pytest.raises(RateLimited):
        await manager.run("probe", work, idempotent=True)
    assert work.attempts == 1


@pytest.mark.parametrize("asked", [math.nan, math.inf, -math.inf, -5.0])
async def test_a_wait_that_is_none_is_not_obeyed(manager, time, asked):
    """Whatever somebody made of a Retry-After, the strategy's own wait is a time."""
    assert await manager.run("probe", Work(RateLimited(retry_after_seconds=asked)), idempotent=True) == "done"
    assert time.slept == [2.0]


async def test_a_wait_that_would_outlast_the_budget_is_not_begun(time):
    """Two and four seconds fit into six, not into five; what the attempts take counts too."""
    manager = RetryManager(Exponential(rng=lambda: 1.0), budget_seconds=5, clock=time, sleep=time.sleep)
    errors = [SiteDown(), SiteDown()]
    assert await manager.run("probe", Work(*errors), idempotent=True, budget_seconds=6) == "done"
    with pytest.raises(SiteDown):
        await manager.run("probe", Work(*errors), idempotent=True)
    assert time.slept == [2.0, 4.0, 2.0]

    async def slow():
        time.now += 4
        raise SiteDown

    with pytest.raises(SiteDown):
        await manager.run("probe", slow, idempotent=True)
    assert time.slept == [2.0, 4.0, 2.0]


async def test_it_gives_up_where_the_caller_says_so(manager):
    """Asked before each wait: a breaker that has opened ends it."""
    answers = [False, True]
    work = Work(SiteDown(), SiteDown(), SiteDown())
    with pytest.raises(SiteDown):
        await manager.run("probe", work, idempotent=True, unless=lambda: answers.pop(0))
    assert (work.attempts, answers) == (2, [])


async def test_a_cancelled_wait_ends_at_once():
    """Nobody waits for the rest of a backoff."""
    asked = asyncio.Event()

    async def sleep(_seconds):
        asked.set()
        await asyncio.Event().wait()

    manager = RetryManager(Exponential(), budget_seconds=100, sleep=sleep)
    work = Work(SiteDown())
    task = asyncio.ensure_future(manager.run("probe", work, idempotent=True))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.attempts == 1


@pytest.mark.parametrize("late", [False, True])
async def test_a_strategy_of_ones_own(manager, time, late):
    """It may retry what the class would not, sees the context, and may be a coroutine."""
    seen = []

    class Stubborn(RetryStrategy):
        def should_retry(self, error, attempt, context):
            seen.append((type(error), attempt, context))
            return self.later(attempt < 3) if late else attempt < 3

        async def later(self, answer):
            await asyncio.sleep(0)
            return answer

        def wait_seconds(self, attempt, context):
            return -5.0 if attempt == 1 else 1.5

    work = Work(Private(), Private(), Private())
    with pytest.raises(Private):
        await manager.run("login", work, idempotent=True, strategy=Stubborn(), values={"user": 1})
    assert [entry[:2] for entry in seen] == [(Private, 1), (Private, 2), (Private, 3)]
    assert seen[2][2] == RetryContext("login", elapsed_seconds=1.5, values={"user": 1})
    assert time.slept == [0.0, 1.5]


def test_the_waits_of_the_strategies():
    """Full jitter reaches from nothing to the doubled base, linear from half to the whole, both to the cap."""
    context = RetryContext("x")
    for dice, exponential, linear in ((0.0, [0] * 5, [1, 2, 3, 4, 5]), (1.0, [2, 4, 8, 10, 10], [2, 4, 6, 8, 10])):
        for kind, waits in ((Exponential, exponential), (Linear, linear)):
            strategy = kind(base_seconds=2, cap_seconds=10)
            strategy.rng = iter([dice] * 5).__next__
            assert [strategy.wait_seconds(number, context) for number in range(1, 6)] == waits
    assert Linear(rng=lambda: 1.0).wait_seconds(10**9, context) == 60
    assert Exponential(rng=lambda: 1.0).wait_seconds(10**9, context) == 60


def test_adaptive_follows_the_success_rate():
    """All goes well: like exponential. Half: half of the further tries, twice the wait. Nothing: no second try."""
    adaptive = Adaptive(max_attempts=5, rng=lambda: 1.0)

    def tries(rate):
        context = RetryContext("x", success_rate=rate)
        return next(number for number in range(1, 9) if not adaptive.should_retry(SiteDown(), number, context))

    assert [tries(rate) for rate in (1.0, 0.5, 0.25, 0.0)] == [5, 3, 2, 1]
    waits = [adaptive.wait_seconds(1, RetryContext("x", success_rate=rate)) for rate in (1.0, 0.5, 0.1, 0.0)]
    assert waits == [2, 4, 16, 16]
    assert not adaptive.should_retry(Private(), 1, RetryContext("x"))


async def test_the_rate_is_of_the_last_attempts_of_that_operation(time):
    """A site that has died gets single tries soon, one that comes back gets more again; others aren't touched."""
    manager = RetryManager(Adaptive(rng=lambda: 0.0), budget_seconds=100, clock=time, sleep=time.sleep)
    tries = []
    for _ in range(30):
        work = Work(*[SiteDown()] * 9)
        with pytest.raises(SiteDown):
            await manager.run("probe", work, idempotent=True)
        tries.append(work.attempts)
    assert (tries[:3], tries[-1]) == ([3, 3, 3], 1)
    for _ in range(50):
        await manager.run("probe", Work(), idempotent=True)
    assert figures(manager, "success_rate") == [1.0]
    work = Work(Private())
    with pytest.raises(Private):
        await manager.run("probe", work, idempotent=True)
    assert figures(manager, "success_rate") == [1.0]
    work = Work(SiteDown(), SiteDown())
    await manager.run("fetch", work, idempotent=True)
    assert work.attempts == 3


@pytest.mark.parametrize("refusal", [*REFUSALS, NoWayOut, ProxyDown, WorkerCrashed])
async def test_trouble_of_our_own_says_nothing_of_the_site(time, refusal):
    """However often it happens, the site that fails next is tried as often as one that was never in trouble."""
    manager = RetryManager(Adaptive(rng=lambda: 0.0), budget_seconds=100, clock=time, sleep=time.sleep)
    for _ in range(12):
        with pytest.raises(refusal):
            await manager.run("probe", Work(*[refusal()] * 3), idempotent=True)
    assert figures(manager, "success_rate") == [1.0]
    work = Work(SiteDown(), SiteDown())
    assert await manager.run("probe", work, idempotent=True) == "done"
    assert work.attempts == 3


async def test_the_number_of_operations_is_bounded(manager):
    """The one that ran longest ago is forgotten."""
    for number in range(OPERATION_BOUND):
        await manager.run(str(number), Work(), idempotent=True)
    await manager.run("0", Work(), idempotent=True)
    await manager.run("new", Work(), idempotent=True)
    assert len(manager.figures()) == OPERATION_BOUND
    assert figures(manager, "calls", operation="0") == [2]
    assert "1" not in manager.figures()
