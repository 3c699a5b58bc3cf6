"""Sizes in the menu before anybody has chosen: out of answers, by asking, and never at the price of the probe."""

from __future__ import annotations

import threading
from email.message import Message
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from yt_dlp.networking.exceptions import TransportError

from platforms.extractor.guard import GuardedYoutubeDL, Loaded, parameters
from platforms.extractor.preload import preload
from platforms.extractor.protocol import Boot, Order
from platforms.extractor.sizes import MOST_QUESTIONS, SIDE_BY_SIDE, Sizes, ask, told
from platforms.registry import Registry
from platforms.shapes import QUALITY_HEIGHTS, Media
from utils.errors import TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.platforms.extractor.conftest import Running, Start
    from tests.sites.harness import Sites as TestSites

REGISTRY = Registry()
LIMIT = 2_000 << 20
GIB = 1 << 30


async def probe(running: Running, text: str) -> Media:
    link = REGISTRY.claim(text)
    return await REGISTRY.platform(link.platform).probe(link, running.host, LIMIT)


def sizes_of(media: Media) -> dict[str, int | None]:
    """Without the sound, which is reckoned."""
    assert not any(quality.approximate for quality in media.qualities if quality.key != "audio")
    return {quality.key: quality.size_bytes for quality in media.qualities if quality.key != "audio"}


class TestRealChain:
    pytestmark = pytest.mark.asyncio(loop_scope="module")

    @pytest.mark.parametrize("name", ["mux_720.mp4", "music.mp3", "photo.jpg", "tail.mp4"])
    async def test_a_direct_file(self, shared: Running, name):
        """Its size is exact and has cost no request: the answer that told what it is told that too."""
        shared.sites.requests.clear()
        media = await probe(shared, shared.link(f"/m/{name}"))
        assert media.qualities[0].size_bytes == shared.sites.media.medium(name).size_bytes
        assert not media.qualities[0].approximate
        assert [entry.method for entry in shared.sites.requests.all()] == ["GET"]

    async def test_the_length_of_a_direct_file(self, shared: Running):
        """Where the index stands in front, its first bytes tell; and with it what the sound will be."""
        media = await probe(shared, shared.link("/m/mux_720.mp4"))
        assert media.duration_seconds == pytest.approx(4, abs=0.1)
        assert media.qualities[-1].size_bytes
        assert (await probe(shared, shared.link("/m/tail.mp4"))).duration_seconds is None

    async def test_a_reel(self, shared: Running):
        """Both of its progressive files by HEAD, side by side; not a byte of them was sent."""
        shared.sites.requests.clear()
        media = await probe(shared, shared.sites.samples()["instagram"]["reel"])
        large, small = (shared.sites.media.medium(name).size_bytes for name in ("portrait.mp4", "portrait_small.mp4"))
        assert sizes_of(media) == {"best": large, "480p": large, "360p": small}
        asked = shared.sites.requests.to("scontent.cdninstagram.com")
        assert [(entry.method, entry.bytes_sent) for entry in asked] == [("HEAD", 0)] * 2

    async def test_a_host_that_refuses_head(self, shared: Running):
        """It is asked for the first byte instead."""
        media = await probe(shared, shared.link("/page/rungs"))
        large, small = (shared.sites.media.medium(name).size_bytes for name in ("mux_720.mp4", "mux_360.mp4"))
        assert sizes_of(media) == {"best": large, "720p": large, "360p": small}
        sent = [entry.bytes_sent for entry in shared.sites.requests.all() if "no_head" in entry.url]
        assert sent[-2:] == [0, 1]

    async def test_a_host_that_wants_the_cookie_of_the_page(self, shared: Running):
        """What the format asks for goes along; all sizes of the menu are known."""
        media = await probe(shared, shared.sites.samples()["tiktok"]["clip"])
        assert all(sizes_of(media).values())

    async def test_what_is_too_large_says_so_before_it_is_ordered(self, shared: Running):
        """Nothing of it is fetched."""
        media = await probe(shared, shared.link("/fault/huge/clip.mp4"))
        assert [(quality.size_bytes, quality.fits) for quality in media.qualities] == [(5 * GIB, False)] * 2
        generic = REGISTRY.platform("generic")
        shared.sites.requests.clear()
        for key in ("best", "audio", "mp3"):
            with pytest.raises(TooLarge):
                await generic.fetch(media, key, shared.host, shared.folder(), LIMIT, lambda _: None)
        assert not shared.sites.requests.all()

    @pytest.mark.parametrize("name", ["hls/master.m3u8", "dash/manifest.mpd"])
    async def test_manifests_are_not_files(self, shared: Running, name):
        """Their own size is nobody's; what isn't an estimate stays unknown."""
        shared.sites.requests.clear()
        media = await probe(shared, shared.link(f"/m/{name}"))
        assert all(quality.approximate or quality.size_bytes is None for quality in media.qualities)
        assert {entry.method for entry in shared.sites.requests.all()} == {"GET"}

    async def test_youtube_is_not_asked(self, shared: Running):
        """It tells all sizes itself."""
        shared.sites.requests.clear()
        media = await probe(shared, shared.sites.samples()["youtube"]["clip"])
        assert all(quality.size_bytes for quality in media.qualities)
        assert not shared.sites.requests.to("googlevideo.com")

    @pytest.mark.parametrize("bound", [{"size_seconds": "0.2"}, {"stall_seconds": "0.4"}])
    async def test_a_silent_host_delays_nothing_beyond_the_bound(self, start_host: Start, bound):
        """Its file is offered without a size; nor does the wait look like a stalled probe."""
        async with start_host(**bound) as running:
            await probe(running, running.link("/m/mux_144.mp4"))  # the first one starts the forkserver
            media = await probe(running, running.link("/page/silent"))
            assert sizes_of(media) == {"best": None}


