"""The work of ffmpeg on real files: what they are, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from PIL import Image

from tests.utils import media_ground as ground
from utils import ffmpeg as module
from utils.errors import DeadlineExceeded, GoldcrestError, MemoryShort, NoMedia, NotAMedia
from utils.ffmpeg import FFmpeg, MediaInfo, needs_faststart
from utils.ffmpeg_run import Output, run_gate

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> dict[str, Path]:
    return ground.make_media(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="module")
def ffmpeg() -> FFmpeg:
    return FFmpeg(ground.program())


KINDS = {
    "both": ("video", MP4, "h264", "aac", 320, 180, 2.0),
    "turned": ("video", MP4, "h264", "aac", 180, 320, 2.0),
    "wide": ("video", MP4, "h264", "aac", 480, 180, 2.0),
    "silent": ("video", MP4, "h264", None, 320, 180, 2.0),
    "stream": ("video", "mpegts", "h264", "aac", 320, 180, 2.0),
    "unknown": ("video", "matroska,webm", "vp8", "opus", 320, 180, 2.0),
    "sound": ("audio", MP4, None, "aac", None, None, 2.0),
    "cover": ("audio", "mp3", None, "mp3", None, None, 2.0),
    "picture": ("photo", "png_pipe", "png", None, 320, 180, None),
    "webp": ("photo", "webp_pipe", "webp", None, 320, 180, None),
    "gif": ("document", "gif", "gif", None, 320, 180, 1.0),
}


@pytest.mark.parametrize("name", KINDS)
def test_inspect(media, ffmpeg, name):
    """Kind, codecs, size as shown and length, for every sort of file; a missing length is measured."""
    info = ffmpeg.inspect(media[name])
    *expected, seconds = KINDS[name]
    assert [info.kind, info.container, info.video_codec, info.audio_codec, info.width, info.height] == expected
    assert info.cover == (name == "cover")
    assert info.duration_seconds == (None if seconds is None else pytest.approx(seconds, abs=0.15))


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am text\n" * 50,
        b"",
        b"<!doctype html><title>Sign in</title>" * 20,
        Random(1).randbytes(5000),
        b"\0" * 5000,
    ],
)
def test_what_is_no_media(tmp_path, ffmpeg, content):
    """Text, nothing, a page, noise: whatever its name says."""
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    with pytest.raises(NotAMedia):
        ffmpeg.inspect(path)


def test_subtitles_are_no_media(tmp_path, ffmpeg):
    """A file that ffmpeg reads and that holds neither picture nor sound."""
    path = tmp_path / "film.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n")
    with pytest.raises(NotAMedia):
        ffmpeg.inspect(path)


def test_a_truncated_file(media, tmp_path, ffmpeg):
    """An MP4 whose index was cut off can't be read."""
    path = tmp_path / "cut.mp4"
    path.write_bytes(media["both"].read_bytes()[:20_000])
    with pytest.raises(NotAMedia):
        ffmpeg.inspect(path)


def test_remux(media, tmp_path, ffmpeg):
    """The same streams in another container, index in front, progress told, odd names no problem."""
    told: list[tuple[float, int]] = []
    out = tmp_path / "-o: %d 'ü\".mp4"
    ffmpeg.remux(media["stream"], out, on_progress=lambda seconds, size: told.append((seconds, size)))
    assert not needs_faststart(out)
    assert ffmpeg.inspect(out).duration_seconds == pytest.approx(2.0, abs=0.1)
    assert told[-1][0] == pytest.approx(2.0, abs=0.1)
    assert told[-1][1] > 10_000
    ffmpeg.remux(media["both"], tmp_path / "slow.mp4", faststart=False)
    assert needs_faststart(tmp_path / "slow.mp4")
    ffmpeg.remux(media["both"], tmp_path / "both.mkv")
    assert ffmpeg.inspect(tmp_path / "both.mkv").video_codec == "h264"


def test_hevc_gets_the_tag_that_apple_plays(media, tmp_path, ffmpeg):
    """In MP4 it is called hvc1."""
    ffmpeg.remux(media["hevc"], tmp_path / "out.mp4")
    assert b"hvc1" in (tmp_path / "out.mp4").read_bytes()


def test_merge(media, tmp_path, ffmpeg):
    """Video of the one, audio of the other, nothing encoded, index in front."""
    out = tmp_path / "out.mp4"
    ffmpeg.merge(media["silent"], media["opus"], out)
    info = ffmpeg.inspect(out)
    assert (info.video_codec, info.audio_codec, info.width) == ("h264", "opus", 320)
    assert not needs_faststart(out)
    with pytest.raises(NotAMedia):
        ffmpeg.merge(media["silent"], media["silent"], tmp_path / "mute.mp4")
    assert not (tmp_path / "mute.mp4").exists()


