"""What every site does the usual way: ask, describe, fetch."""

from pathlib import Path
from typing import ClassVar

import pytest

from platforms.base import LIST_BOUND, Platform
from platforms.registry import Registry
from platforms.shapes import FetchedFile, Link, Media, Progress, Quality
from utils.errors import LiveNow, TooLarge, UnknownQuality

YOUTUBE = Registry().platform("youtube")
LINK = Link("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "youtube:dQw4w9WgXcQ", "youtube", "video", "dQw4w9WgXcQ")
INFO = {
    "id": "dQw4w9WgXcQ",
    "title": "T",
    "duration": 10,
    "formats": [
        {"format_id": "140", "ext": "m4a", "vcodec": "none", "acodec": "mp4a.40.2", "filesize": 100},
        {"format_id": "18", "ext": "mp4", "vcodec": "avc1", "acodec": "mp4a.40.2", "height": 360, "filesize": 1 << 21},
    ],
}


class Extractor:
    """Answers every probe with INFO and every fetch with one file; keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.ways = []

    def by_ways(self, site, ways, poor):
        self.ways.append((site, ways, poor))
        return self

    async def extract(self, url, options):
        self.asked.append((url, options))
        return INFO

    async def fetch(self, order, on_progress):
        self.asked.append(order)
        on_progress(Progress("downloading", 1, 2))
        file = {"path": str(order.folder / "a.mp4"), "size_bytes": 9, "kind": "video", "mime": "video/mp4"}
        return {
            "info": INFO,
            "files": [{**file, "thumbnail": str(order.folder / "a.jpg")}, {**file, "thumbnail": None}],
        }

    async def resolve(self, url):
        raise NotImplementedError


@pytest.fixture
def extractor():
    return Extractor()


async def test_a_probe_asks_for_one_item_and_describes_it(extractor):
    """yt-dlp is told to leave the list around an item alone."""
    media = await YOUTUBE.probe(LINK, extractor, 10_000)
    assert extractor.asked == [(LINK.url, {"noplaylist": True, "playlist_items": "1"})]
    assert (media.canonical, media.title, media.duration_seconds) == (LINK.canonical, "T", 10)
    assert [quality.key for quality in media.qualities] == ["best", "360p", "audio"]
    assert [quality.fits for quality in media.qualities] == [False, False, True]


async def test_an_item_is_asked_about_in_the_site_s_ways(extractor):
    """Probe and fetch alike; a list isn't, nor an item of a site without ways."""
    media = await YOUTUBE.probe(LINK, extractor, 1 << 30)
    await YOUTUBE.fetch(media, "best", extractor, Path("/job"), 1 << 30, lambda _: None)
    assert extractor.ways == [("youtube", YOUTUBE.ways, YOUTUBE.poor)] * 2
    asking = {YOUTUBE.by_ways(extractor, "playlist"), Platform().by_ways(extractor, "video")}
    assert asking == {extractor}
    assert len(extractor.ways) == 2
    assert not Platform().poor({})


@pytest.mark.parametrize(
    ("formats", "more", "poor"),
    [
        (["18"], {}, True),
        (["sb0", "18", "140"], {}, True),
        (["18", "134"], {}, False),
        (["134"], {}, False),
        ([], {}, False),
        (["18"], {"live_status": "is_live"}, False),
        (["18"], {"live_status": "was_live"}, True),
    ],
)
def test_only_the_consolation_of_youtube_is_poor(formats, more, poor):
    """360p alone, beside nothing but sound and pictures of the time line."""
    codecs = {"sb0": "none", "140": "none"}
    listed = [{"format_id": one, "vcodec": codecs.get(one, "avc1")} for one in formats]
    assert YOUTUBE.poor({"formats": listed, **more}) is poor


def test_youtube_s_ways_begin_with_a_stranger_that_needs_nothing():
    """Names are unique, clients exist, and only the last one shows an account."""
    first, *others = YOUTUBE.ways
    assert (first.needs, first.uses, first.anonymous) == ((), (), True)
    assert len({way.name for way in YOUTUBE.ways}) == len(YOUTUBE.ways)
    assert all(way.needs for way in others)
    assert [way.name for way in YOUTUBE.ways if not way.anonymous] == [YOUTUBE.ways[-1].name]
    from yt_dlp.extractor.youtube._base import INNERTUBE_CLIENTS

    clients = {name for way in YOUTUBE.ways for name in way.options["extractor_args"]["youtube"]["player_client"]}
    assert clients - {"default"} <= set(INNERTUBE_CLIENTS)
    assert not INNERTUBE_CLIENTS["visionos"]["REQUIRE_JS_PLAYER"]


def test_a_list_is_read_without_its_items():
    """A channel must not be opened video by video, nor without an end."""
    assert YOUTUBE.asked("channel") == {"extract_flat": "in_playlist", "playlist_items": f"1:{LIST_BOUND}"}


def test_the_options_of_a_site_come_last():
    """A site knows better than the common way."""

    class Other(Platform):
        options: ClassVar = {"noplaylist": False}

    assert Other().asked("video") == {"noplaylist": False, "playlist_items": "1"}


async def test_a_fetch_orders_exact_formats_and_returns_files(extractor):
    """The nearest quality by its explicit ids; paths become paths."""
    media = await YOUTUBE.probe(LINK, extractor, 1 << 22)
    reports: list[Progress] = []
    fetched = await YOUTUBE.fetch(media, "1080p", extractor, Path("/job"), 1 << 22, reports.append)
    order = extractor.asked[-1]
    assert (order.url, order.format_id, order.audio, order.title) == (LINK.url, "18", "", "T")
    assert (order.folder, order.max_bytes, order.options["noplaylist"]) == (Path("/job"), 1 << 22, True)
    assert reports == [Progress("downloading", 1, 2)]
    first, second = fetched.files
    assert first == FetchedFile(Path("/job/a.mp4"), 9, "video", "video/mp4", thumbnail=Path("/job/a.jpg"))
    assert second.thumbnail is None
    assert fetched.media is media


@pytest.mark.parametrize(("key", "audio"), [("audio", "m4a"), ("mp3", "mp3"), ("opus", "opus"), ("best", "")])
async def test_sound_is_ordered_in_its_container(extractor, key, audio):
    """The child is told what to make of the sound; a video is left as it is."""
    media = await YOUTUBE.probe(LINK, extractor, 1 << 22)
    await YOUTUBE.fetch(media, key, extractor, Path("/job"), 1 << 22, lambda _: None)
    assert extractor.asked[-1].audio == audio


async def test_what_does_not_fit_is_not_ordered(extractor):
    """The sizes are known before anything is moved; a running stream has no end."""
    media = await YOUTUBE.probe(LINK, extractor, 1 << 20)
    extractor.asked.clear()
    with pytest.raises(TooLarge) as caught:
        await YOUTUBE.fetch(media, "360p", extractor, Path("/job"), 1 << 20, lambda _: None)
    assert caught.value.values == {"size_mb": 2, "limit_mb": 1}
    with pytest.raises(UnknownQuality):
        await YOUTUBE.fetch(media, "999p", extractor, Path("/job"), 1 << 20, lambda _: None)
    live = Media(
        "youtube",
        "x",
        "live",
        "youtube:x",
        LINK.url,
        "T",
        (Quality("best", "", None, "", None, True, "1"),),
        is_live=True,
    )
    with pytest.raises(LiveNow):
        await YOUTUBE.fetch(live, "best", extractor, Path("/job"), 1 << 20, lambda _: None)
    assert extractor.asked == []


def test_a_site_may_name_itself():
    """The module's name is only the usual one."""

    class Renamed(Platform):
        name = "other"

    class Usual(Platform):
        paths = (r"/(?P<id>\d+)",)
        hosts = ("example.com",)

    assert Renamed.name == "other"
    assert Usual.name == "test_base"
    link = Usual().match("https://www.example.com/12/?x=1")
    assert link == Link("https://www.example.com/12/?x=1", "test_base:12", "test_base", "video", "12")
    assert Usual().match("https://example.com/12/x") is None
    assert Usual().match("https://shop.example.com/12") is None
