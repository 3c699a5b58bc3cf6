"""One line of what sites write."""

import pytest

from platforms.extractor.lines import TITLE_CHARACTERS, one_line

FAMILY = "\u05e9\u05dc\u05d5\u05dd \u200e1\u200f \U0001f468\u200d\U0001f469"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""),
        (" a\n\tb\x85c ", "a b c"),
        ("\u202egnp.exe\u202c \u2066x\u2069", "gnp.exe x"),
        ("a\x07\x1b[31mb\x9b", "a[31mb"),
        ("a\ud800b", "a?b"),
        (FAMILY, FAMILY),
        ("x" * 10_000, "x" * TITLE_CHARACTERS),
    ],
)
def test_a_title_stays_in_its_place(text, line):
    """It turns no text beside it, rings no bell, and is no longer than a title; scripts and families stay whole."""
    assert one_line(text) == line
