"""One breaker: what opens it, what closes it, and what says nothing. Time is the test's."""

import asyncio

import pytest
from pybreaker import CircuitBreakerListener, CircuitMemoryStorage

from utils.breaker_store import BreakerRecord
from utils.circuit_breaker import BreakerPolicy, CircuitBreaker, CircuitOpen
from utils.errors import (
    Cancelled,
    DeadLink,
    LoginRequired,
    RateLimited,
    Removed,
    SiteDown,
    SitePaused,
    UnsafeLink,
    WorkerCrashed,
)

POLICY = BreakerPolicy(consecutive=3, minimum_calls=10)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return CircuitBreaker("site", POLICY, clock=clock)


def shut(breaker):
    while breaker.state == "closed":
        breaker.admit().failed()


async def ends_with(breaker, error):
    async def function():
        raise error

    with pytest.raises(type(error)):
        await breaker.call(function)


def test_a_call_that_asks_for_a_rest_gets_it_once(breaker):
    """Whatever the policy says; another one that began with it is no news, and doesn't change the time."""
    first, second = breaker.admit(), breaker.admit()
    assert (first.current, second.current) == (True, True)
    first.failed(SiteDown(), 7000)
    assert (first.current, second.current) == (False, False)
    second.failed(SiteDown(), 9)
    assert breaker.remaining_seconds == 7000
    assert (breaker.figures()["opened"], breaker.figures()["late"]) == (1, 1)


def test_a_probe_is_news_as_long_as_its_place_is_its_own(breaker, clock):
    """After that the next one speaks."""
    breaker.open(0)
    probe = breaker.admit()
    assert probe.current
    clock.now += POLICY.probe_seconds
    assert not probe.current


async def test_failures_in_a_row_open_it_and_a_call_is_refused_with_the_time(breaker, clock):
    """The site isn't asked; the refusal names the seconds until it will be."""
    for _ in range(3):
        await ends_with(breaker, SiteDown())
    clock.now += 10
    asked = []

    async def function():
        asked.append(1)

    with pytest.raises(CircuitOpen) as refusal:
        await breaker.call(function)
    assert (breaker.state, asked, refusal.value.retry_after_seconds) == ("open", [], 20.0)
    assert breaker.figures()["refused"] == 1


async def test_a_result_is_handed_through(breaker):
    """And resets the run of failures."""

    async def function():
        return 7

    await ends_with(breaker, SiteDown())
    await ends_with(breaker, SiteDown())
    assert await breaker.call(function) == 7
    await ends_with(breaker, SiteDown())
    assert (breaker.state, breaker.figures()["consecutive"]) == ("closed", 1)


async def test_a_rate_over_the_window_opens_it_once_there_are_enough_calls(breaker):
    """Every other call fails: never three in a row, but half of ten."""
    for number in range(9):
        permit = breaker.admit()
        permit.failed() if number % 2 else permit.succeeded()
    assert (breaker.state, breaker.figures()["failure_rate"]) == ("closed", 0.444)
    breaker.admit().failed()
    assert breaker.state == "open"


async def test_failures_that_left_the_window_are_forgotten(breaker, clock):
    """A minute later they count no more; a bucket's place is used anew."""
    for number in range(9):
        permit = breaker.admit()
        permit.failed() if number % 2 else permit.succeeded()
    clock.now += 61
    breaker.admit().succeeded()
    breaker.admit().failed()
    assert (breaker.state, breaker.figures()["calls"]) == ("closed", 2)


@pytest.mark.parametrize("error", [UnsafeLink(), DeadLink(), Cancelled(), WorkerCrashed(), CircuitOpen(), ValueError()])
async def test_what_is_not_the_sites_fault_never_counts(breaker, clock, error):
    """A bad link, our own trouble, a bug: neither for the site nor against it, not even as a probe."""
    for _ in range(20):
        await ends_with(breaker, error)
    assert (breaker.state, breaker.figures()["calls"]) == ("closed", 0)
    shut(breaker)
    clock.now += 30
    for _ in range(3):
        await ends_with(breaker, error)
    assert breaker.state == "half_open"


@pytest.mark.parametrize("error", [Removed(), LoginRequired()])
async def test_an_answer_about_an_item_shows_that_the_site_works(breaker, clock, error):
    """So it closes a half-open breaker."""
    shut(breaker)
    clock.now += 30
    await ends_with(breaker, error)
    assert breaker.state == "closed"


async def test_of_a_crowd_exactly_the_probes_get_through(clock):
    """Twenty tasks wait for the moment; two are let in, the others are refused, and two successes close it."""
    breaker = CircuitBreaker("site", BreakerPolicy(probes=2), clock=clock)
    shut(breaker)
    clock.now += 30
    gate, inside = asyncio.Event(), []

    async def function():
        inside.append(1)
        await gate.wait()

    crowd = [asyncio.ensure_future(breaker.call(function)) for _ in range(20)]
    while sum(task.done() for task in crowd) < 18:
        await asyncio.sleep(0)
    assert (len(inside), breaker.state) == (2, "half_open")
    gate.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(result) for result in results].count(CircuitOpen) == 18
    assert breaker.state == "closed"


