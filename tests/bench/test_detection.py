"""The report on detection: what a site's entry tells, and that the figures are taken from all sites."""

from bench import detection
from bench.calibrate import Calibration
from bench.ground_truth import Count, Verdict
from platforms.registry import Registry


def test_an_entry_names_what_went_wrong():
    """Counts alone would send the reader searching."""
    verdict = Verdict(Count(3, ["a: b"], ["c"]), Count(2))
    assert detection.told(verdict) == {
        "right": 3,
        "wrong": ["a: b"],
        "missed": ["c"],
        "lists_right": 2,
        "lists_wrong": [],
        "lists_missed": [],
    }


def test_figures_have_their_gates(monkeypatch):
    """Links per second, the longest message and the import at boot; no more than a round of each here."""
    for name in ("ROUNDS", "SPEED_ROUNDS", "MESSAGES"):
        monkeypatch.setattr(detection, name, 1)
    calibration = Calibration()
    rows = {row["name"]: row for row in (*detection._speed(Registry(), calibration), *detection._start(calibration))}
    assert set(rows) == {
        "claimed_links",
        "detected_links",
        "normalised_links",
        "message_p99",
        "import_and_no_link",
        "import_and_first_link",
    }
    assert rows["claimed_links"]["gate"] == 50_000
    assert rows["message_p99"]["gate"] == 1
    assert all(row["value"] > 0 for row in rows.values())
