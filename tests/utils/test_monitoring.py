"""Counters, gauges, histograms and timers: what they tell, and that their memory is bounded."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.monitoring import METRIC_BOUND, Metrics
from utils.monitoring_histogram import SECONDS, Histogram


class Clock:
    def __init__(self):
        self.now = 10.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics(clock):
    return Metrics(series_bound=3, clock=clock)


def test_a_counter_counts_by_its_labels(metrics):
    """Apart, and never down."""
    jobs = metrics.counter("jobs", "Jobs.", "platform", "outcome")
    jobs.add(1, "youtube", "done")
    jobs.add(2.5, "youtube", "done")
    jobs.add(1, "vimeo", "done")
    assert jobs.values() == {("youtube", "done"): 3.5, ("vimeo", "done"): 1.0}
    assert jobs.value("youtube", "done") == 3.5
    assert jobs.value("youtube", "failed") == 0.0
    plain = metrics.counter("starts", "Starts.")
    plain.add()
    assert plain.value() == 1.0


@pytest.mark.parametrize("amount", [-1, math.nan, math.inf])
def test_a_counter_only_rises(metrics, amount):
    """By finite amounts."""
    with pytest.raises(ValueError, match="only rises"):
        metrics.counter("jobs", "Jobs.").add(amount)


def test_labels_are_bounded(metrics):
    """What comes beyond counts together, whoever makes the values up; what is known goes on."""
    hosts = metrics.counter("hosts", "Hosts.", "host")
    for number in range(100):
        hosts.add(1, f"host{number}")
    hosts.add(1, "host1")
    assert hosts.values() == {("host0",): 1, ("host1",): 2, ("host2",): 1, ("other",): 97}
    gauge = metrics.gauge("rooms", "Rooms.", "host")
    spread = metrics.histogram("waits_seconds", "Waits.", "host")
    for number in range(100):
        gauge.set(number, f"host{number}")
        spread.observe(number, f"host{number}")
    assert gauge.values() == {("host0",): 0, ("host1",): 1, ("host2",): 2, ("other",): 99}
    assert spread.summary("other").count == 97


def test_the_number_of_labels_must_fit(metrics):
    """A mistake of ours is told at its first use."""
    with pytest.raises(ValueError, match="has the labels"):
        metrics.counter("jobs", "Jobs.", "platform").add(1)
    with pytest.raises(ValueError, match="has the labels"):
        metrics.gauge("rooms", "Rooms.").set(1, "one")


def test_a_gauge_tells_its_last_value(metrics):
    """None before there is one."""
    gauge = metrics.gauge("room", "Room.")
    assert gauge.value() is None
    gauge.set(3)
    gauge.set(-1.5)
    assert gauge.value() == -1.5


def test_a_metric_is_made_once(metrics):
    """Asking again gives the same; asking for another of that name is a mistake."""
    assert metrics.counter("jobs", "Jobs.", "a") is metrics.counter("jobs", "Jobs.", "a")
    assert metrics.gauge("room", "Room.") is metrics.gauge("room", "Room.")
    spread = metrics.histogram("took_seconds", "Took.")
    assert metrics.histogram("took_seconds", "Took.") is spread
    assert [metric.name for metric in metrics.all()] == ["jobs", "room", "took_seconds"]
    for wrong in (
        lambda: metrics.counter("jobs", "Jobs.", "b"),
        lambda: metrics.counter("room", "Room."),
        lambda: metrics.gauge("jobs", "Jobs.", "a"),
        lambda: metrics.histogram("jobs", "Jobs.", "a"),
        lambda: metrics.histogram("took_seconds", "Took.", bounds=(1.0,)),
    ):
        with pytest.raises(ValueError, match="is another metric"):
            wrong()


def test_metrics_are_bounded(metrics):
    """Names come from the code, so this is a mistake and is told."""
    for number in range(METRIC_BOUND):
        metrics.counter(f"metric{number}", "One.")
    with pytest.raises(ValueError, match="more than"):
        metrics.counter("more", "More.")


@pytest.mark.parametrize(("name", "label"), [("Jobs", "a"), ("jobs-done", "a"), ("", "a"), ("jobs", "A"), ("jobs", "")])
def test_names_are_those_that_prometheus_takes(metrics, name, label):
    """Told when the metric is made."""
    with pytest.raises(ValueError, match="lower-case"):
        metrics.counter(name, "Jobs.", label)


@pytest.mark.parametrize(
    "bounds", [(), (1.0, 1.0), (2.0, 1.0), (1.0, math.inf), (-math.inf, 1.0), (1.0, math.nan), tuple(range(65))]
)
def test_bounds_rise_and_are_few(metrics, bounds):
    """Told when the histogram is made."""
    with pytest.raises(ValueError, match="bounds must rise"):
        metrics.histogram("took_seconds", "Took.", bounds=bounds)


def test_a_histogram_puts_values_into_buckets(metrics):
    """A value on a bound belongs below it, as Prometheus has it."""
    took = metrics.histogram("took_seconds", "Took.", "phase", bounds=(1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 7.0, math.nan, math.inf, -math.inf):
        took.observe(value, "probe")
    spread = took.spreads()["probe",]
    assert spread.bounds == (1.0, 2.0, math.inf)
    assert spread.cumulative == (2, 3, 4)
    assert spread.total == 10.0
    assert took.summary("probe").largest == 7.0
    assert took.summary("queue").count == 0


def test_a_timer_takes_the_seconds_of_its_block(metrics, clock):
    """Also where the block raised, and with another one inside."""
    took = metrics.histogram("took_seconds", "Took.", "phase")
    with pytest.raises(KeyError), took.time("outer"):
        clock.now += 2
        with took.time("inner"):
            clock.now += 1
        raise KeyError
    assert took.summary("inner").largest == 1.0
    assert took.summary("outer").largest == 3.0


VALUES = st.lists(st.floats(0, 5000) | st.sampled_from(SECONDS), min_size=1, max_size=200)


@given(values=VALUES)
def test_quantiles_lie_in_the_bucket_of_the_true_ones(values):
    """Whatever comes: as exact as the buckets are, never beyond what was seen, and in order."""
    histogram = Histogram("took_seconds", "Took.", series_bound=1)
    for value in values:
        histogram.observe(value)
    summary = histogram.summary()
    ordered = sorted(values)
    for share, found in ((0.5, summary.p50), (0.95, summary.p95)):
        true = ordered[max(0, math.ceil(share * len(values)) - 1)]
        low = max((bound for bound in SECONDS if bound < true), default=-math.inf)
        high = min((bound for bound in SECONDS if bound >= true), default=math.inf)
        assert low - 1e-9 <= found <= high + 1e-9
        assert ordered[0] - 1e-9 <= found <= ordered[-1] + 1e-9
    assert summary.p50 <= summary.p95 + 1e-9
    assert summary.count == len(values)
    assert summary.largest == ordered[-1]
    assert summary.mean == pytest.approx(statistics.fmean(values))


@given(values=VALUES)
def test_cumulative_counts_are_what_prometheus_reckons_with(values):
    """Each is the number of values up to its bound; the last one is all of them."""
    histogram = Histogram("took_seconds", "Took.", series_bound=1)
    for value in values:
        histogram.observe(value)
    spread = histogram.spreads()[()]
    assert list(spread.cumulative) == [sum(value <= bound for value in values) for bound in spread.bounds]
    assert spread.total == pytest.approx(math.fsum(values))
