"""What /health and /ready make of the manager's view."""

import pytest

from api.health import health, readiness
from api.status import memory_text, uptime_text


def state(phase, **parts):
    return {"state": phase, "ready": phase == "ok", "uptime_seconds": 3.0, "parts": parts}


def part(phase="running", *, vital=True, ok=True, detail=""):
    return {"state": phase, "vital": vital, "ok": ok, "detail": detail}


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("starting", (200, "ok")),
        ("ok", (200, "ok")),
        ("degraded", (200, "degraded")),
        ("stopping", (503, "stopping")),
        ("failed", (503, "failed")),
    ],
)
def test_only_a_lost_process_is_unhealthy(phase, expected):
    """A start and a part in trouble are no reason to replace the process."""
    status, body = health(state(phase))
    assert (status, body["status"]) == expected


def test_health_says_why_a_part_is_not_well():
    """Telegram's wait is told, so that an operator sees that the process is right to wait."""
    _, body = health(state("degraded", telegram=part("degraded", ok=False, detail="waits 1057 s"), http=part()))
    assert body["parts"] == {
        "telegram": {"state": "degraded", "ok": False, "detail": "waits 1057 s"},
        "http": {"state": "running", "ok": True},
    }


def test_a_part_that_is_not_vital_does_not_hold_up_readiness():
    """Without Telegram the page is ready all the same."""
    assert readiness(state("ok", telegram=part("degraded", vital=False)))[0] == 200


def test_nothing_is_known_before_the_manager_runs():
    """The very first question gets an answer."""
    assert health({})[0] == 200
    assert readiness({}) == (503, {"ready": False, "missing": []})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (45.9, "45s"), (725, "12m 5s"), (9900, "2h 45m"), (3600, "1h 0m"), (273_600, "3d 4h")],
)
def test_uptime_in_its_two_largest_units(seconds, text):
    assert uptime_text(seconds) == text


def test_memory_with_its_share_of_the_cap():
    """As the dashboard always wrote it."""
    assert memory_text(156 << 20, 200) == "156MB (78%)"
    assert memory_text(None, 200) == "unknown"
