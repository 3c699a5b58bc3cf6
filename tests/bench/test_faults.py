"""What the figures of the faults say, and that nothing counts as good unseen."""

from __future__ import annotations

import pytest

from bench.faults import summary
from bench.rows import impossible

WELL = {"accepted": 2, "wrong": [], "twice_ordered": 0, "failed": {}, "integrity": "ok"}


def scene(name, **books):
    """The rows of one fault and its judge."""
    return [
        {"name": name, "told_seconds": None, "back_seconds": 0.1},
        {"name": "scene", "faults": [name], **WELL, **books},
    ]


def missed(each, count=2):
    """Names of the figures that miss their gates."""
    return {row["name"] for row in summary(each, count) if not row["pass"]}


def test_all_well():
    """It says for how many faults and jobs it stands."""
    rows = {row["name"]: row for row in summary([*scene("a"), *scene("b")], 2)}
    assert all(row["pass"] for row in rows.values())
    assert rows["faults_judged"]["value"] == rows["fault_back_slowest"]["faults"] == 2
    assert rows["faults_lost_or_doubled"]["jobs"] == rows["faults_jobs_failed"]["jobs"] == 4
    assert rows["faults_databases_broken"]["databases"] == 2


@pytest.mark.parametrize("rest", [[], [impossible("b", "no small disk")], scene("b")[:1]])
def test_what_was_not_judged_is_no_good(rest):
    """A scene that was left out, can't be here, or had no judge."""
    assert missed([*scene("a"), *rest]) == {"faults_judged"}


@pytest.mark.parametrize(
    ("books", "figure"),
    [
        ({"wrong": ["lost"]}, "faults_lost_or_doubled"),
        ({"twice_ordered": 1}, "faults_lost_or_doubled"),
        ({"failed": {"disk_full": 1}}, "faults_jobs_failed"),
        ({"integrity": "row 1 missing from index"}, "faults_databases_broken"),
    ],
)
def test_one_bad_scene_is_enough(books, figure):
    """Whatever the others say."""
    assert missed([*scene("a", **books), *scene("b")]) == {figure}
