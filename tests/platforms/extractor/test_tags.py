"""Hashtags in what an author wrote."""

import pytest

from platforms.extractor.tags import MOST_TAGS, tags_of


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        ("no tag at all", ()),
        ("Replica clip #goldcrest", ("goldcrest",)),
        ("#One #two #ONE #three", ("One", "two", "three")),
        ("#a#b", ("a",)),
        ("\uff03\u5c0f\u9e1f #\u043f\u0442\u0438\u0446\u0430", ("\u5c0f\u9e1f", "\u043f\u0442\u0438\u0446\u0430")),
        ("We're #1 of #2024 &#39; https://x.com/a#part C#", ()),
        ("#" * 1000, ()),
        ("#" + "a" * 5000, ("a" * 100,)),
    ],
)
def test_tags_are_words_behind_a_sign(text, tags):
    """Each once, in order and spelling of the first; no numbers, no parts of addresses."""
    assert tags_of({"description": text, "title": "#ignored"}) == tags


def test_there_are_not_too_many():
    """What is more is noise."""
    assert len(tags_of({"description": " ".join(f"#tag{number}" for number in range(99))})) == MOST_TAGS


@pytest.mark.parametrize("info", [{}, {"description": None}, {"description": 7}])
def test_nonsense_has_none(info):
    """Whatever a site tells."""
    assert tags_of(info) == ()
