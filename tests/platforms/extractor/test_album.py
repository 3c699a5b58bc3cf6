"""All of a post as one choice."""

import pytest

from platforms.extractor.album import MOST_FILES, album

PHOTO = {"formats": [{"format_id": "photo", "ext": "jpg", "filesize": 10}]}
VIDEO = {"formats": [{"format_id": "1", "ext": "mp4", "vcodec": "h264", "acodec": "aac", "height": 360}]}
LOCKED = {"formats": [{"format_id": "2", "ext": "mp4", "has_drm": True}]}


@pytest.mark.parametrize(
    ("entries", "label", "formats", "ext", "size"),
    [
        ([PHOTO], "1 photo", "photo", "jpg", 10),
        ([PHOTO, PHOTO], "2 photos", "photo,photo", "jpg", 20),
        ([VIDEO, PHOTO], "1 photo · 1 video", "1,photo", "mp4", None),
        ([PHOTO, LOCKED, VIDEO], "1 photo · 1 video", "photo,none,1", "mp4", None),
    ],
)
def test_what_a_post_holds(entries, label, formats, ext, size):
    """Counted, with the sum of the sizes where all are known; what can't be had keeps its place."""
    chosen = album(entries, 100)
    assert chosen
    assert (chosen.label, chosen.format_id, chosen.ext, chosen.size_bytes) == (label, formats, ext, size)
    assert chosen.fits


def test_a_post_is_bounded_in_files_and_bytes():
    """The first twenty count; together they must fit."""
    chosen = album([PHOTO] * 30, 199)
    assert chosen
    assert chosen.label == f"{MOST_FILES} photos"
    assert not chosen.fits


def test_nothing_to_choose():
    assert album([LOCKED, {"formats": []}], 100) is None
