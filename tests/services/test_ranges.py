"""Ranges: what people write is read as they mean it, bounded, and refused in one sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ranges import ENDLESS, TEXT_CHARACTERS, Ranges, parse_ranges
from utils.errors import BadRange
from utils.texts import Texts

#: what is written -> what is meant in a list of 60
READ = {
    "1-10,15": "1-10,15",
    " 1 - 10 , 15 ": "1-10,15",
    "3": "3",
    "58-": "58-60",
    "-5": "1-5",
    "all": "1-60",
    "ALL": "1-60",
    "10-1": "1-10",
    "1,1,1-1": "1",
    "1-5,4-8,9": "1-9",
    "15;1-3": "1-3,15",
    "1 2 3": "1-3",
    "1\n5": "1,5",
    "1\u20133": "1-3",
    "1\u20143": "1-3",
    "1\u22123": "1-3",
    "1~3": "1-3",
    "1-3": "1-3",
    "\u0661-\u0663": "1-3",
    "007": "7",
    "50-70": "50-60",
    "59-,3": "3,59-60",
    "1,999": "1",
    "1-99999999999999999999": "1-60",
    "1,,2,": "1-2",
}
UNREADABLE = ["", " ", ",", "-", "a", "1-2-3", "0", "0-5", "1.5", "-0", "all-5", "1/2", "½", "½-3", "\x00", "1-\ud800"]


@pytest.mark.parametrize(("text", "meant"), READ.items())
def test_what_people_write(text: str, meant: str):
    """Spaces, dashes of all kinds, digits of other scripts, reversed, doubled and overlapping parts."""
    assert str(parse_ranges(text, 60)) == meant


@pytest.mark.parametrize("text", [*UNREADABLE, "1," * TEXT_CHARACTERS])
def test_what_cannot_be_read(text: str):
    """One clear sentence that fills its places."""
    with pytest.raises(BadRange) as caught:
        parse_ranges(text, 60)
    explained = Texts(strict=True).error(caught.value)
    assert explained.sentence.endswith(".")
    assert explained.hint


def test_a_sentence_names_the_part_the_bound_or_the_end():
    """Whoever reads it knows what to change."""
    sentences = []
    for text in ("1,x5", "1-300", "61-"):
        with pytest.raises(BadRange) as caught:
            parse_ranges(text, 1000 if "300" in text else 60, bound=200)
        sentences.append(Texts(strict=True).error(caught.value).sentence)
    assert ["x5" in sentences[0], "200" in sentences[1], "60" in sentences[2]] == [True, True, True]


def test_without_a_known_length_an_open_end_reaches_as_far_as_the_bound():
    """Nobody knows where the list ends."""
    assert parse_ranges("5-", None, bound=10) == Ranges(((5, 14),), clipped=True)
    assert parse_ranges("all", None, bound=3) == Ranges(((1, 3),), clipped=True)
    assert parse_ranges("2-4", None, bound=3) == Ranges(((2, 4),))
    with pytest.raises(BadRange):
        parse_ranges("1-4", None, bound=3)
    with pytest.raises(BadRange):
        parse_ranges(str(ENDLESS + 1) + "-", 5)


def test_what_is_named_by_number_goes_before_what_an_open_end_adds():
    """The bound cuts the open end only."""
    assert parse_ranges("all,50", 60, bound=5) == Ranges(((1, 4), (50, 50)), clipped=True)
    assert parse_ranges("48-,50", 60, bound=5) == Ranges(((48, 52),), clipped=True)
    assert parse_ranges("1-5,3-", 60, bound=5) == Ranges(((1, 5),), clipped=True)
    assert parse_ranges("59-", 60, bound=2) == Ranges(((59, 60),))
    assert parse_ranges("59-,60", 60, bound=2) == Ranges(((59, 60),))


def test_positions_are_walked_without_a_list_of_them():
    """A selection is its spans; the next position is found from any place."""
    ranges = parse_ranges("2-4,9", 10)
    assert [ranges.after(position) for position in (0, 2, 4, 8, 9)] == [2, 3, 9, 9, None]
    assert (3 in ranges, 5 in ranges, "3" in ranges, len(ranges), list(ranges)) == (True, False, False, 4, [2, 3, 4, 9])
    assert len(parse_ranges("all", None, bound=ENDLESS)) == ENDLESS


_number = st.integers(1, 80)
_part = st.one_of(
    _number.map(str),
    st.tuples(_number, _number).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    _number.map(lambda number: f"{number}-"),
    _number.map(lambda number: f"-{number}"),
    st.just("all"),
)


def _meant(text: str, total: int) -> tuple[set[int], set[int]]:
    """Positions named by number, and those of open ends: the slow and plain way."""
    named: set[int] = set()
    open_end: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if part == "all":
            open_end |= set(range(1, total + 1))
        elif dash and not last:
            open_end |= set(range(int(first), total + 1))
        else:
            ends = sorted((int(first or 1), int(last or first)))
            named |= set(range(ends[0], min(ends[1], total) + 1))
    return named, open_end - named


@given(st.lists(_part, min_size=1, max_size=8).map(",".join), st.integers(1, 60), st.integers(1, 70))
def test_every_selection_means_what_its_parts_mean(text: str, total: int, bound: int):
    """The same positions as counted one by one, ascending, each once, never more than the bound."""
    named, added = _meant(text, total)
    if len(named) > bound or not named | added:
        with pytest.raises(BadRange):
            parse_ranges(text, total, bound=bound)
        return
    ranges = parse_ranges(text, total, bound=bound)
    kept = sorted(added)[: bound - len(named)]
    assert list(ranges) == sorted(named | set(kept))
    assert ranges.clipped is (len(kept) < len(added))
    assert str(parse_ranges(str(ranges), None, bound=bound)) == str(ranges)
    assert all(before[1] + 1 < after[0] for before, after in zip(ranges.spans, ranges.spans[1:], strict=False))


@given(st.text(max_size=60), st.one_of(st.none(), st.integers(0, 100)))
def test_any_text_is_read_or_refused(text: str, total: int | None):
    """Whatever comes: positions within the list and the bound, or BadRange."""
    try:
        ranges = parse_ranges(text, total, bound=7)
    except BadRange:
        return
    assert 0 < len(ranges) <= 7
    assert all(1 <= position <= (total or ENDLESS) for position in ranges)
