"""The Instagram replica, read by the real extractor without a browser's TLS fingerprint."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.sites.instagram import POSTS, number_of, shortcode, sort_of
from tests.sites.recipes import SECONDS

if TYPE_CHECKING:
    from tests.sites.conftest import Downloader
    from tests.sites.harness import Sites

SITE = "https://www.instagram.com"
REFUSED = {
    "Photo": "There is no video in this post",
    "Photos": "No video formats found",
    "Mixed": "No video formats found",
    "Album": "No video formats found",
    "Twenty": "No video formats found",
    "Login": "redirected to the login page",
    "Away": "empty media response",
    "Gone": "empty media response",
    "Broken": "empty media response",
    "Missing": "HTTP Error 404",
    "Adult": "You must be 18 years old",
    "Toomany": "HTTP Error 429",
}


def post(sort: str, number: int = 0) -> str:
    return f"{SITE}/p/{shortcode(sort, number)}/"


def test_shortcodes_tell_their_sort_and_differ():
    """Eleven characters, the sort readable, no two alike."""
    codes = [shortcode(sort, number) for sort in POSTS for number in (0, 1, 23)]
    assert {len(code) for code in codes} == {11}
    assert len({number_of(code) for code in codes}) == len(codes)
    assert all(sort_of(shortcode(sort, 7)) == sort for sort in POSTS)


@pytest.mark.parametrize("path", ["reel", "reels", "p", "tv", "goldcrest/reel"])
def test_a_video_is_found_under_every_path(ytdl: Downloader, path: str):
    """Reels, posts and IGTV share one page."""
    outcome = ytdl(f"{SITE}/{path}/{shortcode('Reel')}/")
    assert outcome.info["id"] == shortcode("Reel")
    assert outcome.info["duration"] == SECONDS
    assert {(entry["width"], entry["height"]) for entry in outcome.info["formats"]} == {(576, 1024), (360, 640)}
    assert outcome.info["channel"] == "goldcrest"


def test_a_reel_arrives_byte_for_byte(ytdl: Downloader, sites: Sites):
    """What is downloaded is the very file of the shelf."""
    outcome = ytdl(post("Reel"), download=True, fixup="never")
    (path,) = outcome.files.values()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sites.media.medium("portrait.mp4").sha256


def test_a_post_with_sound_apart_is_merged(ytdl: Downloader):
    """The inline manifest lists picture and sound as files of their own."""
    outcome = ytdl(post("Dash"), download=True, format="dash-720v+dash-sound")
    assert not outcome.message
    assert len(outcome.files) == 1


def test_a_carousel_of_videos_is_a_list(ytdl: Downloader):
    """Its entries have ids of their own."""
    entries = ytdl(post("Videos")).info["entries"]
    assert len({entry["id"] for entry in entries}) == 2


@pytest.mark.parametrize("sort", REFUSED)
def test_every_refusal_is_worded_as_the_extractor_expects(ytdl: Downloader, sort: str):
    """Each wall and gap ends in yt-dlp's own message for it."""
    assert REFUSED[sort] in ytdl(post(sort)).message


def test_photos_are_described_for_those_who_read_further(ytdl: Downloader):
    """A photo post fails in yt-dlp, but its largest image is in the info."""
    outcome = ytdl(post("Photo"), ignore_no_formats_error=True)
    assert outcome.info["thumbnails"][-1]["url"].endswith("/photo.jpg")


def test_share_links_lead_to_the_post(ytdl: Downloader):
    """A share link redirects to the reel, a dead one to the front page."""
    assert ytdl(f"{SITE}/share/reel/BAreel0001").info["id"] == shortcode("Reel")
    assert "Unsupported URL" in ytdl(f"{SITE}/share/BAdead0001").message