@pytest.mark.parametrize("codec", ["m4a", "mp3", "opus"])
@pytest.mark.parametrize("source", ["both", "opus", "mp3"])
def test_extract_audio(media, tmp_path, ffmpeg, codec, source):
    """Each source in each form, with its tags; copied bit by bit where it already is that."""
    out = tmp_path / f"out.{codec}"
    ffmpeg.extract_audio(media[source], out, codec, tags={"title": "Тест = ok", "artist": "-i"})
    info = ffmpeg.inspect(out)
    assert (info.kind, info.audio_codec) == ("audio", {"m4a": "aac"}.get(codec, codec))
    assert info.duration_seconds == pytest.approx(2.0, abs=0.15)
    assert "Тест = ok".encode() in out.read_bytes()
    assert not needs_faststart(out)


def test_no_sound_to_extract(media, tmp_path, ffmpeg):
    """A silent video is told apart from a broken one."""
    with pytest.raises(NoMedia):
        ffmpeg.extract_audio(media["silent"], tmp_path / "out.m4a", "m4a")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("both", (320, 180)),
        ("turned", (180, 320)),
        ("wide", (320, 120)),
        ("unknown", (320, 180)),
        ("gif", (320, 180)),
        ("picture", (320, 180)),
        ("webp", (320, 180)),
        ("cover", (320, 180)),
    ],
)
def test_thumbnail(media, tmp_path, ffmpeg, name, size):
    """A baseline JPEG in the shape of what is shown, within Telegram's bounds."""
    out = ffmpeg.thumbnail(media[name], tmp_path / "thumbnail.jpg")
    assert out == tmp_path / "thumbnail.jpg"
    with Image.open(out) as image:
        assert (image.format, image.size) == ("JPEG", size)
        assert "progressive" not in image.info
    assert out.stat().st_size <= 200 * 1024


@pytest.mark.parametrize("name", ["picture", "webp"])
def test_a_picture_becomes_a_jpeg_of_its_own_size(media, tmp_path, ffmpeg, name):
    """Nothing is scaled; what is no picture leaves no file behind."""
    out = tmp_path / "picture.jpg"
    ffmpeg.picture(media[name], out)
    with Image.open(out) as image:
        assert (image.format, image.size) == ("JPEG", (320, 180))
    broken = tmp_path / "broken.webp"
    broken.write_bytes(b"RIFF____WEBP")
    with pytest.raises(GoldcrestError):
        ffmpeg.picture(broken, tmp_path / "no.jpg")
    assert not (tmp_path / "no.jpg").exists()


def test_a_thumbnail_is_taken_behind_the_start(tmp_path, ffmpeg):
    """Films start black: the picture is the last key frame before a tenth of the length."""
    fading = "color=white:s=64x64:r=2:d=20,fade=t=in:st=1:d=1"
    video = ground.make(tmp_path, "film.mp4", "-f", "lavfi", "-i", fading, *ground.H264, "-g", "4")
    with Image.open(ffmpeg.thumbnail(video, tmp_path / "film.jpg")) as image:
        assert min(image.convert("L").tobytes()) > 200


def test_a_video_that_marks_no_key_frames(tmp_path):
    """A run that gives no picture is followed by others that ask for less."""
    text = f"""for last; do :; done
case "$*" in *discard*) echo "$*" >> {tmp_path}/tries;; *) printf jpeg > "${{last#file:}}";; esac"""
    tool = FFmpeg(ground.script(tmp_path, text))
    info = MediaInfo("video", MP4, "h264", None, 640, 360, 10.0)
    assert tool.thumbnail(tmp_path / "x.mp4", tmp_path / "x.jpg", info=info) == tmp_path / "x.jpg"
    first, second = (tmp_path / "tries").read_text().splitlines()
    assert " -ss 1.000 " in first
    assert "-ss" not in second


def test_a_large_picture_is_scaled(tmp_path, ffmpeg):
    """The longer side becomes 320 px; a very thin picture keeps at least two."""
    Image.new("RGB", (1000, 2000), "red").save(tmp_path / "tall.png")
    Image.new("RGB", (4000, 3), "red").save(tmp_path / "thin.png")
    for name, size in (("tall", (160, 320)), ("thin", (320, 2))):
        out = ffmpeg.thumbnail(tmp_path / f"{name}.png", tmp_path / f"{name}.jpg")
        with Image.open(out) as image:
            assert image.size == size


