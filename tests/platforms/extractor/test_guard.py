"""YoutubeDL behind bars, in this process: what it asks for, through what, and what it refuses."""

from __future__ import annotations

import io
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import DownloadError

from platforms.extractor.guard import PAGE_BYTES, GuardedYoutubeDL, Loaded, NativeHls, NoFFmpeg, parameters
from platforms.extractor.preload import preload
from platforms.extractor.protocol import OPTIONS, Boot, Order
from utils.errors import DrmProtected, LiveNow, MediaTool, NoMedia, TooLarge, UnsafeLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sites.harness import Sites

SEGMENTS = "#EXTM3U\n#EXTINF:1,\na.ts\n"


@pytest.fixture(scope="module")
def loaded(sites: Sites) -> Loaded:
    return preload(Boot(("youtube",), trust=str(sites.ca_file)))


def order(sites: Sites, **options: Any) -> Order:
    return Order("extract", "", sites.proxy_url, options)


@pytest.fixture
def ydl(sites: Sites, loaded: Loaded) -> Iterator[GuardedYoutubeDL]:
    with GuardedYoutubeDL(parameters(order(sites), None), loaded) as guarded:
        yield guarded


def test_preload_reads_the_roots_of_trust(loaded: Loaded):
    assert isinstance(loaded.tls, ssl.SSLContext)
    assert loaded.tls.verify_mode == ssl.CERT_REQUIRED


def test_a_link_brings_the_extractors_of_its_site(ydl: GuardedYoutubeDL):
    """Not of others; what an extractor names that isn't served doesn't bring the list of all in."""
    assert not ydl._ies
    assert ydl.get_info_extractor("Generic") is ydl.get_info_extractor("Generic")
    with pytest.raises(KeyError):
        ydl.get_info_extractor("Vimeo")
    with pytest.raises(DownloadError, match="No suitable extractor"):
        ydl.extract_info("https://vimeo.com/1", ie_key="Vimeo")
    assert {"Youtube", "Generic"} <= set(ydl._ies)


def test_no_wish_of_a_site_outweighs_ours(sites: Sites):
    """Even a parameter that slipped past the list."""
    wishes = dict.fromkeys(
        [*OPTIONS, "proxy", "nocheckcertificate", "cachedir", "enable_file_urls", "exec_cmd"], "wish"
    )
    made = parameters(order(sites, **wishes), None)
    assert made["proxy"] == sites.proxy_url
    assert (made["nocheckcertificate"], made["enable_file_urls"], made["cachedir"]) == (False, False, False)
    assert (made["js_runtimes"], made["remote_components"], made["skip_unavailable_fragments"]) == ({}, [], False)
    assert "exec_cmd" not in made
    assert made["noplaylist"] == "wish"


def test_one_request_handler(ydl: GuardedYoutubeDL):
    """Whatever else this machine has installed."""
    assert list(ydl._request_director.handlers) == ["Egress"]


def test_requests_go_through_the_proxy_whatever_they_ask(ydl: GuardedYoutubeDL, sites: Sites):
    """Neither a proxy of the request, nor a header, nor an exception for a host gets past it."""
    elsewhere = "http://127.0.0.1:9"
    sites.requests.clear()
    for request in (
        Request(sites.public_url + "/m/photo.jpg", proxies={"all": elsewhere, "no": "*"}),
        Request(sites.public_url + "/m/photo.jpg", proxies={"https": None}),
        Request(
            sites.public_url + "/m/photo.jpg", headers={"Ytdl-Request-Proxy": elsewhere, "YTDL-Socks-Proxy": elsewhere}
        ),
    ):
        ydl.urlopen(request).close()
    entries = sites.requests.all()
    assert len(entries) == 3
    assert not any(name.startswith("ytdl") for entry in entries for name in entry.headers)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.com/x", "ws://example.com/", "rtmp://example.com/"]
)
def test_other_schemes_are_no_requests(ydl: GuardedYoutubeDL, url: str):
    with pytest.raises(RequestError):
        ydl.urlopen(url)


@pytest.mark.parametrize(
    ("info", "error"),
    [
        ({"url": "rtmp://example.com/x"}, UnsafeLink),
        ({"url": "rtsp://example.com/x", "protocol": "https"}, UnsafeLink),
        ({"url": "file:///etc/passwd", "protocol": "https"}, UnsafeLink),
        ({"url": ""}, UnsafeLink),
        ({"url": "https://example.com/x", "protocol": "rtmp"}, NoMedia),
        ({"url": "https://example.com/x", "protocol": "websocket_frag"}, NoMedia),
        ({"url": "https://example.com/x", "protocol": "ism"}, NoMedia),
        ({"url": "https://example.com/x", "is_live": True}, LiveNow),
    ],
)
def test_what_is_not_downloaded(ydl: GuardedYoutubeDL, tmp_path: Path, info: dict[str, Any], error: type[Exception]):
    with pytest.raises(error):
        ydl.dl(str(tmp_path / "x"), info)
    assert not list(tmp_path.iterdir())


def test_a_clip_by_time_does_not_bring_ffmpeg_in(ydl: GuardedYoutubeDL, sites: Sites, tmp_path: Path):
    """yt-dlp hands cut-outs to ffmpeg; here they are downloaded whole."""
    info = {"url": sites.public_url + "/m/mux_144.mp4", "ext": "mp4", "section_start": 1, "section_end": 2}
    ydl.dl(str(tmp_path / "x"), info)
    assert (tmp_path / "x").stat().st_size == sites.media.medium("mux_144.mp4").size_bytes


@pytest.mark.parametrize(
    ("manifest", "error"),
    [
        (SEGMENTS, LiveNow),
        ('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x"\n' + SEGMENTS, DrmProtected),
        ('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://x"\n' + SEGMENTS + "#EXT-X-ENDLIST", NoMedia),
    ],
)
def test_hls_that_is_not_downloaded(manifest: str, error: type[Exception]):
    with pytest.raises(error):
        NativeHls.can_download(manifest, {})


@pytest.mark.parametrize("manifest", [SEGMENTS + "#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE:VOD\n" + SEGMENTS])
def test_hls_with_an_end(manifest: str):
    assert NativeHls.can_download(manifest, {})


def test_ffmpeg_is_no_downloader(ydl: GuardedYoutubeDL):
    assert not NoFFmpeg.available()
    with pytest.raises(MediaTool):
        NoFFmpeg(ydl, ydl.params).real_download("x", {})


class Body(io.BytesIO):
    """A response that says how long it is."""

    def __init__(self, content: bytes, promised: str | None) -> None:
        super().__init__(content)
        self.headers = {} if promised is None else {"Content-Length": promised}


@pytest.mark.parametrize("promised", [None, "99999999999", "x"])
def test_a_page_has_a_bound(ydl: GuardedYoutubeDL, monkeypatch: pytest.MonkeyPatch, promised: str | None):
    """Reading all of a body ends at the bound; reading in pieces is the caller's own business."""
    monkeypatch.setattr("yt_dlp.YoutubeDL.urlopen", lambda *_: Body(bytes(PAGE_BYTES + 1), promised))
    with pytest.raises(TooLarge):
        ydl.urlopen("https://example.com/").read()
    assert len(ydl.urlopen("https://example.com/").read(10)) == 10
    monkeypatch.setattr("yt_dlp.YoutubeDL.urlopen", lambda *_: Body(b"page", promised))
    assert ydl.urlopen("https://example.com/").read() == b"page"
