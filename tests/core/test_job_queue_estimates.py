"""How long jobs take, learned from those that were done."""

import pytest

from core.job_queue_estimates import OF_PLATFORM, PLATFORMS, Estimates
from core.job_queue_shapes import Took


def done(platform="site", size=100, fetch=8.0, send=2.0, part=""):
    return Took(platform, part, size, 100.0, 100.0 + fetch, 100.0 + fetch + send)


@pytest.fixture
def estimates():
    return Estimates()


def test_nothing_is_told_before_anything_was_learned(estimates):
    """Copies that were stored already, recordings and times that a set clock has spoiled teach nothing."""
    estimates.learn([done(size=0), done(part="live:5"), done(fetch=-1.0), done(send=-1.0)])
    assert estimates.of("site", 100) is None


def test_each_phase_has_its_median(estimates):
    """One odd job doesn't matter."""
    estimates.learn([done(), done(), done(fetch=500.0)])
    found = estimates.of("site", None)
    assert (found.fetch_seconds, found.send_seconds, found.seconds) == (8.0, 2.0, 10.0)


def test_a_platform_of_which_little_is_known_takes_as_long_as_all(estimates):
    """As soon as enough is known its own jobs count."""
    estimates.learn([done(), done(), done(), done("other", fetch=80.0)])
    assert estimates.of("other", None).fetch_seconds == 8.0
    estimates.learn([done("other", fetch=80.0)] * 2)
    assert estimates.of("other", None).fetch_seconds == 80.0


def test_a_size_of_which_little_is_known_is_reckoned_by_bytes(estimates):
    """Neighbours in size are better, where there are enough."""
    estimates.learn([done()] * 3)
    assert estimates.of("site", 1000).seconds == pytest.approx(100.0)
    assert estimates.of("site", 150).seconds == 10.0
    estimates.learn([done(size=1000, fetch=20.0)] * 3)
    assert estimates.of("site", 1000).seconds == 22.0


def test_what_is_remembered_is_bounded(estimates):
    """The platforms of the newest jobs, and of each the newest jobs."""
    estimates.learn(done(f"p{number}") for number in range(PLATFORMS + 5))
    estimates.learn([done("p54")] * (OF_PLATFORM + 5))
    assert len(estimates._platforms) == PLATFORMS
    assert len(estimates._platforms["p54"]) == OF_PLATFORM
