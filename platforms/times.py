"""Times that people and links write: "1:20", "1h2m3s", "43", `t=43s`, `#t=10,20`, "0:43-1:20" behind a link."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

#: What is longer than a month is no time in a film.
MOST_SECONDS: Final = 31 * 86_400

_CLOCK: Final = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-9]{1,2}(?:[.,][0-9]{1,3})?)", re.ASCII)
_UNITS: Final = re.compile(
    r"(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m(?:in)?)?(?:([0-9]{1,9}(?:\.[0-9]{1,3})?)s?)?", re.IGNORECASE
)
_PARAMETER: Final = re.compile(r"([A-Za-z_]+)=([^&#]*)")
#: Media fragments, https://www.w3.org/TR/media-frags/#naming-time: `t=10,20`, `t=npt:10`, `t=,20`
_FRAGMENT: Final = re.compile(
    r"#(?:[^#]*&)?(?:t|time|start)=(?:npt:)?([0-9hms:.]*)(?:,([0-9hms:.]+))?(?![^&])", re.IGNORECASE
)
_TIME: Final = r"[0-9][0-9hms:.]*"
_RANGE: Final = re.compile(rf"\s*[(\[]?\s*({_TIME})\s*(?:[-\u2013\u2014]|\bto\b)\s*({_TIME}|end\b|$)", re.IGNORECASE)
_ENDS: Final = frozenset({"end", "stop"})


def seconds_of(text: str) -> float | None:
    """Seconds of a written time; None where it is none, or one that no film has."""
    text = text.strip()
    found = _CLOCK.fullmatch(text) or (_UNITS.fullmatch(text) if text else None)
    if found is None:
        return None
    hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups())
    whole = hours * 3600 + minutes * 60 + seconds
    return whole if whole <= MOST_SECONDS else None


def times_of(url: str, names: Collection[str]) -> tuple[float | None, float | None]:
    """Where a link says that its item begins and ends, in seconds.

    `names`: the query parameters that tell a start on that site; a media fragment is understood everywhere.
    """
    if "=" not in url:
        return None, None
    if "#" in url and (found := _FRAGMENT.search(url)):
        return _span(found[1], found[2] or "")
    if not names:
        return None, None
    told = {key: value for key, value in _PARAMETER.findall(url.partition("?")[2].partition("#")[0]) if value}
    start = next((told[name] for name in names if name in told), "")
    return _span(start, next((told[name] for name in _ENDS if name in told), ""))


def written_range(text: str, link: str) -> tuple[str, str] | None:
    """The range that stands behind a link in a text, as it is written; its end is "" where it is open.

    One of the two must look like a time of day or name a unit: "10-15" may count anything.
    """
    behind = text.partition(link)[2] if link else ""
    range_ = _RANGE.match(behind.partition("\n")[0])
    if range_ is None:
        return None
    start, end = range_[1], range_[2]
    if not re.search(r"[hms:]", start + end, re.IGNORECASE):
        return None
    return start, "" if end.lower() == "end" else end


def _span(start: str, end: str) -> tuple[float | None, float | None]:
    """Both as seconds; what makes no sense is left out, because a link is no order."""
    began, ended = seconds_of(start) if start else None, seconds_of(end) if end else None
    if ended is not None and ended <= (began or 0):
        ended = None
    return (began or 0.0 if ended is not None else began or None), ended
