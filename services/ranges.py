"""Which items of a list are wanted: "1-10,15", "5-", "-5", "all"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from utils.errors import BadRange

#: items of one order where nobody names another bound
DEFAULT_BOUND: Final = 200
#: a longer text is no selection that a person has written
TEXT_CHARACTERS: Final = 1000
#: a position with more digits lies behind the end of every list
DIGITS: Final = 9
ENDLESS: Final = 10**DIGITS
#: characters of a part that are repeated in the sentence about it
SHOWN: Final = 20
ALL: Final = "all"

_DASHES: Final = re.compile(r"\s*[-\u2010-\u2015\u2043\u2212\u301c~]+\s*")
_BETWEEN: Final = re.compile(r"[\s,;\u060c\u3001]+")
_PART: Final = re.compile(r"(?P<first>[0-9]+)?(?P<dash>-)?(?P<last>[0-9]+)?")

#: first and last position, both included
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ranges:
    """Positions from 1 on, ascending, each once, as spans that neither overlap nor touch.

    `clipped`: an open end was cut at the bound; where the list's length isn't known it may end before.
    """

    spans: tuple[Span, ...]
    clipped: bool = False

    def __iter__(self) -> Iterator[int]:
        for first, last in self.spans:
            yield from range(first, last + 1)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __contains__(self, position: object) -> bool:
        return isinstance(position, int) and any(first <= position <= last for first, last in self.spans)

    def __str__(self) -> str:
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.spans)

    def count_to(self, total: int) -> int:
        """How many of the positions a list of that length has."""
        return sum(max(0, min(last, total) - first + 1) for first, last in self.spans)

    def after(self, position: int) -> int | None:
        """The next position behind that one; None at the end."""
        return next((max(first, position + 1) for first, last in self.spans if last > position), None)


def parse_ranges(text: str, total: int | None = None, *, bound: int = DEFAULT_BOUND) -> Ranges:
    """The positions that a text names, in the list's order.

    `1-10,15`; `5-` from the fifth on; `-5` the first five; `all`. Either end of a range may come first, parts may
    overlap. `total`: items of the list, None where nobody knows: an open end then reaches as far as `bound` does.
    Raises BadRange for what can't be read, for nothing but positions behind the end, and for more than `bound`
    positions named by number; what only an open end adds beyond the bound is left out (`clipped`).
    """
    end = ENDLESS if total is None else total
    parts = [(first, last) for first, last in _parts(text) if first <= end]
    if not parts:
        raise BadRange("behind the end", total=end)
    named = _merged((first, min(last, end)) for first, last in parts if last is not None)
    room = bound - sum(last - first + 1 for first, last in named)
    if room < 0:
        raise BadRange("more than the bound", bound=bound)
    start = min((first for first, last in parts if last is None), default=None)
    if start is None:
        return Ranges(named)
    added, clipped = _filled(named, start, end, room)
    return Ranges(_merged((*named, *added)), clipped)


def _parts(text: str) -> Iterator[tuple[int, int | None]]:
    """First and last position of each part; None for an open end. Raises BadRange."""
    if len(text) > TEXT_CHARACTERS:
        raise BadRange("too long")
    plain = "".join(map(_plain, unicodedata.normalize("NFKC", text).casefold()))
    words = [word for word in _BETWEEN.split(_DASHES.sub("-", plain.strip())) if word]
    if not words:
        raise BadRange("empty")
    for word in words:
        if word == ALL:
            yield 1, None
            continue
        found = _PART.fullmatch(word)
        if found is None or not (found["first"] or found["last"]):
            raise BadRange("unreadable", part=word[:SHOWN])
        first = _number(found["first"] or "1", word)
        if not found["dash"]:
            yield first, first
        elif found["last"] is None:
            yield first, None
        else:
            last = _number(found["last"], word)
            yield min(first, last), max(first, last)


def _plain(character: str) -> str:
    """Digits of every script as those of ours."""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _number(digits: str, part: str) -> int:
    digits = digits.lstrip("0")
    if not digits:
        raise BadRange("positions begin at 1", part=part[:SHOWN])
    return int(digits) if len(digits) <= DIGITS else ENDLESS


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same positions in ascending spans that neither overlap nor touch."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def _filled(named: tuple[Span, ...], start: int, end: int, room: int) -> tuple[list[Span], bool]:
    """The first `room` positions from `start` to `end` that aren't named; whether more would follow."""
    added: list[Span] = []
    for first, last in (*named, (end + 1, end + 1)):
        free = min(first, end + 1) - start
        if free > room:
            return [*added, (start, start + room - 1)] if room else added, True
        if free > 0:
            added.append((start, first - 1))
            room -= free
        start = max(start, last + 1)
    return added, False