def test_a_probe_that_succeeded_leaves_no_place_for_a_further_one(clock):
    """Two are wanted: after one success one more is let in, not two."""
    breaker = CircuitBreaker("site", BreakerPolicy(probes=2), clock=clock)
    shut(breaker)
    clock.now += 30
    breaker.admit().succeeded()
    last = breaker.admit()
    with pytest.raises(CircuitOpen):
        breaker.admit()
    last.succeeded()
    assert breaker.state == "closed"


async def test_a_cancelled_probe_gives_its_place_back(breaker, clock):
    """It neither opens nor closes; the next call probes at once."""
    shut(breaker)
    clock.now += 30
    started = asyncio.Event()

    async def hangs():
        started.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(breaker.call(hangs))
    await started.wait()
    with pytest.raises(CircuitOpen):
        breaker.admit()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (breaker.state, breaker.figures()["probing"]) == ("half_open", 0)
    breaker.admit().succeeded()
    assert breaker.state == "closed"


def test_a_hung_probe_is_replaced_and_heard_no_more(breaker, clock):
    """After two minutes another call gets its place; its late word changes nothing."""
    shut(breaker)
    clock.now += 30
    hung = breaker.admit()
    clock.now += 119
    with pytest.raises(CircuitOpen) as refusal:
        breaker.admit()
    assert refusal.value.retry_after_seconds == 1
    clock.now += 1
    fresh = breaker.admit()
    hung.failed()
    assert (breaker.state, breaker.figures()["late"]) == ("half_open", 1)
    hung.succeeded()
    fresh.succeeded()
    assert breaker.state == "closed"


def test_who_waits_for_a_probe_is_told_a_short_time(breaker, clock):
    """Not the two minutes that a probe may take."""
    shut(breaker)
    clock.now += 30
    breaker.admit()
    with pytest.raises(CircuitOpen) as refusal:
        breaker.admit()
    assert refusal.value.retry_after_seconds == 30


def test_a_call_from_before_the_opening_decides_nothing(breaker, clock):
    """Neither its failure nor its success is news about the site of now."""
    old, older = breaker.admit(), breaker.admit()
    shut(breaker)
    old.failed()
    clock.now += 30
    breaker.admit()
    older.succeeded()
    assert (breaker.state, breaker.figures()["late"]) == ("half_open", 2)


def test_the_first_word_of_a_permit_holds(breaker):
    """A second one is ignored."""
    for _ in range(2):
        breaker.admit().failed()
    permit = breaker.admit()
    permit.succeeded()
    permit.failed()
    permit.dropped()
    assert breaker.figures()["consecutive"] == 0


def test_the_open_time_doubles_up_to_its_cap_and_a_good_window_resets_it(clock):
    """30, 60, 100, 100; after a minute without an opening 30 again."""
    breaker = CircuitBreaker("site", BreakerPolicy(open_cap_seconds=100), clock=clock)
    shut(breaker)
    rests = [breaker.remaining_seconds]
    for _ in range(3):
        clock.now += breaker.remaining_seconds
        breaker.admit().failed()
        rests.append(breaker.remaining_seconds)
    assert rests == [30, 60, 100, 100]
    clock.now += 100
    breaker.admit().succeeded()
    clock.now += 59
    shut(breaker)
    assert breaker.remaining_seconds == 100
    clock.now += 100
    breaker.admit().succeeded()
    clock.now += 60
    shut(breaker)
    assert breaker.remaining_seconds == 30


def test_a_site_that_asks_for_a_long_rest_gets_it_at_once(breaker, clock):
    """A short one is the retry's affair; an endless one is capped."""
    breaker.admit().failed(RateLimited(retry_after_seconds=29))
    assert breaker.state == "closed"
    breaker.admit().failed(RateLimited(retry_after_seconds=90))
    assert breaker.remaining_seconds == 90
    breaker.close()
    breaker.admit().failed(RateLimited(retry_after_seconds=86_400))
    assert breaker.remaining_seconds == 600


def test_an_operator_opens_for_a_time_or_until_further_notice(breaker, clock):
    """Held open it names no time and time doesn't end it; closing forgets everything."""
    breaker.open(100)
    assert breaker.remaining_seconds == 100
    breaker.open()
    clock.now += 1e9
    with pytest.raises(CircuitOpen) as refusal:
        breaker.admit()
    assert refusal.value.retry_after_seconds is None
    assert (breaker.figures()["held"], breaker.figures()["retry_in_seconds"]) == (True, None)
    clock.now -= 2e9
    assert breaker.state == "open"
    breaker.close()
    shut(breaker)
    assert breaker.remaining_seconds == 30


