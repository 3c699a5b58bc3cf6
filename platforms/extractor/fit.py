"""Make one file out of what was downloaded, fit for Telegram: merged, converted, index in front, with a thumbnail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platforms.extractor.offers import PICTURE_FILES
from platforms.extractor.trim import TEXT, TITLE
from utils.errors import CutOff, GoldcrestError, NotAMedia
from utils.ffmpeg import FFmpeg, MediaInfo, needs_faststart
from utils.mp4 import atoms

if TYPE_CHECKING:
    from platforms.extractor.meter import Meter
    from platforms.extractor.protocol import Order

#: ending -> content type; nothing else is ever handed on
MIMES: Final[Mapping[str, str]] = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".opus": "audio/ogg",
    ".ogg": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".avif": "image/avif",
    ".bin": "application/octet-stream",
}
#: ffmpeg's name of a container -> ending under which a file in it is kept as it came
_KEPT: Final[Mapping[str, str]] = {
    "mp3": ".mp3",
    "flac": ".flac",
    "wav": ".wav",
    "jpeg_pipe": ".jpg",
    "mjpeg": ".jpg",
    "image2": ".jpg",
    "png_pipe": ".png",
    "webp_pipe": ".webp",
    "gif": ".gif",
    "gif_pipe": ".gif",
}
_MP4: Final = "mov,mp4"
_MATROSKA: Final = "matroska,webm"
_MP4_ATOMS: Final = frozenset({"ftyp", "moov", "mdat", "moof", "sidx", "free"})
#: Codecs that players expect in an MP4 file, and those that a WebM file may hold.
_MP4_VIDEO: Final = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_AUDIO: Final = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "alac"})
_WEBM: Final = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})
#: ending of a sound file -> codecs that make it that, and the container it already is one in
_SOUND: Final = {".opus": {"opus"}, ".ogg": {"vorbis", "flac"}, ".m4a": {"aac", "alac"}, ".mp3": {"mp3"}}
_SOUND_CONTAINERS: Final = {".opus": "ogg", ".ogg": "ogg"}
#: A smaller picture needs no thumbnail, it is shown itself.
PICTURE_BYTES: Final = 5 << 20
#: A file that lacks more than that of its promised length was cut off; sites round and trim a little.
MISSING_SHARE: Final = 0.2
MISSING_SECONDS: Final = 5.0
#: Pictures whose shape differs more than that from the video's would be shown stretched.
SHAPE_TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Parts:
    """What was downloaded of one item: files, their format dicts, the site's picture, the item's info dict."""

    sources: list[Path]
    formats: list[dict[str, Any]]
    picture: Path | None
    item: Mapping[str, Any]


class Fitter:
    """Works in one folder; everything in it but the results is removed."""

    def __init__(self, ffmpeg: FFmpeg, meter: Meter) -> None:
        self._ffmpeg = ffmpeg
        self._meter = meter

    @property
    def ffmpeg(self) -> FFmpeg:
        """The program that it works with."""
        return self._ffmpeg

    def fit(self, name: str, parts: Parts, order: Order) -> dict[str, Any]:
        """The fields of platforms.shapes.FetchedFile, with file names instead of paths.

        Raises NotAMedia for a file that is none, CutOff for one that is shorter than promised.
        """
        for source in parts.sources:
            check_whole(source)
        tags = _tags(parts.item, order)
        file, info = self._one_file(name, parts, order.audio, tags, originals=order.originals)
        _check_length(info, parts.item)
        # of a picture that comes as a file Telegram makes one itself
        small = order.originals or (info.kind == "photo" and file.stat().st_size <= PICTURE_BYTES)
        thumbnail = None if small else self._thumbnail(name, file, info, parts.picture)
        for left in (*parts.sources, parts.picture):
            if left is not None and left != file:
                left.unlink(missing_ok=True)
        return {
            "name": file.name,
            "size_bytes": file.stat().st_size,
            "kind": info.kind,
            "mime": MIMES[file.suffix],
            "width": info.width,
            "height": info.height,
            "duration_seconds": info.duration_seconds,
            "thumbnail": thumbnail,
            "title": tags.get("title", ""),
            "performer": tags.get("artist", ""),
        }

    def _one_file(
        self, name: str, parts: Parts, audio: str, tags: Mapping[str, str], *, originals: bool
    ) -> tuple[Path, MediaInfo]:
        source = parts.sources[0]
        size = sum(each.stat().st_size for each in parts.sources)
        if audio:
            out = source.with_name(f"{name}.{audio}")
            writing = self._meter.on_media("merging", None)
            self._ffmpeg.extract_audio(parts.sources[-1], out, audio, tags=tags, on_progress=writing)
            return out, self._ffmpeg.inspect(out)
        if len(parts.sources) > 1:
            out = source.with_name(name + merged_ending(parts.formats))
            self._ffmpeg.merge(source, parts.sources[1], out, on_progress=self._meter.on_media("merging", size))
            return out, self._ffmpeg.inspect(out)
        self._meter.enter("fitting")
        info = self._ffmpeg.inspect(source)
        if originals:
            out = source.with_name(name + _picture_ending(info, parts.formats[0]))
            source.rename(out)
            return out, replace(info, kind="document")
        if _foreign(info, parts.formats[0]):
            out = source.with_name(f"{name}.jpg")
            self._ffmpeg.picture(source, out)
            return out, self._ffmpeg.inspect(out)
        ending, copied = shape(info, source)
        out = source.with_name(name + ending)
        if copied:
            self._ffmpeg.remux(source, out, on_progress=self._meter.on_media("fitting", size))
            return out, self._ffmpeg.inspect(out)
        source.rename(out)
        return out, info

    def _thumbnail(self, name: str, file: Path, info: MediaInfo, picture: Path | None) -> str | None:
        """The site's picture where it has the video's shape, else a frame. A job never fails for it."""
        self._meter.enter("fitting")
        out = file.with_name(f"{name}-thumbnail.jpg")
        for source in (picture, file):
            try:
                if source is not None and (source is file or self._alike(source, info)):
                    made = self._ffmpeg.thumbnail(source, out, info=info if source is file else None)
                    if made is not None:
                        return made.name
            except GoldcrestError:
                out.unlink(missing_ok=True)
        return None

    def _alike(self, picture: Path, video: MediaInfo) -> bool:
        seen = self._ffmpeg.inspect(picture)
        if not (video.width and video.height and seen.width and seen.height):
            return True
        return abs(seen.width / seen.height / (video.width / video.height) - 1) <= SHAPE_TOLERANCE


def check_whole(path: Path) -> None:
    """Raises CutOff for an MP4 file whose last atom promises more bytes than there are."""
    size = path.stat().st_size
    for atom in atoms(path):
        if atom.kind in _MP4_ATOMS and atom.offset + atom.size > size:
            raise CutOff(f"{atom.offset + atom.size - size} bytes are missing at the end")


def merged_ending(formats: list[dict[str, Any]]) -> str:
    """The container for a video and its sound, by what the site says of them (as the menu did)."""
    video, audio = formats[:2]
    if video.get("ext") == "webm" and str(audio.get("acodec")).startswith(("opus", "vorbis")):
        return ".webm"
    return ".mkv" if str(video.get("vcodec")).startswith("vp8") else ".mp4"


def shape(info: MediaInfo, path: Path) -> tuple[str, bool]:
    """The ending under which this file is handed on, and whether its streams must be copied into a new one first."""
    if info.container in _KEPT:
        return _KEPT[info.container], False
    if info.container.startswith(_MP4):
        return ".m4a" if info.kind == "audio" else ".mp4", needs_faststart(path) or is_fragmented(path)
    codecs = {codec for codec in (info.video_codec, info.audio_codec) if codec}
    if info.kind == "audio":
        ending = next((name for name, fitting in _SOUND.items() if codecs <= fitting), ".mkv")
        return ending, info.container != _SOUND_CONTAINERS.get(ending, _MATROSKA)
    if info.container == _MATROSKA and codecs <= _WEBM:
        return ".webm", False
    playable = info.video_codec in _MP4_VIDEO and info.audio_codec in {None, *_MP4_AUDIO}
    return (".mp4", True) if playable else (".mkv", info.container != _MATROSKA)


def _picture_ending(info: MediaInfo, told: Mapping[str, Any]) -> str:
    """The ending of a picture that is kept as it came. Raises NotAMedia for something else."""
    if ending := _KEPT.get(info.container):
        return ending
    if not _foreign(info, told):
        raise NotAMedia(f"a picture that is {info.container}")
    return ".avif" if info.video_codec == "av1" else ".heic"


def _foreign(info: MediaInfo, told: Mapping[str, Any]) -> bool:
    """Whether it is a picture that not every program shows: WebP, or HEIC, which looks like a video outside."""
    if info.kind == "photo":
        return _KEPT.get(info.container) not in {".jpg", ".png"}
    return told.get("ext") in PICTURE_FILES and info.container.startswith(_MP4) and not info.duration_seconds


def is_fragmented(path: Path) -> bool:
    """Players can't seek in such a file, and some show no length."""
    return any(atom.kind == "moof" for atom in atoms(path))


def _check_length(info: MediaInfo, item: Mapping[str, Any]) -> None:
    promised = item.get("duration")
    if not isinstance(promised, (int, float)) or info.duration_seconds is None:
        return
    missing = promised - info.duration_seconds
    if missing > MISSING_SECONDS and missing > promised * MISSING_SHARE:
        raise CutOff(f"{info.duration_seconds:g} of {promised:g} seconds")


def _tags(item: Mapping[str, Any], order: Order) -> dict[str, str]:
    """Title and performer as plain text."""
    artists = item.get("artists") if isinstance(item.get("artists"), list) else None
    performer = item.get("artist") or ", ".join(map(str, artists or ()))
    if not performer and item.get("extractor_key") != "Generic":  # there it is the name of the host
        performer = item.get("uploader") or item.get("channel")
    title = (item.get("track") if order.audio else None) or order.title or item.get("title")
    tags = {"title": str(title or "")[:TITLE], "artist": str(performer or "")[:TEXT]}
    return {key: " ".join(text.replace("\0", " ").split()) for key, text in tags.items() if text.strip()}
