"""The parts that are wired against those that a test strikes."""

from __future__ import annotations

from main import wire
from tests.utils import test_logs
from tests.wiring import test_faults, test_faults_with_bot
from utils.config import load_settings
from wiring.process import listen

#: parts without a life that the manager could look at, and who strikes them instead
ELSEWHERE = {"logs": test_logs.test_a_line_that_cannot_be_written_is_dropped}


def wired(folder):
    """Names of all parts, those that need a setting too."""
    settings = load_settings(
        {
            "DATA_DIR": str(folder),
            "PORT": "0",
            "BOT_TOKEN": f"123456:{'x' * 35}",
            "API_ID": "1",
            "API_HASH": "0" * 32,
            "GOLDCREST_REDIS__URL": "redis://127.0.0.1",
        }
    )
    with listen(settings) as listener:
        return set(wire(settings, listener).state()["parts"])


def struck():
    """Names in the marks of our tests; conftest.py sees to it that they are true."""
    tests = [test for module in (test_faults, test_faults_with_bot) for test in vars(module).values()]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", ())]
    return {part for mark in marks if mark.name == "strikes" for part in mark.args}


def test_every_part_is_struck(tmp_path):
    """Whoever wires a part shows how it fails and comes back."""
    assert struck() | ELSEWHERE.keys() == wired(tmp_path)
    assert struck() & ELSEWHERE.keys() == set()
