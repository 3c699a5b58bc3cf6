"""Progress sums, paces and caps."""

from __future__ import annotations

from typing import Any

import pytest

from platforms.extractor.meter import REPORT_SECONDS, Meter
from utils.errors import TooLarge

MIB = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def meter(clock: Clock, reports: list[dict[str, Any]]) -> Meter:
    return Meter(lambda fields: reports.append(dict(fields)), 10 * MIB, clock)


def downloading(done: float, **more: Any) -> dict[str, Any]:
    return {"status": "downloading", "downloaded_bytes": done, **more}


def test_parts_add_up(meter: Meter, clock: Clock, reports: list[dict[str, Any]]):
    """The total is that of both parts from the first report on; speed and rest follow."""
    meter.expect([4 * MIB, 1 * MIB], [None, None])
    meter.on_download(downloading(0))
    clock.now += 1
    meter.on_download(downloading(1 * MIB))
    assert reports[-1] == {
        "phase": "downloading",
        "done_bytes": 1 * MIB,
        "total_bytes": 5 * MIB,
        "speed": 1 * MIB,
        "eta_seconds": 4,
    }
    meter.part_done(4 * MIB)
    clock.now += 1
    meter.on_download(downloading(MIB // 2))
    assert reports[-1]["done_bytes"] == 4.5 * MIB
    meter.part_done(1 * MIB)
    assert (reports[-1]["done_bytes"], reports[-1]["total_bytes"]) == (5 * MIB, 5 * MIB)


def test_reports_keep_their_pace(meter: Meter, clock: Clock, reports: list[dict[str, Any]]):
    """A thousand blocks within a second are five reports."""
    meter.expect([1 * MIB], [None])
    for done in range(1000):
        meter.on_download(downloading(done))
        clock.now += 0.001
    assert len(reports) <= 1 / REPORT_SECONDS + 1


def test_the_total_is_unknown_while_one_part_is(meter: Meter, reports: list[dict[str, Any]]):
    meter.expect([None, 1 * MIB], [None, None])
    meter.on_download(downloading(5))
    assert reports[-1]["total_bytes"] is None


def test_an_estimate_stands_in_for_a_size(meter: Meter, reports: list[dict[str, Any]]):
    """The site's guess for the total; never for the cap."""
    meter.expect([None], [90 * MIB])
    meter.on_download(downloading(5))
    assert reports[-1]["total_bytes"] == 90 * MIB


@pytest.mark.parametrize(
    "state",
    [
        downloading(11 * MIB),
        downloading(0, total_bytes=11 * MIB),
        downloading(0, total_bytes_estimate=21 * MIB),
    ],
)
def test_more_than_the_cap_is_too_large(meter: Meter, state: dict[str, Any]):
    """By count, by promise, by an estimate that is far above."""
    meter.expect([None], [None])
    with pytest.raises(TooLarge) as told:
        meter.on_download(state)
    assert told.value.values["limit_mb"] == 10


def test_an_estimate_just_above_the_cap_is_not_believed(meter: Meter):
    """The first segments of a stream are often the largest."""
    meter.expect([None], [None])
    meter.on_download(downloading(0, total_bytes_estimate=15 * MIB))


def test_promised_sizes_count_before_the_first_byte(meter: Meter):
    meter.expect([6 * MIB], [None])
    with pytest.raises(TooLarge):
        meter.expect([None, 11 * MIB], [None, None])


def test_finished_parts_count(meter: Meter):
    meter.expect([None, None], [None, None])
    meter.part_done(6 * MIB)
    with pytest.raises(TooLarge):
        meter.on_download(downloading(5 * MIB))


def test_ffmpeg_reports_its_phase(meter: Meter, clock: Clock, reports: list[dict[str, Any]]):
    """A phase shows at once; what is written beyond the guess has no total."""
    hear = meter.on_media("merging", 100)
    assert reports[-1]["phase"] == "merging"
    clock.now += 1
    hear(1.0, 50)
    assert (reports[-1]["done_bytes"], reports[-1]["total_bytes"]) == (50, 100)
    clock.now += 1
    hear(2.0, 150)
    assert (reports[-1]["done_bytes"], reports[-1]["total_bytes"]) == (150, None)


@pytest.mark.parametrize("value", [None, "5", float("inf"), float("nan"), -1])
def test_figures_that_are_none_do_no_harm(meter: Meter, value: Any):
    meter.expect([None], [None])
    meter.on_download(downloading(value, total_bytes=value, total_bytes_estimate=value))