@pytest.fixture(scope="module")
def loaded(sites: TestSites) -> Loaded:
    return preload(Boot(("instagram",), trust=str(sites.ca_file)))


@pytest.fixture
def ydl(sites: TestSites, loaded: Loaded) -> Iterator[GuardedYoutubeDL]:
    with GuardedYoutubeDL(parameters(Order("extract", "", sites.proxy_url), None), loaded) as guarded:
        yield guarded


def offer(url: str, height: int = 144, **more: Any) -> dict[str, Any]:
    return {"format_id": f"f{height}", "url": url, "ext": "mp4", "protocol": "https", "height": height, **more}


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (410, 1), (429, 1), (403, 2), (500, 2), (405, 2)])
def test_refusals(ydl: GuardedYoutubeDL, sites: TestSites, status, asked):
    """What is gone or asks for rest isn't asked again."""
    sites.requests.clear()
    assert ask(ydl, offer(f"{sites.public_url}/fault/status/{status}/clip.mp4"), 3) is None
    assert len(sites.requests.all()) == asked


def test_a_silent_server_is_an_error_of_its_question(ydl: GuardedYoutubeDL, sites: TestSites):
    with pytest.raises(TransportError):
        ask(ydl, offer(f"{sites.public_url}/fault/no_reply/clip.mp4"), 0.05)


def test_a_file_without_a_length(ydl: GuardedYoutubeDL, sites: TestSites):
    """A stream that never ends tells none, whichever way it is asked, and is not read."""
    assert ask(ydl, offer(f"{sites.public_url}/fault/endless/clip.mp4"), 3) is None


def test_a_page_in_the_place_of_a_file(ydl: GuardedYoutubeDL, sites: TestSites):
    """Its size is not the file's."""
    assert ask(ydl, offer(f"{sites.public_url}/fault/html/clip.mp4"), 3) is None


def answer(status: int = 200, **headers: str) -> Any:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return SimpleNamespace(status=status, headers=message)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (answer(Content_Length="7", Content_Type="video/mp4"), 7),
        (answer(Content_Length="7"), 7),
        (answer(Content_Length="0"), None),
        (answer(Content_Length="-7"), None),
        (answer(Content_Length="\u0667"), None),
        (answer(Content_Length="9" * 400), None),
        (answer(), None),
        (answer(Content_Length="7", Content_Encoding="gzip"), None),
        (answer(Content_Length="7", Content_Type="text/html"), None),
        (answer(Content_Length="7", Content_Type="application/vnd.apple.mpegurl"), None),
        (answer(206, Content_Length="1", Content_Range="bytes 0-0/7"), 7),
        (answer(206, Content_Length="1", Content_Range="bytes 0-0/*"), None),
        (answer(206, Content_Length="1"), None),
    ],
)
def test_what_an_answer_tells(given, size):
    """The whole file's size or nothing."""
    assert told(given) == size


class Counter:
    """Stands where requests are made; counts them and how many run side by side."""

    def __init__(self) -> None:
        self.on_answer = None
        self.urls: list[str] = []
        self.most = self._now = 0
        self._lock = threading.Lock()
        self._together = threading.Barrier(SIDE_BY_SIDE)

    def urlopen(self, request: Any) -> Any:
        with self._lock:
            self.urls.append(request.url)
            self._now += 1
            self.most = max(self.most, self._now)
        self._together.wait(5)
        with self._lock:
            self._now -= 1
        raise RuntimeError("a failure of any kind")


def test_few_are_asked_side_by_side():
    """The best of the menu, whatever the site lists; failures stay unknown."""
    formats = [offer(f"https://example.com/{height}", height) for height in sorted(QUALITY_HEIGHTS)]
    formats[-1]["filesize"] = 5
    formats[-2]["protocol"] = "m3u8_native"
    counter: Any = Counter()
    item = {"formats": formats}
    Sizes(counter, 5).fill(item)
    assert len(counter.urls) == MOST_QUESTIONS
    assert counter.most == SIDE_BY_SIDE
    assert set(counter.urls) == {each["url"] for each in formats[1:-2]}
    assert not [each for each in formats[:-1] if "filesize" in each]


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"entries": []},
        {"entries": [{"url": "x", "_type": "url"}]},
        {"entries": [{"missing": "removed"}, {"formats": [offer("https://example.com/1")], "is_live": True}]},
        {"formats": None},
        {"formats": ["x", 3, {"url": 7, "tbr": "x"}]},
        {"formats": [offer("https://example.com/1")], "is_live": True},
        {"formats": [offer("https://example.com/1", filesize=1)]},
        {"formats": [offer("https://example.com/1", filesize_approx=1)]},
        {"formats": [offer("https://example.com/1", tbr=100)], "duration": 10},
    ],
)
def test_nobody_is_asked(item):
    """Lists, running streams, what has a size or an estimate, and nonsense."""
    counter: Any = Counter()
    Sizes(counter, 5).fill(item)
    assert not counter.urls


def test_asking_can_be_left_out(ydl: GuardedYoutubeDL):
    """A probe without time for it."""
    counter: Any = Counter()
    sizes = Sizes(counter, 0)
    assert counter.on_answer is None
    sizes.fill({"formats": [offer("https://example.com/1")]})
    assert not counter.urls
