"""Reading ffmpeg's banner: forms of several releases, odd values, and what a hostile file may print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.media_info import MediaInfo, parse_banner

FIVE = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:x.mp4':
  Metadata:
    title           : Stream #0:0: Video: h264, 1x1
  Duration: 01:02:03.50, start: 0.000000, bitrate: 1836 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 1920x1080 [SAR 1:1 DAR 16:9], 25 fps (default)
    Metadata:
      handler_name    : VideoHandler
    Side data:
      displaymatrix: rotation of -90.00 degrees
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 64 kb/s (default)
"""
FOUR = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'x.mp4':
  Duration: 00:00:02.00, start: 0.000000, bitrate: 5 kb/s
    Stream #0:0(und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 640x480 [SAR 4:3 DAR 16:9], 5 kb/s (default)
    Stream #0:1(und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 64 kb/s (default)
      Metadata:
        displaymatrix: rotation of 90.00 degrees
"""


def banner(video: str, container: str = "mov,mp4", duration: str = "00:00:02.00", more: str = "") -> str:
    return f"Input #0, {container}, from 'x':\n  Duration: {duration}, start: 0\n  Stream #0:0: Video: {video}\n{more}"


def read(text: str) -> MediaInfo:
    info = parse_banner(text)
    assert info is not None
    return info


def test_recent_releases():
    """Since ffmpeg 5: two spaces and an id; the rotation belongs to the stream above it, a title is no stream."""
    assert read(FIVE) == MediaInfo("video", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "aac", 1080, 1920, 3723.5)


def test_older_releases():
    """Before: four spaces and no id; a rotation of another stream doesn't count."""
    assert read(FOUR) == MediaInfo("video", "mov,mp4,m4a,3gp,3g2,mj2", "h264", "aac", 853, 480, 2.0)


@pytest.mark.parametrize(
    ("video", "size"),
    [
        ("h264, yuv420p, 640x360", (640, 360)),
        ("h264 (avc1 / 0x31637661), yuv420p, 640x360 [SAR 1:1 DAR 16:9], 5 kb/s, SAR 3:4 DAR 4:3, 25 fps", (480, 360)),
        ("h264, yuv420p, 640x360 [SAR 0:1 DAR 0:1]", (640, 360)),
        ("h264, yuv420p, 640x360 [SAR 1:0 DAR 0:1]", (640, 360)),
        ("h264, yuv420p, 640x360 [SAR 9999:1 DAR 1:1]", (640, 360)),
        ("h264, none", (None, None)),
    ],
)
def test_sizes(video, size):
    """The container's pixel shape overrules the codec's; nonsense is left out."""
    info = read(banner(video))
    assert (info.width, info.height) == size


@pytest.mark.parametrize(
    ("turned", "size"),
    [
        ("0.00", (640, 360)),
        ("-90.00", (360, 640)),
        ("180.00", (640, 360)),
        ("270.00", (360, 640)),
        ("-89.99", (360, 640)),
    ],
)
@pytest.mark.parametrize("words", ["displaymatrix", "Display Matrix"])
def test_rotations(words, turned, size):
    """Quarter turns swap the sides, in the words of old and new releases."""
    info = read(banner("h264, yuv420p, 640x360", more=f"    Side data:\n      {words}: rotation of {turned} degrees\n"))
    assert (info.width, info.height) == size


@pytest.mark.parametrize("duration", ["N/A", "00:00:00.00", "2562047788:00:54.78", "99:61"])
def test_lengths_that_are_none(duration):
    """Unknown, zero and broken lengths are None."""
    assert read(banner("h264, 640x360", duration=duration)).duration_seconds is None


@pytest.mark.parametrize(("container", "kind"), [("png_pipe", "photo"), ("gif", "document"), ("mpegts", "video")])
def test_kinds(container, kind):
    """The container decides between a picture, a moving picture and a video."""
    assert read(banner("x, 1x1", container)).kind == kind


def test_a_cover_is_no_video():
    """An attached picture makes no sound file a video, and alone it is nothing."""
    cover = "mjpeg, yuvj420p, 600x600 (attached pic)"
    assert parse_banner(banner(cover)) is None
    info = read(banner(cover, more="  Stream #0:1: Audio: mp3, 44100 Hz\n"))
    assert (info.kind, info.cover, info.width) == ("audio", True, None)


def test_nothing_opened():
    """Without an input line there is nothing to tell."""
    assert parse_banner("Error opening input: Invalid data found when processing input\n") is None


@given(st.text(max_size=200))
def test_any_text(text):
    """Whatever a file makes ffmpeg print, sizes and lengths stay within bounds."""
    info = parse_banner(FIVE.replace("VideoHandler", text))
    assert info is not None
    assert info.width is None or 0 < info.width <= 99_999
    assert info.duration_seconds is None or info.duration_seconds > 0
