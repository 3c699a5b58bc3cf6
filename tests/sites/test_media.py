"""The media: each is what its name says, made once however many ask."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sites.harness import ROOT
from tests.sites.media import Shelf
from tests.sites.recipes import BULK_SECONDS, SECONDS

RACE = """
import sys
from pathlib import Path
from tests.sites.media import Shelf
print(Shelf(Path(sys.argv[1])).medium("tail.mp4").sha256)
"""


def describe(shelf: Shelf, name: str) -> str:
    """What ffmpeg says of a file."""
    command = [shelf.ffmpeg, "-hide_banner", "-i", str(shelf.path(name))]
    return subprocess.run(command, check=False, capture_output=True, text=True).stderr


def decodes(shelf: Shelf, name: str) -> bool:
    """Whether every frame can be read."""
    command = [shelf.ffmpeg, "-v", "error", "-xerror", "-i", str(shelf.path(name)), "-f", "null", "-"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def seconds(description: str) -> float:
    hours, minutes, rest = re.findall(r"Duration: (\d+):(\d+):([\d.]+)", description)[0]
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("mux_144.mp4", ("h264", "256x144", "aac")),
        ("mux_1080.mp4", ("h264", "1920x1080", "aac")),
        ("h264_720.mp4", ("h264", "1280x720")),
        ("vp9_2160.webm", ("vp9", "3840x2160")),
        ("av1_1440.mp4", ("av1", "2560x1440")),
        ("hevc_portrait.mp4", ("hevc", "720x1280")),
        ("portrait.mp4", ("h264", "576x1024", "aac")),
        ("rotated.mp4", ("rotation of 90", "640x360")),
        ("anamorphic.mp4", ("480x360 [SAR 4:3 DAR 16:9]",)),
        ("aac.m4a", ("aac", "44100 Hz")),
        ("opus.webm", ("opus",)),
        ("music.mp3", ("mp3",)),
        ("hls_apart/master.m3u8", ("1280x720", "aac")),
        ("dash/manifest.mpd", ("h264",)),
    ],
)
def test_media_are_what_their_names_say(shelf: Shelf, name: str, facts: tuple[str, ...]):
    """Codec, picture size, rotation and length, as ffmpeg reads them."""
    if not shelf.has(name):
        pytest.skip(f"this ffmpeg cannot make {name}")
    description = describe(shelf, name)
    if name.startswith("dash") and "Stream" not in description:
        pytest.skip("this ffmpeg does not read DASH")
    assert all(fact in description for fact in facts), description
    assert seconds(description) == pytest.approx(SECONDS, abs=0.3)


def test_the_index_lies_where_the_name_says(shelf: Shelf):
    """Fast-start files begin with it, tail.mp4 ends with it."""
    fast, tail = (shelf.path(name).read_bytes() for name in ("mux_720.mp4", "tail.mp4"))
    assert fast.index(b"moov") < fast.index(b"mdat")
    assert tail.index(b"moov") > tail.index(b"mdat")
    assert "Audio" not in describe(shelf, "silent.mp4")


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp", "thumb.jpg", "thumb.webp"])
def test_images_begin_as_their_kind_does(shelf: Shelf, name: str):
    """The magic bytes fit the suffix."""
    if not shelf.has(name):
        pytest.skip(f"this ffmpeg cannot make {name}")
    marks = {".jpg": b"\xff\xd8", ".png": b"\x89PNG", ".webp": b"RIFF"}
    assert shelf.path(name).read_bytes().startswith(marks[Path(name).suffix])


def test_bulk_files_are_large_and_playable(shelf: Shelf):
    """About 100 MB each, as one file and as a pair, and every frame decodes."""
    sizes = {name: shelf.medium(name).size_bytes for name in ("bulk.mp4", "bulk_video.mp4", "bulk_audio.m4a")}
    assert 95e6 < sizes["bulk.mp4"] < 115e6
    assert 95e6 < sizes["bulk_video.mp4"] + sizes["bulk_audio.m4a"] < 115e6
    assert seconds(describe(shelf, "bulk.mp4")) == pytest.approx(BULK_SECONDS, abs=0.5)
    assert decodes(shelf, "bulk.mp4")


def test_two_processes_make_a_medium_once(tmp_path: Path, shelf: Shelf):
    """Both get the same file, and no half-made folder stays."""
    command = [sys.executable, "-c", RACE, str(tmp_path)]
    racers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = {racer.communicate()[0].strip() for racer in racers}
    assert answers == {shelf.medium("tail.mp4").sha256}
    assert not list(tmp_path.glob("making-*"))


def test_unknown_media_are_a_key_error(shelf: Shelf):
    """Neither unknown names nor segments that don't exist."""
    for name in ("nothing.mp4", "hls/nothing.ts", "nothing/mux_144.mp4", "../mux_144.mp4", ""):
        assert not shelf.has(name)
        with pytest.raises(KeyError):
            shelf.medium(name)
