"""What the dashboard tells of downloads."""

from __future__ import annotations

import pytest

from core.job_queue import DONE, Job
from services.figures import LONGEST_SECONDS, Figures
from tests.services.conftest import link


def done(seconds):
    """A job that took so long by the clock."""
    return Job("1", "web", link(), "best", "T", 7, {}, DONE, 1, 1, None, 1000.0, 1000.0 + seconds)


@pytest.mark.parametrize(("seconds", "told"), [(2.5, 2500), (-3600.0, 0), (1.7e9, LONGEST_SECONDS * 1000)])
def test_a_clock_that_was_set_leaves_the_mean_time_believable(seconds, told):
    """Never less than nothing, nor more than a day."""
    figures = Figures()
    figures.count(done(seconds))
    assert figures.downloads()["avg_duration_ms"] == told
