"""From downloaded parts to a file for Telegram, in this process, with real ffmpeg."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from platforms.extractor.fit import Fitter, Parts, check_whole, merged_ending, shape
from platforms.extractor.meter import Meter
from platforms.extractor.protocol import Order
from utils.errors import CutOff, NotAMedia
from utils.ffmpeg import FFmpeg, MediaInfo, find_ffmpeg

if TYPE_CHECKING:
    from tests.sites.harness import Sites

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"


@pytest.fixture
def fitter() -> Fitter:
    program = find_ffmpeg()
    assert program
    return Fitter(FFmpeg(program), Meter(lambda _: None, 1 << 30))


class Job:
    """Files of the shelf as if they had been downloaded into a folder."""

    def __init__(self, sites: Sites, folder: Path, fitter: Fitter) -> None:
        self.sites, self.folder, self.fitter = sites, folder, fitter

    def part(self, name: str, number: int = 0) -> Path:
        path = self.folder / f"1-{number}.part"
        shutil.copyfile(self.sites.media.path(name), path)
        return path

    def fit(self, *names: str, picture: str = "", audio: str = "", **item: Any) -> dict[str, Any]:
        sources = [self.part(name, number) for number, name in enumerate(names)]
        cover = self.part(picture, 9) if picture else None
        order = Order("fetch", "", "", folder=str(self.folder), audio=audio)
        return self.fitter.fit("1", Parts(sources, [{} for _ in sources], cover, item), order)


@pytest.fixture
def job(sites: Sites, tmp_path: Path, fitter: Fitter) -> Job:
    return Job(sites, tmp_path, fitter)


def test_only_the_results_stay(job: Job):
    """Parts and pictures are gone; what is left is named by us."""
    told = job.fit("silent.mp4", "aac.m4a", picture="photo.jpg", title="T")
    assert told["thumbnail"] == "1-thumbnail.jpg"
    assert sorted(path.name for path in job.folder.iterdir()) == ["1-thumbnail.jpg", told["name"]]


def test_webp_becomes_jpeg(job: Job, sites: Sites):
    """What every program shows, in the picture's own size; a small picture needs no thumbnail."""
    if not sites.media.has("photo.webp"):
        pytest.skip("this ffmpeg writes no WebP")
    told = job.fit("photo.webp")
    assert (told["name"], told["kind"], told["mime"], told["thumbnail"]) == ("1.jpg", "photo", "image/jpeg", None)
    assert (told["width"], told["height"]) == (1080, 1350)
    assert [path.name for path in job.folder.iterdir()] == ["1.jpg"]


def test_a_picture_of_another_shape_is_no_thumbnail(job: Job):
    """It would be shown stretched: the video's own frame is taken."""
    told = job.fit("mux_360.mp4", picture="photo.jpg")
    thumbnail = job.fitter._ffmpeg.inspect(job.folder / told["thumbnail"])
    assert (thumbnail.width, thumbnail.height) == (320, 180)


def test_a_broken_picture_does_no_harm(job: Job):
    (job.folder / "picture").write_bytes(b"no picture")
    source = job.part("mux_144.mp4")
    told = job.fitter.fit("1", Parts([source], [{}], job.folder / "picture", {}), Order("fetch", "", ""))
    assert told["thumbnail"] == "1-thumbnail.jpg"


def test_sound_gets_the_sites_picture(job: Job):
    told = job.fit("music.mp3", picture="photo.jpg", title="Song", artists=["A", "B"], track="Track")
    assert (told["thumbnail"], told["title"], told["performer"]) == ("1-thumbnail.jpg", "Song", "A, B")
    assert job.fit("aac.m4a", audio="m4a", title="Song", track="Track")["title"] == "Track"


@pytest.mark.parametrize(
    ("promised", "fits"), [(4, True), (5, True), (9, True), (30, False), (None, True), ("x", True)]
)
def test_a_file_much_shorter_than_promised_was_cut_off(job: Job, promised: Any, *, fits: bool):
    """Sites round; a preview instead of the whole is another matter."""
    if fits:
        assert job.fit("mux_144.mp4", duration=promised)["duration_seconds"] == pytest.approx(4, abs=0.1)
    else:
        with pytest.raises(CutOff):
            job.fit("mux_144.mp4", duration=promised)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_an_mp4_that_lacks_its_end(job: Job, share: float):
    """Seen by its atoms, wherever the index stands."""
    for name in ("mux_144.mp4", "tail.mp4"):
        path = job.part(name)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(CutOff):
            check_whole(path)


@pytest.mark.parametrize("name", ["vp9_360.webm", "music.mp3", "photo.jpg", "mux_144.mp4", "opus.webm"])
def test_whole_files_pass(sites: Sites, name: str):
    check_whole(sites.media.path(name))


def test_words_are_no_media(job: Job):
    (job.folder / "1-0.part").write_text("<!doctype html>" * 100)
    with pytest.raises(NotAMedia):
        job.fitter.fit("1", Parts([job.folder / "1-0.part"], [{}], None, {}), Order("fetch", "", ""))


@pytest.mark.parametrize(
    ("kind", "container", "video", "audio", "expected"),
    [
        ("video", "mpegts", "h264", "aac", (".mp4", True)),
        ("video", "flv", "h264", None, (".mp4", True)),
        ("video", "matroska,webm", "vp9", "opus", (".webm", False)),
        ("video", "matroska,webm", "h264", "aac", (".mp4", True)),
        ("video", "matroska,webm", "h264", "vorbis", (".mkv", False)),
        ("video", "avi", "wmv2", "wmav2", (".mkv", True)),
        ("audio", "ogg", None, "vorbis", (".ogg", False)),
        ("audio", "ogg", None, "opus", (".opus", False)),
        ("audio", "matroska,webm", None, "opus", (".opus", True)),
        ("audio", "aac", None, "aac", (".m4a", True)),
        ("audio", "mp3", None, "mp3", (".mp3", False)),
        ("audio", "asf", None, "wmav2", (".mkv", True)),
        ("photo", "png_pipe", "png", None, (".png", False)),
        ("document", "gif", "gif", None, (".gif", False)),
    ],
)
def test_the_ending_tells_what_it_is(  # noqa: PLR0917
    kind: str, container: str, video: str | None, audio: str | None, expected: tuple[str, bool], tmp_path: Path
):
    """Which files are handed on as they came, and under which name."""
    assert shape(MediaInfo(kind, container, video, audio), tmp_path / "x") == expected


@pytest.mark.parametrize(
    ("video", "audio", "ending"),
    [
        ({"ext": "mp4", "vcodec": "avc1"}, {"ext": "m4a", "acodec": "mp4a"}, ".mp4"),
        ({"ext": "mp4", "vcodec": "av01"}, {"ext": "webm", "acodec": "opus"}, ".mp4"),
        ({"ext": "webm", "vcodec": "vp9"}, {"ext": "webm", "acodec": "opus"}, ".webm"),
        ({"ext": "webm", "vcodec": "vp9"}, {"ext": "m4a", "acodec": "mp4a"}, ".mp4"),
        ({"ext": "webm", "vcodec": "vp8"}, {"ext": "m4a", "acodec": "mp4a"}, ".mkv"),
        ({}, {}, ".mp4"),
    ],
)
def test_the_container_of_a_pair(video: dict[str, str], audio: dict[str, str], ending: str):
    """As the menu announced it."""
    assert merged_ending([video, audio]) == ending
