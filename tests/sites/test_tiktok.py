"""The TikTok replica, read by the real extractor."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.sites.tiktok import MEDIA_HOST, item_id

if TYPE_CHECKING:
    from tests.sites.conftest import Downloader
    from tests.sites.harness import Sites

PAGE = "https://www.tiktok.com/@goldcrest/video/"
REFUSED = {
    "private": "do not have permission to view this post",
    "private_account": "do not have permission to view this post",
    "removed": "Video not available, status code 10231",
    "blocked": "IP address is blocked",
    "forbidden": "HTTP Error 403",
    "toomany": "HTTP Error 429",
    "login": "requiring login",
    "sensitive": "not be comfortable for some audiences",
    "changed": "Video not available, status code 0",
}


def link(item: str) -> str:
    return f"{PAGE}{item_id(item)}"


def test_a_clip_has_watermarked_and_clean_formats_and_its_music(ytdl: Downloader):
    """Rungs without the watermark, the download with it, the music alone."""
    outcome = ytdl(link("clip"))
    formats = outcome.formats
    assert {"h264_540p_900000", "h264_360p_500000", "play", "download", "audio"} <= set(formats)
    assert formats["download"]["format_note"] == "watermarked"
    assert formats["audio"]["vcodec"] == "none"
    assert (formats["play"]["width"], formats["play"]["height"]) == (576, 1024)
    assert outcome.info["uploader"] == "goldcrest"
    assert outcome.info["track"] == "Test tone"


@pytest.mark.parametrize(
    ("choice", "name"), [("play", "portrait.mp4"), ("download", "watermark.mp4"), ("audio", "aac.m4a")]
)
def test_a_format_arrives_byte_for_byte(ytdl: Downloader, sites: Sites, choice: str, name: str):
    """What is downloaded is the very file of the shelf."""
    outcome = ytdl(link("clip"), download=True, format=choice, fixup="never")
    (path,) = outcome.files.values()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sites.media.medium(name).sha256


@pytest.mark.parametrize("item", REFUSED)
def test_every_refusal_is_worded_as_the_extractor_expects(ytdl: Downloader, item: str):
    """Each status ends in yt-dlp's own message for it."""
    assert REFUSED[item] in ytdl(link(item)).message


def test_the_challenge_page_is_solved_and_the_answer_checked(ytdl: Downloader, sites: Sites):
    """The first request gets a task, the second one carries its solution."""
    assert not ytdl(link("challenge")).message
    assert len(sites.requests.to("www.tiktok.com", "/@goldcrest")) == 2


@pytest.mark.parametrize(
    "short",
    ["https://vm.tiktok.com/ZMclip001/", "https://vt.tiktok.com/ZSclip001/", "https://www.tiktok.com/t/ZTclip001/"],
)
def test_short_links_lead_to_the_item(ytdl: Downloader, short: str):
    """All three forms of short links redirect to the video's page."""
    assert ytdl(short).info["id"] == str(item_id("clip"))


def test_a_dead_short_link_leads_to_the_front_page(ytdl: Downloader):
    """Nothing to download there."""
    assert "Unsupported URL" in ytdl("https://vm.tiktok.com/ZMdead001/").message


def test_the_media_host_refuses_those_who_skip_the_page(ytdl: Downloader, sites: Sites):
    """Without the page's cookie and Referer it answers 403, as the real one does."""
    outcome = ytdl(f"https://{MEDIA_HOST}/video/portrait.mp4")
    assert "HTTP Error 403" in outcome.message


def test_a_landscape_clip_and_one_without_music(ytdl: Downloader):
    """Wide clips state their shape; where there is no music there is no audio format."""
    assert ytdl(link("landscape")).formats["play"]["width"] == 1280
    assert "audio" not in ytdl(link("silent_track")).formats


def test_a_slide_show_offers_its_music_only(ytdl: Downloader):
    """Photos are not what this extractor knows; it sees the sound behind them."""
    assert list(ytdl(link("photos")).formats) == ["audio"]
