"""What holds for all tests: time says nothing on a busy machine."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile("goldcrest", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("goldcrest")

# yt-dlp takes curl where it is installed. Only workers that are asked for a browser's fingerprint may: what tests read
# with yt-dlp in their own process is to be the same on every machine.
sys.modules.setdefault("curl_cffi", None)  # type: ignore[arg-type]  # the documented way to block an import


@pytest.fixture(autouse=True)
def unspoken() -> Iterator[None]:
    """Each test finds the logs of a process that has set up none, whatever a test before it has."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
