"""Parts of an item and their keys."""

from __future__ import annotations

import pytest

from platforms.parts import (
    Clip,
    Recording,
    asked_part,
    check_minutes,
    clip_media,
    fitting_clip,
    is_recording,
    read_part,
    wanted_part,
    written_clip,
)
from platforms.shapes import Media, Quality
from utils.errors import BadPart, LiveNow
from utils.texts import Texts

MANY = (Quality("best", "720p", 720, "h264", 1000, True, "1"), Quality("audio", "MP3", None, "mp3", None, True, "2"))


def media(kind="video", seconds: float | None = 100.0, *, live=False, qualities=MANY):
    return Media("x", "1", kind, "x:1", "https://x.test/1", "T", qualities, seconds, is_live=live)


@pytest.mark.parametrize(
    "part", [Clip(43, 80), Clip(43), Clip(0, 0.25), Clip(3723.125), Clip(1_234_567, 1_234_568), Recording(5, "a_b-c")]
)
def test_a_key_leads_back_to_its_part(part):
    """Exactly, whatever the figures."""
    assert read_part(part.key) == part
    assert is_recording(part.key) == isinstance(part, Recording)
    assert ":" in part.key


@pytest.mark.parametrize("key", ["clip:", "clip:5-2", "clip:x-y", "live:", "live:x", "live:99999", "other:1", "clip:1"])
def test_what_is_no_key(key):
    """A row of another make is refused with a sentence."""
    with pytest.raises(BadPart):
        read_part(key)
    assert read_part("") is None


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [("1:20", "0:43", "reversed"), ("5", "5", "empty"), ("-5", "", "time"), ("9" * 30, "", "time"), ("", "x", "time")],
)
def test_bad_times_get_one_sentence(start, end, problem):
    """Reversed, empty, negative, huge, unreadable."""
    with pytest.raises(BadPart) as caught:
        written_clip(start, end)
    assert caught.value.problem == problem
    assert Texts(strict=True).error(caught.value).sentence


def test_what_is_asked_for_in_three_fields():
    """Nothing is the whole; a clip and a recording at once is refused."""
    assert asked_part("", " ", None) == ""
    assert asked_part("0:43", "", None) == "clip:43-"
    assert asked_part("", "20", None) == "clip:0-20"
    assert asked_part("", "", 5) == "live:5"
    with pytest.raises(BadPart) as caught:
        asked_part("1", "", 5)
    assert caught.value.problem == "both"


def test_a_clip_within_its_item():
    """An end beyond the item's is the item's; all of it is the whole; a start beyond is refused."""
    assert fitting_clip(Clip(10, 20), media()) == Clip(10, 20)
    assert fitting_clip(Clip(10, 500), media()) == Clip(10)
    assert fitting_clip(Clip(0, 100), media()) is None
    assert fitting_clip(Clip(10, 500), media(seconds=None)) == Clip(10, 500)
    with pytest.raises(BadPart) as caught:
        fitting_clip(Clip(99.9), media())
    assert caught.value.problem == "beyond"
    assert "1:40" in Texts(strict=True).error(caught.value).sentence


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        *[(media("photo"), "no_clip"), (media("carousel"), "no_clip"), (media(live=True), "live_clip")],
        (media(qualities=()), "no_clip"),
    ],
)
def test_what_can_not_be_cut(item, problem):
    """Pictures, running streams, items without anything to fetch."""
    with pytest.raises(BadPart) as caught:
        fitting_clip(Clip(1), item)
    assert caught.value.problem == problem
    assert Texts(strict=True).error(caught.value).sentence


def test_a_clip_weighs_its_share():
    """Sizes in proportion and told as estimates; what was too large as a whole may fit."""
    cut = clip_media(media(), Clip(10, 35), 300)
    assert (cut.duration_seconds, cut.qualities[0].size_bytes, cut.qualities[0].approximate) == (25, 250, True)
    assert cut.qualities[0].fits
    assert not clip_media(media(), Clip(10, 50), 300).qualities[0].fits
    assert (cut.qualities[1].size_bytes, cut.qualities[1].approximate) == (None, False)
    unknown = clip_media(media(seconds=None), Clip(10), 300)
    assert (unknown.duration_seconds, unknown.qualities[0].size_bytes) == (None, None)


def test_a_part_as_its_item_allows_it():
    """A recording needs a running stream in a form that can be recorded."""
    live = media("live", None, live=True)
    assert wanted_part(Recording(5), live, 9) == (Recording(5), live)
    assert wanted_part(None, media(), 9) == (None, media())
    assert wanted_part(Clip(0, 100), media(), 9) == (None, media())
    assert wanted_part(Clip(10, 35), media(), 9)[1].duration_seconds == 25
    with pytest.raises(BadPart) as caught:
        wanted_part(Recording(5), media(), 9)
    assert caught.value.problem == "not_live"
    with pytest.raises(LiveNow):
        wanted_part(Recording(5), media("live", None, live=True, qualities=()), 9)


def test_minutes_are_bounded():
    """By the setting."""
    assert check_minutes(30, 30) == 30
    for minutes in (0, -1, 31):
        with pytest.raises(BadPart) as caught:
            check_minutes(minutes, 30)
        assert "30" in Texts(strict=True).error(caught.value).sentence
