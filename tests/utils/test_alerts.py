"""Rules of alerts: when the owner is told, and how seldom."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.alerts import Alerts, Kept, Rule


class Time:
    """Both clocks, which a test moves."""

    def __init__(self):
        self.now = 50.0
        self.offset = 1_700_000_000.0

    def clock(self):
        return self.now

    def wall(self):
        return self.now + self.offset


MEMORY = Rule(name="memory", metric="memory", threshold=0.8, clear=0.7, for_seconds=30, repeat_minutes=10)


@pytest.fixture
def time():
    return Time()


def alerts(time, *rules):
    return Alerts(rules or (MEMORY,), clock=time.clock, wall=time.wall)


def told(watch, time, value, seconds=0.0):
    """Kinds of what is to be told after that time with that value."""
    time.now += seconds
    return [notice.kind for notice in watch.check({"memory": value})]


def test_a_rule_is_raised_when_its_value_was_bad_for_long_enough(time):
    """A short peak is nothing to tell of, not even several."""
    watch = alerts(time)
    assert told(watch, time, 0.9) == []
    assert watch.figures()[0]["state"] == "pending"
    assert told(watch, time, 0.9, 29) == []
    assert told(watch, time, 0.75, 1) == []
    assert watch.figures()[0]["state"] == "ok"
    assert told(watch, time, 0.9, 1) == []
    assert told(watch, time, 0.9, 30) == ["raised"]
    assert watch.active("warning") == ["memory"]
    assert watch.active("critical", "info") == []


def test_it_is_cleared_at_another_value_than_it_is_raised_at(time):
    """Between both nothing changes; what is over is for information, with how long it lasted."""
    watch = alerts(time)
    told(watch, time, 0.9)
    told(watch, time, 0.9, 30)
    assert told(watch, time, 0.75, 300) == []
    assert told(watch, time, 0.7, 10) == []
    time.now += 30
    (notice,) = watch.check({"memory": 0.7})
    assert (notice.kind, notice.level, notice.since, notice.seconds) == ("cleared", "info", time.offset + 80, 340)
    assert watch.figures()[0] | {"told_at": 0} == {
        "name": "memory",
        "metric": "memory",
        "level": "warning",
        "state": "ok",
        "value": 0.7,
        "threshold": 0.8,
        "since": None,
        "told_at": 0,
    }


def test_what_lasts_is_told_again_after_its_time(time):
    """And not before."""
    watch = alerts(time)
    told(watch, time, 0.9)
    assert told(watch, time, 0.9, 30) == ["raised"]
    assert told(watch, time, 0.9, 599) == []
    assert told(watch, time, 0.9, 1) == ["repeated"]
    assert told(watch, time, 0.9, 1) == []


def test_what_comes_and_goes_is_told_once(time):
    """The second time is only shown, and so is its end; when it lasts longer than the limit it is told after all."""
    watch = alerts(time)
    assert [told(watch, time, value, 30) for value in (0.9, 0.9, 0.1, 0.1)] == [[], ["raised"], [], ["cleared"]]
    assert [told(watch, time, value, 30) for value in (0.9, 0.9, 0.1, 0.1)] == [[], [], [], []]
    assert [told(watch, time, value, 30) for value in (0.9, 0.9)] == [[], []]
    assert watch.figures()[0]["state"] == "active"
    assert told(watch, time, 0.9, 600) == ["raised"]


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_an_unknown_value_decides_nothing(time, unknown):
    """What is active stays active and is told again in its time; what was turning begins anew."""
    watch = alerts(time)
    told(watch, time, 0.9)
    assert told(watch, time, unknown, 30) == []
    assert told(watch, time, 0.9, 30) == []
    assert told(watch, time, 0.9, 30) == ["raised"]
    assert watch.check({}) == []
    assert told(watch, time, unknown, 600) == ["repeated"]
    assert watch.figures()[0]["value"] is None


def test_a_rule_may_watch_for_too_little(time):
    """The other direction, at once."""
    rule = Rule(name="room", metric="memory", threshold=10, clear=20, direction="below", level="critical")
    watch = alerts(time, rule)
    assert told(watch, time, 10) == []
    assert told(watch, time, 9) == ["raised"]
    assert told(watch, time, 19, 5) == []
    assert told(watch, time, 20, 5) == ["cleared"]


def test_without_a_clear_value_the_threshold_serves(time):
    """Exactly the threshold is good."""
    watch = alerts(time, Rule(name="parts", metric="memory", threshold=0))
    assert [told(watch, time, value, 1) for value in (0, 1, 0)] == [[], ["raised"], ["cleared"]]


@pytest.mark.parametrize(
    ("changes", "sane"),
    [
        ({"clear": 0.7}, True),
        ({"clear": None}, True),
        ({"clear": 0.9}, False),
        ({"clear": 0.9, "direction": "below"}, True),
    ],
)
def test_what_clears_a_rule_must_not_raise_it(changes, sane):
    """Else it would come and go with every look."""
    known: dict[str, Any] = {"name": "memory", "metric": "memory", "threshold": 0.8}
    assert Rule(**known, **changes).sane is sane


def test_a_restart_forgets_nothing(time):
    """What was told isn't told again, and its end is; a rule that is no more is passed over."""
    first = alerts(time)
    told(first, time, 0.9)
    told(first, time, 0.9, 30)
    kept = first.kept()
    assert kept == [Kept("memory", True, time.wall(), time.wall())]
    time.now, time.offset = 5.0, time.offset + 75  # another process: its monotonic clock begins anew
    second = alerts(time)
    second.restore([*kept, Kept("gone", True, 1.0, 1.0)])
    assert told(second, time, 0.9, 30) == []
    assert second.figures()[0]["since"] == pytest.approx(1_700_000_080)
    assert told(second, time, 0.1, 30) == []
    assert told(second, time, 0.1, 30) == ["cleared"]


