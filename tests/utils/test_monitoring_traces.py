"""Traces: phases with their times, what is kept of them and for how long."""

import pytest

from utils.monitoring import Metrics
from utils.monitoring_traces import OPEN_BOUND, PHASE_BOUND, Traces


class Time:
    def __init__(self):
        self.now = 7.0

    def clock(self):
        return self.now

    def wall(self):
        return 1_700_000_000.0 + self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def durations():
    return Metrics().histogram("phase_seconds", "Phases.", "phase")


@pytest.fixture
def traces(time, durations):
    times = {"clock": time.clock, "wall": time.wall}
    return Traces(keep=3, keep_notable=2, slow_seconds=60, idle=("queue",), durations=durations, **times)


def work(traces, time, identity, *phases, outcome="done", error=""):
    """A whole one; `phases` are (name, seconds)."""
    traces.begin(identity, phases[0][0])
    for name, seconds in phases:
        traces.enter(identity, name)
        time.now += seconds
    return traces.end(identity, outcome, error)


def test_a_trace_tells_when_each_phase_began_and_ended(traces, time):
    """While it runs and afterwards; the phase that lasts has no end."""
    traces.begin("a", "queue", platform="youtube")
    time.now += 1
    traces.enter("a", "download")
    traces.enter("a", "download")
    time.now += 2.5
    running = traces.get("a").view()
    assert running["phases"] == [
        {"name": "queue", "began_at": 1_700_000_007.0, "ended_at": 1_700_000_008.0, "seconds": 1.0},
        {"name": "download", "began_at": 1_700_000_008.0, "ended_at": None, "seconds": None},
    ]
    assert (running["seconds"], running["outcome"], running["platform"]) == (None, "", "youtube")
    assert len(traces) == 1
    traces.end("a", "failed", "site_down")
    ended = traces.get("a").view()
    assert ended["phases"][1]["seconds"] == 2.5
    assert (ended["seconds"], ended["outcome"], ended["error"]) == (3.5, "failed", "site_down")
    assert len(traces) == 0


def test_what_nobody_began_or_what_has_ended_changes_nothing(traces, time):
    """Events may come late, twice or out of order."""
    traces.enter("a", "download")
    assert traces.end("a", "done") is None
    assert traces.get("a") is None
    traces.begin("a", "queue")
    time.now += 1
    traces.begin("a", "probe")
    assert traces.get("a").spans[0].name == "queue"
    traces.end("a", "done")
    assert traces.end("a", "failed") is None
    assert traces.get("a").outcome == "done"


def test_the_last_ones_are_kept_and_bad_ones_longer(traces, time):
    """Failed and slow ones stay when the ordinary have gone; each is found by its id."""
    work(traces, time, "slow", ("download", 61))
    work(traces, time, "failed", ("probe", 1), outcome="failed", error="private")
    work(traces, time, "waited", ("queue", 500), ("download", 50))
    for name in "abc":
        work(traces, time, name, ("probe", 1))
    assert [trace.id for trace in traces.recent(2)] == ["c", "b"]
    assert [trace.id for trace in traces.recent(9)] == ["c", "b", "a"]
    assert [trace.id for trace in traces.notable(9)] == ["failed", "slow"]
    assert [trace.id for trace in traces.notable(1)] == ["failed"]
    assert traces.get("slow").seconds == 61
    assert traces.get("waited") is None
    work(traces, time, "worse", ("merge", 99))
    assert traces.get("slow") is None


def test_nothing_is_shown_where_nothing_is_wanted(traces, time):
    """A list of none."""
    work(traces, time, "a", ("probe", 1))
    assert traces.recent(0) == traces.notable(0) == []


def test_phases_of_what_was_done_are_summed_up(traces, time, durations):
    """Those of one name together, one value a job; what failed or was cancelled says nothing of how long it takes."""
    work(traces, time, "a", ("download", 1), ("merge", 4), ("download", 2))
    work(traces, time, "b", ("download", 50), outcome="failed")
    work(traces, time, "c", ("download", 50), outcome="cancelled")
    assert (durations.summary("download").count, durations.summary("download").largest) == (1, 3)
    assert durations.summary("merge").mean == 4


def test_without_durations_traces_are_kept_all_the_same(time):
    """They are an addition."""
    traces = Traces(keep=1, keep_notable=1, slow_seconds=1, clock=time.clock, wall=time.wall)
    assert work(traces, time, "a", ("probe", 1)).by_phase() == {"probe": 1}


def test_phases_are_bounded(traces, time):
    """Work that changes them without end lengthens its last one, and loses no time."""
    trace = work(traces, time, "a", *((f"phase{number % 2}", 1) for number in range(100)))
    assert len(trace.spans) == PHASE_BOUND
    assert sum(trace.by_phase().values()) == trace.seconds == 100


def test_open_traces_are_bounded(traces):
    """What never ends leaves; the newest stay."""
    for number in range(OPEN_BOUND + 10):
        traces.begin(str(number), "queue")
    assert len(traces) == OPEN_BOUND
    assert traces.get("9") is None
    assert traces.get("10") is not None


def test_a_phase_that_lasts_is_left_out_of_the_sums(traces):
    """Nobody knows yet how long it takes."""
    traces.begin("a", "queue")
    assert traces.get("a").by_phase() == {}
