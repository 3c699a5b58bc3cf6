"""yt-dlp's answers as Media: kinds, titles, lists, streams."""

import pytest

from platforms.extractor.describe import describe
from platforms.shapes import Link
from utils.errors import NoMedia, NotLiveYet

VIDEO = {"format_id": "1", "ext": "mp4", "vcodec": "h264", "acodec": "aac", "height": 360}
SONG = {"format_id": "2", "ext": "mp3", "vcodec": "none", "acodec": "mp3"}
PHOTO = {"format_id": "3", "ext": "jpg"}


def link(kind="item", platform="instagram"):
    return Link("https://x.test/1", f"{platform}:1", platform, kind, "1")


def info(*formats, **fields):
    return {"id": "1", "title": "T", "formats": list(formats), **fields}


def test_what_the_site_tells_is_kept():
    """Identity comes from the link, the rest from the answer."""
    media = describe(
        info(VIDEO, title=" a\n b ", duration=3.5, uploader="U", thumbnail="https://x.test/t.jpg"), link("reel"), 9
    )
    assert (media.platform, media.id, media.kind, media.canonical, media.url) == (
        "instagram",
        "1",
        "reel",
        "instagram:1",
        "https://x.test/1",
    )
    assert (media.title, media.duration_seconds, media.uploader, media.thumbnail) == (
        "a b",
        3.5,
        "U",
        "https://x.test/t.jpg",
    )


@pytest.mark.parametrize(
    ("fields", "title", "uploader"),
    [
        ({"title": None, "channel": "C"}, "1", "C"),
        ({"title": "", "id": None, "artist": "A"}, "1", "A"),
        ({"duration": 0, "thumbnail": "data:image/png;base64,x"}, "T", ""),
        ({"duration": "long", "thumbnail": 7}, "T", ""),
    ],
)
def test_what_is_missing_or_odd_has_a_stand_in(fields, title, uploader):
    """No field of a site is trusted to be there or to have its type."""
    media = describe(info(VIDEO, **fields), link(), 9)
    assert (media.title, media.uploader, media.duration_seconds, media.thumbnail) == (title, uploader, None, None)


@pytest.mark.parametrize(("formats", "kind"), [((VIDEO,), "video"), ((SONG,), "track"), ((PHOTO,), "photo")])
def test_an_item_is_what_its_files_are(formats, kind):
    """A post may be anything, and a video without a picture is a song; other kinds stay."""
    assert describe(info(*formats), link(), 9).kind == kind
    assert describe(info(*formats), link("story"), 9).kind == "story"
    assert describe(info(*formats), link("video"), 9).kind == kind


def test_several_entries_are_one_choice():
    """A post with several is a carousel under its own title; of a page that is no post the first one counts."""
    entries = [info(VIDEO, title=None), info(SONG)]
    media = describe({"title": "Post", "entries": entries}, link(), 9)
    assert (media.kind, media.title, media.qualities[0].format_id) == ("carousel", "Post", "1,2")
    assert describe({"entries": [info(VIDEO)], "playlist_count": 3}, link(), 9).kind == "carousel"
    assert describe({"entries": [{"entries": [info(VIDEO)]}]}, link(), 9).kind == "video"
    assert describe({"entries": entries}, link(platform="generic"), 9).kind == "video"


@pytest.mark.parametrize("answer", [{"entries": []}, {"entries": None}, {"entries": [None]}, {"formats": []}])
def test_an_answer_without_media_is_told(answer):
    """Empty lists, lists of nothing, no formats."""
    with pytest.raises(NoMedia):
        describe(answer, link(), 9)


def test_a_list_is_described_without_qualities():
    """Its items are asked for one by one."""
    media = describe({"title": "P", "entries": []}, link("playlist"), 9)
    assert (media.kind, media.title, media.qualities, media.extras) == ("playlist", "P", (), ())


@pytest.mark.parametrize("fields", [{"is_live": True}, {"live_status": "is_live"}])
def test_a_running_stream_is_only_told(fields):
    """It has no end, so there is no choice."""
    media = describe(info(VIDEO, title="T 2026-11-21 11:53", **fields), link("video"), 9)
    assert (media.kind, media.is_live, media.qualities, media.title) == ("live", True, (), "T")


def test_a_recorded_stream_is_a_video():
    """Past streams have formats with an end."""
    media = describe(info(VIDEO, live_status="was_live", is_live=False), link("live"), 9)
    assert (media.kind, media.is_live, bool(media.qualities)) == ("live", False, True)


def test_an_announced_stream_is_not_there_yet():
    """Also where yt-dlp lists formats for it."""
    with pytest.raises(NotLiveYet):
        describe(info(VIDEO, live_status="is_upcoming"), link(), 9)