def test_a_rule_that_never_spoke_is_restored_as_such(time):
    """It may speak at once."""
    watch = alerts(time)
    watch.restore(alerts(time).kept())
    told(watch, time, 0.9)
    assert told(watch, time, 0.9, 30) == ["raised"]


def test_a_clock_that_was_set_back_silences_no_rule(time):
    """The last notice then lies in the future; it counts as now."""
    watch = alerts(time)
    watch.restore([Kept("memory", False, 0.0, time.wall() + 10**8)])
    told(watch, time, 0.9)
    assert told(watch, time, 0.9, 599) == []
    assert told(watch, time, 0.9, 1) == ["raised"]


STEPS = st.lists(
    st.tuples(st.one_of(st.none(), st.just(math.nan), st.floats(0, 1)), st.floats(0, 400)), min_size=1, max_size=80
)


@given(steps=STEPS)
def test_the_owner_is_never_flooded(steps):
    """In any history: raised or told again once per limit, cleared only after raised, never cleared twice."""
    time = Time()
    watch = alerts(time)
    open_told = False
    spoke = []
    for value, seconds in steps:
        for kind in told(watch, time, value, seconds):
            assert kind == ("raised" if not open_told else kind)
            assert kind != "raised" or not open_told
            open_told = kind != "cleared"
            if kind != "cleared":
                spoke.append(time.now)
    assert all(later - sooner >= 600 for sooner, later in pairwise(spoke))


@given(steps=STEPS)
def test_the_state_follows_the_value(steps):
    """A rule turns only after its value spoke for that without a gap for as long as the rule wants."""
    time = Time()
    watch = alerts(time)
    active, turning = False, None
    for value, seconds in steps:
        told(watch, time, value, seconds)
        unknown = value is None or math.isnan(value)
        against = not unknown and (value <= 0.7 if active else value > 0.8)
        turning = None if not against else time.now if turning is None else turning
        if turning is not None and time.now - turning >= 30:
            active, turning = not active, None
        assert watch.figures()[0]["state"] == ("active" if active else "ok" if turning is None else "pending")
