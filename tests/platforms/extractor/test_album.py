"""A post as a few choices: everything, its pictures as files, its music."""

import pytest

from platforms.extractor.album import NOTHING, album, originals
from platforms.extractor.describe import describe
from platforms.shapes import Link, Quality

LIMIT = 1000
PHOTO = {"format_id": "photo", "ext": "jpg", "url": "https://example.com/1.jpg"}
VIDEO = {"format_id": "720", "ext": "mp4", "height": 720, "vcodec": "avc1", "acodec": "mp4a", "url": "https://e.com/v"}
MUSIC = {"format_id": "music", "ext": "m4a", "vcodec": "none", "acodec": "aac", "url": "https://example.com/m"}
LINK = Link("https://www.tiktok.com/@/video/1", "tiktok:1", "tiktok", "carousel", "1")


def entry(*formats, **more):
    return {"id": "x", "title": "X", "formats": [dict(each) for each in formats], **more}


def menu_of(*entries):
    return {each.key: each for each in album(entries, LIMIT)[0]}


def test_a_mixed_post():
    """Everything first; the pictures alone as files, with no word for the videos."""
    menu = menu_of(entry(PHOTO), entry(VIDEO), entry(PHOTO))
    assert list(menu) == ["best", "originals"]
    assert (menu["best"].label, menu["best"].format_id, menu["best"].ext) == (
        "2 photos · 1 video",
        "photo,720,photo",
        "mp4",
    )
    assert menu["originals"].label == "2 original files"
    assert menu["originals"].format_id == f"photo,{NOTHING},photo"


def test_videos_alone_have_no_originals():
    """They come as they are anyway."""
    assert list(menu_of(entry(VIDEO), entry(VIDEO))) == ["best"]


def test_music_of_a_photo_post():
    """Of the item that carries it and nothing of the others; the other containers by name."""
    menu, extras = album([entry(MUSIC, PHOTO), entry(PHOTO)], LIMIT)
    assert [each.key for each in menu] == ["best", "originals", "audio"]
    assert menu[0].format_id == "photo,photo"
    assert menu[2].format_id == f"music,{NOTHING}"
    assert [each.key for each in extras] == ["no_watermark", "mp3", "m4a", "opus"]


def test_what_can_not_be_had_is_tried_again():
    """Its place in the order stays, without a format; of the originals it is left out."""
    menu = menu_of(entry(PHOTO), {"missing": "removed"}, entry(PHOTO))
    assert menu["best"].format_id == "photo,,photo"
    assert menu["originals"].format_id == f"photo,{NOTHING},photo"


@pytest.mark.parametrize("entries", [[], [{}], [{"missing": "private"}, {"formats": []}]])
def test_nothing_to_fetch(entries):
    """No menu at all."""
    assert album(entries, LIMIT) == ((), ())


def test_sizes_are_added_up():
    """Unknown where one is; too much where the known ones are."""
    whole = menu_of(entry({**PHOTO, "filesize": 300}), entry({**PHOTO, "filesize_approx": 400}))["best"]
    assert (whole.size_bytes, whole.approximate, whole.fits) == (700, True, True)
    partly = menu_of(entry({**PHOTO, "filesize": 600}), entry({**PHOTO, "filesize": 600}), entry(PHOTO))["best"]
    assert (partly.size_bytes, partly.approximate, partly.fits) == (None, False, False)


def test_tracks_are_no_videos():
    """A post of sound alone says so."""
    assert menu_of(entry(MUSIC), entry(MUSIC), entry(VIDEO))["best"].label == "1 video · 2 tracks"


def test_a_single_photo_has_its_original_beside_it():
    """Under a name of its own, so that both are kept apart."""
    photo = Quality("best", "JPG", None, "", 7, True, "photo", "jpg")
    assert (originals(photo).key, originals(photo).size_bytes) == ("originals", 7)
    media = describe(entry(MUSIC, PHOTO, duration=9), LINK, LIMIT)
    assert [each.key for each in media.qualities] == ["best", "originals", "audio"]
    assert media.duration_seconds is None


def test_what_is_missing_is_counted():
    """Broken items, and those beyond what one order takes."""
    broken = describe({"title": "T", "entries": [entry(PHOTO), {"missing": "removed"}]}, LINK, LIMIT)
    assert (broken.kind, broken.missing, broken.qualities[0].label) == ("carousel", 1, "1 photo")
    long = describe({"title": "T", "entries": [entry(PHOTO)] * 20, "playlist_count": 57}, LINK, LIMIT)
    assert long.missing == 37
