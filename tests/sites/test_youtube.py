"""The YouTube replica, read by the real extractor."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.sites.recipes import BULK_SECONDS, SECONDS
from tests.sites.youtube import KINDS, kind_of, video_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sites.conftest import Downloader
    from tests.sites.harness import Sites

WATCH = "https://www.youtube.com/watch?v="
REFUSED = {
    "private": "Private video",
    "age": "Sign in to confirm your age",
    "bot": "not a bot",
    "gone": "Video unavailable",
    "geo": "not made this video available in your country",
    "rate": "rate-limited by YouTube",
    "members": "members-only",
    "premiere": "Premieres in 3 hours",
    "upcoming": "will begin in 2 days",
    "claimed": "copyright claim",
    "ended": "has been terminated",
    "working": "processing this video",
    "toomany": "Failed to extract any player response",
    "pot": "not a bot",
    "sig": "Playback on this device is not possible",
    "nch": "Playback on this device is not possible",
}


def link(kind: str, number: int = 0) -> str:
    return WATCH + video_id(kind, number)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_id_has_the_sites_length_and_tells_its_kind():
    """Ids are eleven characters, whatever the kind, and lead back to it."""
    for kind in KINDS:
        assert len(video_id(kind, 12)) == 11
        assert kind_of(video_id(kind, 12)) == kind


def test_a_video_has_every_height_in_every_codec_with_true_sizes(ytdl: Downloader, sites: Sites):
    """144p to 1080p in H.264, to 2160p in VP9 and AV1, two sounds; each listed size is that of the file."""
    outcome = ytdl(link("clip"))
    codecs: dict[str, set[int]] = {}
    for entry in outcome.info["formats"]:
        if entry["acodec"] == "none":
            codecs.setdefault(entry["vcodec"][:4], set()).add(entry["height"])
        assert entry["filesize"] == int(entry["url"].partition("clen=")[2].partition("&")[0])
    everything = {144, 240, 360, 480, 720, 1080, 1440, 2160}
    assert codecs["avc1"] == {144, 240, 360, 480, 720, 1080}
    if sites.media.has("vp9_2160.webm"):
        assert codecs["vp9"] == everything
    if sites.media.has("av1_2160.mp4"):
        assert codecs["av01"] == everything
    assert {"18", "140", "251"} <= set(outcome.formats)
    assert outcome.info["duration"] == SECONDS
    assert outcome.info["title"] == "Replica clip0000000"


@pytest.mark.parametrize("itag", ["18", "137", "140", "251"])
def test_a_format_arrives_byte_for_byte(ytdl: Downloader, sites: Sites, itag: str):
    """What is downloaded is the very file of the shelf."""
    outcome = ytdl(link("clip"), download=True, format=itag, fixup="never")
    name = {"18": "mux_360.mp4", "137": "h264_1080.mp4", "140": "aac.m4a", "251": "opus.webm"}[itag]
    (path,) = outcome.files.values()
    assert digest(path) == sites.media.medium(name).sha256


def test_video_and_sound_are_merged(ytdl: Downloader):
    """Formats with picture and sound apart become one file."""
    outcome = ytdl(link("clip", 1), download=True, format="136+140")
    assert not outcome.message
    assert list(outcome.files) == ["clip0000001.136+140.mp4"]


@pytest.mark.parametrize("kind", REFUSED)
def test_every_refusal_is_worded_as_the_extractor_expects(ytdl: Downloader, kind: str):
    """Each kind of refusal ends in yt-dlp's own message for it."""
    assert REFUSED[kind] in ytdl(link(kind)).message


def test_too_many_requests_shows_only_as_a_warning(ytdl: Downloader):
    """429 with Retry-After: the error says nothing, a warning does."""
    outcome = ytdl(link("toomany"))
    assert "429" not in outcome.message
    assert any("HTTP Error 429" in line for line in outcome.warnings)


def test_an_expired_media_link_is_forbidden(ytdl: Downloader):
    """The page works, the media server says 403."""
    outcome = ytdl(link("expired"), download=True, format="18")
    assert "HTTP Error 403" in outcome.message


def test_a_portrait_video_and_a_poor_one(ytdl: Downloader):
    """Shorts are higher than wide; a poor video has nothing but 360p."""
    short = ytdl(f"https://www.youtube.com/shorts/{video_id('short')}")
    assert {(entry["width"], entry["height"]) for entry in short.info["formats"]} == {(360, 640), (576, 1024)}
    assert list(ytdl(link("low")).formats) == ["18"]


def test_a_bulk_video_states_a_hundred_megabytes(ytdl: Downloader, sites: Sites):
    """The bench's video exists as one file and as a pair, about 100 MB each."""
    size = sites.media.medium("bulk.mp4").size_bytes  # made here: no request waits for it
    outcome = ytdl(link("bulk"))
    assert outcome.info["duration"] == BULK_SECONDS
    assert 95e6 < outcome.formats["22"]["filesize"] < 115e6
    assert 95e6 < outcome.formats["136"]["filesize"] < 115e6
    assert size == outcome.formats["22"]["filesize"]


def test_a_live_stream_is_live(ytdl: Downloader):
    """A running stream has formats by playlist and says that it runs."""
    outcome = ytdl(link("live"))
    assert outcome.info["is_live"]
    assert {entry["protocol"] for entry in outcome.info["formats"]} == {"m3u8_native"}


def test_a_proof_of_origin_token_opens_the_mobile_client(ytdl: Downloader, sites: Sites):
    """Without the token the media server refuses; with the one it accepts, the video comes."""
    mobile = {"player_client": ["mweb"], "player_skip": ["js"]}
    wrong = {"youtube": {**mobile, "po_token": ["mweb.gvs+d3Jvbmc="]}}
    right = {"youtube": {**mobile, "po_token": [f"mweb.gvs+{sites.youtube.proof}"]}}
    refused = ytdl(link("pot"), download=True, format="136", extractor_args=wrong)
    assert "HTTP Error 403" in refused.message
    assert not ytdl(link("pot"), download=True, format="136", extractor_args=right).message


def test_thumbnails_exist_as_listed_and_no_others(ytdl: Downloader, sites: Sites):
    """The listed thumbnail comes; the larger ones that yt-dlp tries first are missing, as for many real videos."""
    outcome = ytdl(link("clip"), download=True, format="18", writethumbnail=True)
    assert any(name.endswith((".jpg", ".webp")) for name in outcome.files)
    statuses = {entry.status for entry in sites.requests.to("i.ytimg.com")}
    assert statuses == {200, 404}


def test_television_clients_need_a_solver(ytdl: Downloader):
    """Without a JavaScript runtime a TV client's formats can't be used, the visionOS client's can."""
    television = ytdl(link("clip"), extractor_args={"youtube": {"player_client": ["tv"]}})
    assert television.message
    vision = ytdl(link("clip"), extractor_args={"youtube": {"player_client": ["visionos"]}})
    assert not vision.message
