"""yt-dlp's info dict is cut to what we use, whatever stands in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.extractor.protocol import encode
from platforms.extractor.trim import ENTRY_FORMATS, FORMATS, TITLE, fitting_info, trim_info
from utils.errors import ExtractorBroken


def test_only_known_fields_survive():
    """Addresses, headers and cookies of the media stay in the child."""
    info = trim_info(
        {
            "id": "1",
            "title": "T",
            "http_headers": {"Cookie": "secret"},
            "formats": [{"format_id": "18", "url": "https://secret/", "cookies": "secret", "height": 360}],
        }
    )
    assert info == {"id": "1", "title": "T", "formats": [{"format_id": "18", "height": 360}]}


def test_an_item_with_one_format_in_its_own_fields():
    info = trim_info({"id": "1", "format_id": "0", "ext": "mp4", "url": "https://secret/", "height": 5})
    assert info["formats"] == [{"format_id": "0", "ext": "mp4", "height": 5}]


def test_entries_keep_their_addresses_where_they_are_links():
    """An entry of a flat list is fetched later by its URL; one that is an item has formats."""
    info = trim_info(
        {
            "_type": "playlist",
            "entries": [
                {"_type": "url", "url": "https://a/", "id": "1"},
                None,
                {"id": "2", "formats": [{"format_id": "x"}]},
            ],
        }
    )
    assert info["entries"] == [
        {"_type": "url", "url": "https://a/", "id": "1"},
        {"id": "2", "formats": [{"format_id": "x"}]},
    ]


def test_the_best_formats_are_kept():
    """yt-dlp's order is worst first."""
    info = trim_info({"formats": [{"format_id": str(number)} for number in range(FORMATS + 5)]})
    assert info["formats"][-1] == {"format_id": str(FORMATS + 4)}
    assert len(info["formats"]) == FORMATS
    nested = trim_info({"entries": [info | {"formats": [{"format_id": "1"}] * 500}]})
    assert len(nested["entries"][0]["formats"]) == ENTRY_FORMATS


def test_artists_become_one_text():
    assert trim_info({"artists": ["A", "B"]})["artist"] == "A, B"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, [1], {"a": 1}, b"x", object()])
def test_values_that_json_does_not_bear_are_left_out(value: Any):
    assert trim_info({"duration": value, "title": value}) == {"formats": [{}]}


def test_texts_are_cut_and_can_be_written():
    info = trim_info({"title": "\ud800" + "x" * 10_000})
    assert info["title"] == "?" + "x" * (TITLE - 1)


def test_a_description_that_is_too_long_loses_what_is_least_needed():
    """First formats and entries; what then still doesn't fit is no description."""
    whole = {"title": "T", "entries": [{"id": str(number), "title": "x" * 500} for number in range(200)]}
    kept = fitting_info(whole, 20_000)
    assert kept["title"] == "T"
    assert 0 < len(kept["entries"]) < 200
    with pytest.raises(ExtractorBroken):
        fitting_info(whole, 10)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["_type", "id", "title", "formats", "entries", "duration", "thumbnail", "artists", "url", "height"]
)


@given(st.dictionaries(names, values))
def test_any_dict_becomes_one_line(info: dict[str, Any]):
    """Whatever an extractor returns can be sent."""
    assert json.loads(encode(trim_info(info))) == trim_info(info)
