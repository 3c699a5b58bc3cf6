"""The monitor: what it makes of jobs and probes, and what counts as a fault."""

import pytest
from msgspec.structs import replace as changed

from core.job_queue import Job
from platforms.shapes import Link
from services.jobs import JobEvent
from services.monitor import USED_BOUND, Monitor, category_of, is_fault
from utils.config import load_settings
from utils.errors import GeoBlocked, Private, SiteDown, all_errors


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def monitor(time):
    settings = changed(load_settings({}).monitoring, error_minimum=4, slow_seconds=60)
    return Monitor(settings, clock=time, wall=time)


def job(identity, platform="youtube"):
    link = Link("https://example.net/abc", f"{platform}:abc", platform, "video", "abc")
    return Job(identity, "telegram", link, "720p", "Title", 1, {}, "running", 1, 5, None, 0.0, 0.0)


def work(monitor, time, identity, *steps, platform="youtube", error=None):
    """A job through its events; `steps`: (phase, seconds)."""
    doing = job(identity, platform)
    for phase, seconds in steps:
        monitor.heard(doing, JobEvent(identity, phase))
        time.now += seconds
    ending = "failed" if error else "done"
    monitor.heard(doing, JobEvent(identity, ending, error=error))


def test_phases_are_told_by_their_names_with_times(monitor, time):
    """Of what was done; in milliseconds."""
    work(monitor, time, "a", ("queued", 3), ("probing", 0.5), ("downloading", 4), ("merging", 1), ("uploading", 2))
    assert monitor.phases()["download"] == {"count": 1, "avg_ms": 4000, "p50_ms": 4000, "p95_ms": 4000, "max_ms": 4000}
    assert list(monitor.phases()) == ["download", "merge", "probe", "queue", "upload"]
    assert [span.name for span in monitor.trace("a").spans] == ["queue", "probe", "download", "merge", "upload"]
    assert monitor.trace("b") is None
    assert monitor.figures()["notable"] == []


def test_failed_and_slow_jobs_are_shown_and_nothing_private(monitor, time):
    """Site, front, quality, phases and code; waiting and recording make no job slow."""
    work(monitor, time, "waited", ("queued", 500), ("recording", 500), ("uploading", 1))
    work(monitor, time, "slow", ("downloading", 61))
    work(monitor, time, "failed", ("probing", 1), error=Private())
    shown = monitor.figures()["notable"]
    assert [(each["id"], each["outcome"], each["error"]) for each in shown] == [
        ("failed", "failed", "private"),
        ("slow", "done", ""),
    ]
    assert set(shown[0]) == {
        *("id", "platform", "front", "quality", "began_at", "seconds", "outcome", "error", "phases"),
    }


def test_only_trouble_counts_as_an_error(monitor, time):
    """A private video is nobody's fault; the rate is unknown for too few jobs, and forgets."""
    assert monitor.error_rate() == 0.0
    work(monitor, time, "a", ("probing", 1), error=SiteDown())
    assert monitor.error_rate() is None
    work(monitor, time, "b", ("probing", 1), error=Private())
    work(monitor, time, "c", ("probing", 1))
    monitor.heard(job("d"), JobEvent("d", "cancelled"))
    assert monitor.figures()["error_rate"] is None
    work(monitor, time, "e", ("probing", 1))
    assert monitor.error_rate() == 0.25
    assert monitor.figures()["error_rate"] == 25.0
    assert monitor.figures()["categories"] == {"site": 1, "item": 1}
    time.now += 601
    assert monitor.error_rate() == 0.0


def test_why_a_job_waits_again_is_no_failure(monitor, time):
    """Its event carries an error and isn't final."""
    doing = job("a")
    monitor.heard(doing, JobEvent("a", "downloading"))
    monitor.heard(doing, JobEvent("a", "queued", error=SiteDown()))
    assert monitor.figures()["categories"] == {}
    assert monitor.figures()["open_traces"] == 1


def test_sites_count_as_used_for_an_hour(monitor, time):
    """By jobs and by probes, also those that failed."""
    work(monitor, time, "a", ("probing", 1))
    time.now += 1800
    monitor.probed("vimeo", 0.2, GeoBlocked())
    assert set(monitor.used()) == {"youtube", "vimeo"}
    time.now += 1801
    assert monitor.used() == ("vimeo",)
    assert monitor.figures()["categories"] == {"item": 1}


def test_sites_that_were_used_are_bounded(monitor):
    """The one that was asked longest ago leaves."""
    for number in range(USED_BOUND + 1):
        monitor.probed(f"site{number}", 0.1)
    assert len(monitor.used()) == USED_BOUND
    assert "site0" not in monitor.used()


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_failure_has_a_category(kind):
    """Its branch of the tree; what is reported is a fault whatever it is."""
    assert category_of(kind.code) in {"link", "item", "site", "local", "internal"}
    if kind.trips or kind.reported:
        assert is_fault(kind.code)


@pytest.mark.parametrize(
    ("code", "category", "fault"),
    [
        ("no_link", "link", False),
        ("private", "item", False),
        ("item", "item", True),
        ("site_down", "site", True),
        ("disk_full", "local", True),
        ("internal", "internal", True),
        ("nobody_knows", "internal", True),
    ],
)
def test_categories_and_faults(code, category, fault):
    """For example."""
    assert (category_of(code), is_fault(code)) == (category, fault)
