"""The origin with its faults, met by the real extractor."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.sites.faults import SAMPLES

if TYPE_CHECKING:
    from tests.sites.conftest import Downloader
    from tests.sites.harness import Sites

ERRORS = {
    "status_404": "HTTP Error 404",
    "status_403": "HTTP Error 403",
    "status_410": "HTTP Error 410",
    "status_451": "HTTP Error 451",
    "status_500": "HTTP Error 500",
    "status_503": "HTTP Error 503",
    "status_429": "HTTP Error 429",
    "flaky": "HTTP Error 503",
    "truncated": "Downloaded 554577 bytes",
    "stalled": "timed out",
    "no_reply": "timed out",
    "late": "timed out",
    "wrong_length_long": "bytes, expected",
    "redirect_loop": "redirect loop detected",
    "redirect_nowhere": "HTTP Error 502",
    "html": "Unsupported URL",
    "empty": "Did not get any data",
}
#: shows only when patience is over
SILENT = {"stalled", "no_reply", "late"}
#: arrives without an error; whether it is a video is for others to find out
ARRIVES = {"wrong_length_short", "redirects", "no_head", "html_as_video", "text_as_video", "broken_video", "tail"}
#: never ends by itself
ENDLESS = {"slow", "endless", "huge"}


def test_every_fault_is_tried():
    """The three groups cover the list."""
    assert set(ERRORS) | ARRIVES | ENDLESS == set(SAMPLES)


@pytest.mark.parametrize("fault", ERRORS)
def test_a_fault_ends_in_its_error(ytdl: Downloader, sites: Sites, fault: str):
    """Each fault shows as the error that its name says."""
    wanted = ERRORS[fault]
    if fault == "truncated":
        wanted = f"Downloaded {sites.media.medium('mux_720.mp4').size_bytes // 2} bytes"
    patience = {"socket_timeout": 1} if fault in SILENT else {}
    assert wanted in ytdl(sites.url + SAMPLES[fault], download=True, **patience).message


@pytest.mark.parametrize("fault", sorted(ARRIVES))
def test_what_looks_right_arrives(ytdl: Downloader, sites: Sites, fault: str):
    """Nothing in the transfer tells that the content is wrong."""
    outcome = ytdl(sites.url + SAMPLES[fault], download=True, fixup="never")
    assert not outcome.message
    assert len(outcome.files) == 1


@pytest.mark.parametrize("fault", sorted(ENDLESS))
def test_an_endless_transfer_runs_until_somebody_stops_it(ytdl: Downloader, sites: Sites, fault: str):
    """Data keep coming; a hook that gives up ends it."""
    limit = 20_000 if fault == "slow" else 3_000_000

    def give_up(progress: dict[str, int]) -> None:
        if progress["downloaded_bytes"] > limit:
            raise ConnectionAbortedError("enough")

    outcome = ytdl(sites.url + SAMPLES[fault], download=True, progress_hooks=[give_up], buffersize=8192)
    assert "enough" in outcome.message


def test_flaky_answers_recover(ytdl: Downloader, sites: Sites):
    """Two failures, then the file; and again after the faults were cleared."""
    for _round in range(2):
        for wanted in (False, False, True):
            assert ("503" not in ytdl(sites.url + "/fault/flaky/clip.mp4?times=2").message) is wanted
        sites.origin.faults.clear()


def test_retry_after_reaches_the_client(ytdl: Downloader, sites: Sites):
    """The header is on the response behind the error."""
    assert ytdl(sites.url + SAMPLES["status_429"]).headers["Retry-After"] == "2"


@pytest.mark.parametrize("name", ["mux_720.mp4", "tail.mp4", "vp9_360.webm", "aac.m4a"])
def test_a_file_arrives_byte_for_byte_directly_and_through_the_proxy(ytdl: Downloader, sites: Sites, name: str):
    """Both ways to the origin give the very file of the shelf."""
    if not sites.media.has(name):
        pytest.skip(f"this ffmpeg cannot make {name}")
    for base, proxy in ((sites.url, ""), (sites.public_url, sites.proxy_url)):
        outcome = ytdl(f"{base}/m/{name}", download=True, fixup="never", proxy=proxy)
        (path,) = outcome.files.values()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sites.media.medium(name).sha256
        path.unlink()


@pytest.mark.parametrize(
    ("name", "formats"), [("hls/master.m3u8", 2), ("hls_apart/master.m3u8", 3), ("dash/manifest.mpd", 3)]
)
def test_segmented_streams_are_downloaded(ytdl: Downloader, sites: Sites, name: str, formats: int):
    """HLS muxed and apart, and DASH, list their formats and become one file."""
    outcome = ytdl(f"{sites.url}/m/{name}", download=True)
    assert not outcome.message
    assert len(outcome.formats) == formats
    assert len(outcome.files) == 1


@pytest.mark.parametrize("page", ["og", "video", "hls", "jsonld"])
def test_pages_that_embed_a_video_are_read(ytdl: Downloader, sites: Sites, page: str):
    """The generic extractor finds the media in each sort of page."""
    assert not ytdl(f"{sites.url}/page/{page}").message


def test_a_page_without_media_is_refused(ytdl: Downloader, sites: Sites):
    """Only words: nothing to download."""
    assert "Unsupported URL" in ytdl(f"{sites.url}/page/none").message


def test_a_slow_file_takes_its_time_and_a_short_link_leads_on(ytdl: Downloader, sites: Sites):
    """The slow area serves the same files at a pace; /s/ redirects."""
    assert ytdl(f"{sites.url}/s/mux_360.mp4").info["id"] == "mux_360"
    assert not ytdl(f"{sites.url}/slow/mux_720.mp4?seconds=20").message
