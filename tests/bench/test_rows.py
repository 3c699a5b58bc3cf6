"""What a figure says of itself."""

from __future__ import annotations

from bench.calibrate import Calibration
from bench.rows import impossible, passed, row


def test_the_median_counts():
    """One bad sample among three changes nothing."""
    measured = row("x", [1.0, 9.0, 1.2], "s", gate=2, goal=1)
    assert (measured["value"], measured["pass"], measured["goal_reached"]) == (1.2, True, False)


def test_a_slow_machine_is_taken_into_account():
    """Twice as slow in the same run: a time of 3 counts as 1.5."""
    measured = row("x", [3.0], "s", gate=2, goal=1, factor=2.0)
    assert (measured["value"], measured["compared"], measured["pass"]) == (3.0, 1.5, True)


def test_where_more_is_better():
    """An efficiency below its gate fails."""
    assert row("x", [0.9], "ratio", gate=0.5, goal=0.8, higher_is_better=True)["goal_reached"]
    assert not row("x", [0.4], "ratio", gate=0.5, goal=0.8, higher_is_better=True)["pass"]


def test_what_cannot_be_measured_fails_nothing():
    """It says why, and the run still passes; a missed gate doesn't."""
    missing = impossible("x", "no control groups")
    assert missing["reason"] == "not possible here: no control groups"
    assert passed([missing, row("y", [1], "s", gate=2, goal=1)])
    assert not passed([missing, row("y", [3], "s", gate=2, goal=1)])


def test_the_calibration_compares_with_the_reference():
    """Both factors come from the same samples."""
    calibration = Calibration()
    calibration.sample()
    assert calibration.wall > 0
    assert calibration.cpu > 0
