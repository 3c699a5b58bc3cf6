"""When something announced begins: from the site's own time, or from its words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from utils.errors import NotLiveYet

#: what is announced for later than that is as good as unknown
FAR_SECONDS: Final = 366 * 86_400.0
_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}
_IN: Final = re.compile(rf"\bin (?P<count>an?|[0-9]{{1,4}}) (?P<unit>{'|'.join(_UNITS)})s?\b", re.IGNORECASE)
_AT: Final = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


def announced(info: Mapping[str, Any], clock: Callable[[], float] = time.time) -> NotLiveYet:
    """The error for a premiere or stream that yt-dlp's `info` calls announced."""
    return NotLiveYet("announced", retry_after_seconds=_ahead(info.get("release_timestamp"), clock))


def seconds_told(text: str, clock: Callable[[], float] = time.time) -> float | None:
    """How far off a site's sentence says the beginning is: "in 3 hours", "2026-11-21T18:00Z"; None where it doesn't."""
    if found := _IN.search(text):
        count = 1 if found["count"].lower().startswith("a") else int(found["count"])
        return min(FAR_SECONDS, float(count * _UNITS[found["unit"].lower()])) or None
    if found := _AT.search(text):
        try:
            moment = datetime.fromisoformat(found[0])
        except ValueError:
            return None
        return _ahead((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), clock)
    return None


def _ahead(moment: object, clock: Callable[[], float]) -> float | None:
    if isinstance(moment, bool) or not isinstance(moment, (int, float)):
        return None
    seconds = moment - clock()
    return seconds if 0 < seconds <= FAR_SECONDS else None