def test_no_thumbnail(media, tmp_path, ffmpeg, monkeypatch):
    """Sound without a cover has none; a picture that stays too large or can't be decoded is left out, with its file."""
    assert ffmpeg.thumbnail(media["sound"], tmp_path / "a.jpg") is None
    monkeypatch.setattr(module, "THUMBNAIL_BYTES", 100)
    assert ffmpeg.thumbnail(media["both"], tmp_path / "b.jpg") is None
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_a_picture(tmp_path):
    """Where nothing can be decoded there is none, after one try of each kind."""
    tool = FFmpeg(ground.script(tmp_path, f"echo x >> {tmp_path}/tries; exit 1"))
    info = MediaInfo("video", MP4, "h264", None, 640, 360, 10.0)
    assert tool.thumbnail(tmp_path / "x.mp4", tmp_path / "x.jpg", info=info) is None
    assert len((tmp_path / "tries").read_text().splitlines()) == 3


def test_a_picture_made_to_fill_the_memory(tmp_path, ffmpeg):
    """A file of a few kB that says it has 400 megapixels is not decoded."""
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(NotAMedia):
        ffmpeg.remux(path, tmp_path / "out.mkv")
    assert ffmpeg.thumbnail(path, tmp_path / "thumbnail.jpg") is None


def test_version(ffmpeg, tmp_path):
    """The word behind "ffmpeg version"."""
    assert ffmpeg.version()[:1] in "n0123456789"
    assert FFmpeg(ground.script(tmp_path, "echo hello")).version() == "unknown"


def test_a_deadline_that_has_passed(media):
    """The injected clock counts."""
    times = iter([0.0, 100.0])
    with pytest.raises(DeadlineExceeded):
        FFmpeg(ground.program(), clock=lambda: next(times, 100.0)).inspect(media["both"], deadline_seconds=50)


def test_a_length_that_takes_too_long_to_measure_stays_unknown(media, monkeypatch):
    """Knowing what a file is matters more than its length."""
    tool = FFmpeg(ground.program())
    real, runs = run_gate, []

    def second_is_slow(*arguments, **options):
        runs.append(arguments)
        if len(runs) == 2:
            raise DeadlineExceeded("slow")
        return real(*arguments, **options)

    monkeypatch.setattr(module, "run_gate", second_is_slow)
    assert tool.inspect(media["unknown"]).duration_seconds is None


@pytest.mark.parametrize("code", [255, -9])
def test_a_measurement_that_was_broken_off_is_no_length(media, monkeypatch, code):
    """What it came to until its processor time was used up, or the kernel has ended it."""
    tool, real, runs = FFmpeg(ground.program()), run_gate, []

    def second_is_broken_off(arguments, **options):
        runs.append(arguments)
        if len(runs) == 2:
            options["on_progress"](0.5, 0)
            return code, Output()
        return real(arguments, **options)

    monkeypatch.setattr(module, "run_gate", second_is_broken_off)
    if code == 255:
        assert tool.inspect(media["unknown"]).duration_seconds is None
    else:
        with pytest.raises(MemoryShort):
            tool.inspect(media["unknown"])


def test_half_a_file_is_removed(media, tmp_path, ffmpeg):
    """Whatever ends a run, also the caller's own error, no half file stays and no process."""

    def stop(seconds: float, size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ffmpeg.remux(media["both"], tmp_path / "out.mp4", on_progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "ending", "codecs"),
    [
        (("both",), ".mp4", ("h264", "aac")),
        (("silent", "sound"), ".mp4", ("h264", "aac")),
        (("unknown",), ".webm", ("vp8", "opus")),
    ],
)
def test_cut(media, ffmpeg, tmp_path, names, ending, codecs):  # noqa: PLR0917 - fixtures and cases
    """A piece of one file or of two, copied; an open end is the file's."""
    out = tmp_path / f"piece{ending}"
    for seconds, expected in ((0.5, 0.5), (None, 1.0)):
        ffmpeg.cut([(media[name], 1.0) for name in names], out, seconds, video_codec="h264")
        info = ffmpeg.inspect(out)
        assert (info.video_codec, info.audio_codec) == codecs
        # Matroska shows what was copied since the key frame before
        assert info.duration_seconds == pytest.approx(expected, abs=0.15 if ending == ".mp4" else 1.2)


def test_cut_from_the_start(media, ffmpeg, tmp_path):
    """Without a place to look for."""
    out = tmp_path / "piece.mp4"
    ffmpeg.cut([(media["both"], 0.0)], out, 0.5)
    assert ffmpeg.inspect(out).duration_seconds == pytest.approx(0.5, abs=0.15)