def test_a_pause_by_hand_is_told_from_trouble(breaker, clock):
    """Also one that has an end; when that has come, the next refusal is for what the site does."""
    breaker.open(100, by_hand=True)
    with pytest.raises(SitePaused) as refusal:
        breaker.admit()
    assert refusal.value.retry_after_seconds == 100
    assert (breaker.figures()["by_hand"], breaker.figures()["retry_in_seconds"]) == (True, 100)
    clock.now += 100
    assert not breaker.figures()["by_hand"]
    breaker.admit()
    with pytest.raises(CircuitOpen) as refused:
        breaker.admit()
    assert not isinstance(refused.value, SitePaused)
    breaker.open(100)
    with pytest.raises(CircuitOpen) as refused:
        breaker.admit()
    assert (isinstance(refused.value, SitePaused), breaker.figures()["by_hand"]) == (False, False)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_an_operator_cannot_open_it_for_less_than_no_time(breaker, seconds):
    """And no time at all lets the next call probe."""
    with pytest.raises(ValueError, match="less than no time"):
        breaker.open(seconds)
    breaker.open(0)
    assert breaker.state == "half_open"


def test_nobody_opens_it_for_more_than_a_day(breaker):
    """Longer is an operator's hold."""
    breaker.open(1e12)
    assert breaker.remaining_seconds == 86_400


def test_a_clock_that_was_set_back_locks_nothing(breaker, clock):
    """An open time whose beginning lies in the future is over, and so is a probe's."""
    shut(breaker)
    clock.now -= 5000
    assert (breaker.state, breaker.remaining_seconds) == ("half_open", 0.0)
    breaker.admit()
    clock.now -= 5000
    breaker.admit().succeeded()
    assert breaker.state == "closed"


class Listener(CircuitBreakerListener):
    def __init__(self):
        self.heard = []

    def success(self, cb):
        self.heard.append((cb.name, "success"))

    def failure(self, cb, exc):
        self.heard.append((cb.name, type(exc).__name__))

    def state_change(self, cb, old_state, new_state):
        self.heard.append((cb.name, old_state.name, new_state.name))


class Faulty(CircuitBreakerListener):
    def success(self, cb):
        raise RuntimeError

    def failure(self, cb, exc):
        raise RuntimeError

    def state_change(self, cb, old_state, new_state):
        raise RuntimeError


def test_listeners_of_pybreaker_hear_everything(clock):
    """In pybreaker's words; one that raises hurts neither the call nor the others."""
    listener = Listener()
    breaker = CircuitBreaker("site", BreakerPolicy(consecutive=1), clock=clock, listeners=[Faulty(), listener])
    breaker.admit().succeeded()
    breaker.admit().failed(SiteDown())
    clock.now += 30
    breaker.admit().succeeded()
    assert listener.heard == [
        ("site", "success"),
        ("site", "SiteDown"),
        ("site", "closed", "open"),
        ("site", "open", "half-open"),
        ("site", "success"),
        ("site", "half-open", "closed"),
    ]


@pytest.mark.parametrize(("kept", "remaining"), [("open", 30.0), ("half-open", 0.0)])
def test_a_storage_of_pybreaker_brings_its_state(clock, kept, remaining):
    """It is read once; an open one rests for a whole time, for nobody knows since when."""
    breaker = CircuitBreaker("site", POLICY, clock=clock, store=CircuitMemoryStorage(kept))
    assert breaker.remaining_seconds == remaining
    clock.now += 30
    breaker.admit().succeeded()
    assert breaker.state == "closed"


def test_a_kept_state_is_taken_over(breaker, clock):
    """Open with what remains, held, or closed; the open time goes on growing from where it was."""
    breaker.adopt(BreakerRecord("site", "open", 12.0, 2))
    assert (breaker.remaining_seconds, breaker.streak) == (12.0, 2)
    clock.now += 12
    breaker.admit().failed()
    assert breaker.remaining_seconds == 120
    breaker.adopt(BreakerRecord("site", "open", None, 1))
    assert breaker.remaining_seconds is None
    breaker.adopt(BreakerRecord("site", "closed"))
    assert breaker.state == "closed"


@pytest.mark.parametrize(
    "values",
    [
        {"failure_rate": 0},
        {"failure_rate": 1.1},
        {"probes": 0},
        {"consecutive": 0},
        {"minimum_calls": 0},
        {"window_seconds": 0},
        {"open_seconds": float("nan")},
        {"probe_seconds": -1},
        {"open_cap_seconds": 29},
        {"open_cap_seconds": 90_000},
    ],
)
def test_a_policy_that_cannot_work_is_refused(values):
    """At the start and not at the first failure."""
    with pytest.raises(ValueError, match="must"):
        BreakerPolicy(**values)
