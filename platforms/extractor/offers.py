"""One yt-dlp format in our terms: codecs by their names, height class, size, what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from platforms.shapes import QUALITY_HEIGHTS

#: Ways of fetching that the worker has; all others (rtmp, websockets, storyboards) are left out.
DIRECT: Final = frozenset({"http", "https"})
SEGMENTS: Final = frozenset({"m3u8", "m3u8_native", "http_dash_segments"})
_CODECS: Final = (
    ("h264", re.compile(r"avc|h\.?264|x264")),
    ("h265", re.compile(r"hev|hvc|h\.?265|x265|bytevc1")),
    ("av1", re.compile(r"av0?1")),
    ("vp9", re.compile(r"vp0?9")),
    ("vp8", re.compile(r"vp0?8")),
    ("mp3", re.compile(r"mp3|mp4a\.(?:6b|69|40\.34)")),
    ("aac", re.compile(r"mp4a|aac")),
)
_SOUND_FILES: Final = frozenset({"m4a", "mp3", "aac", "opus", "ogg", "oga", "flac", "wav", "weba", "mka"})
PICTURE_FILES: Final = frozenset({"jpg", "jpeg", "png", "webp", "gif", "avif", "heic"})
_NAMED_HEIGHT: Final = re.compile(r"(?<![0-9])([0-9]{3,4})p")
#: preference from which a format is known to be broken; bytedance's own codec plays nowhere
_DAMAGED: Final = -10
_UNPLAYABLE: Final = -100


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be fetched in one piece.

    `video`, `audio`: name of the codec, "" where it isn't told, None where there is no such track; `height`: the class
    (1080 for 1920x1080, 1080x1920 and 1920x804), 0 unknown; `pixels`: the short side; `size` in bytes; `bits` per
    second in thousands, 0 unknown; `language`, `source`, `quality`: the site's own order, higher is better.
    """

    id: str
    ext: str
    video: str | None
    audio: str | None
    height: int
    pixels: float
    size: int | None
    approximate: bool
    bits: float
    fps: float
    language: float
    source: float
    quality: float
    direct: bool
    dynamic_range: str
    damaged: bool
    watermarked: bool

    @property
    def hdr(self) -> bool:
        """A film for screens that show a high dynamic range; others show it pale."""
        return self.dynamic_range not in {"", "SDR"}

    @property
    def picture(self) -> bool:
        """A photo."""
        return self.video is None and self.audio is None


def read_offers(info: Mapping[str, Any]) -> list[Offer]:
    """All that can be fetched, in yt-dlp's order (worst first)."""
    formats = info.get("formats") or ([info] if info.get("format_id") else [])
    offers = (_read(each, info.get("duration")) for each in formats if isinstance(each, Mapping))
    return [offer for offer in offers if offer is not None]


def _read(given: Mapping[str, Any], duration: Any) -> Offer | None:
    note = str(given.get("format_note") or "").lower()
    preference = _number(given.get("preference"))
    protocol = given.get("protocol") or "https"
    ext = str(given.get("ext") or "").lower()
    if protocol not in DIRECT | SEGMENTS or given.get("has_drm") is True or preference <= _UNPLAYABLE:
        return None
    video, audio = _tracks(given, ext)
    if video is None and audio is None and ext not in PICTURE_FILES:
        return None
    size, approximate = _size(given, duration)
    height, pixels = _height(given) if video is not None else (0, 0.0)
    return Offer(
        id=str(given.get("format_id") or "0"),
        ext=ext,
        video=video,
        audio=audio,
        height=height,
        pixels=pixels,
        size=size,
        approximate=approximate,
        bits=_bits(given),
        fps=_number(given.get("fps")),
        language=_number(given.get("language_preference"), -1),
        source=_number(given.get("source_preference"), -1),
        quality=_number(given.get("quality")),
        direct=protocol in DIRECT,
        dynamic_range=str(given.get("dynamic_range") or "SDR") if video is not None else "",
        damaged=preference <= _DAMAGED or "damaged" in note,
        watermarked="watermarked" in note,
    )


def _tracks(given: Mapping[str, Any], ext: str) -> tuple[str | None, str | None]:
    """Names of both codecs. Untold ones are there, but for what the name of the file rules out."""
    video, audio = _codec(given.get("vcodec")), _codec(given.get("acodec"))
    if ext in PICTURE_FILES or ext == "mhtml":
        return None, None
    if video == "" and ext in _SOUND_FILES:
        video = None
    return video, audio


def _codec(told: Any) -> str | None:
    """yt-dlp's text in the usual name: "" where it says nothing, None where it says none."""
    text = str(told or "").lower()
    if text == "none":
        return None
    return next((name for name, pattern in _CODECS if pattern.match(text)), text.partition(".")[0])


def _height(given: Mapping[str, Any]) -> tuple[int, float]:
    """Class and short side. A picture wider than 16:9 belongs to the class of its width, as sites name it."""
    width, height = _number(given.get("width")), _number(given.get("height"))
    short = min(width, height) or max(width * 9 / 16, height)
    if not short and (named := _NAMED_HEIGHT.search(f"{given.get('format_note')} {given.get('format_id')}")):
        short = float(named[1])
    if not short:
        return 0, 0.0
    full = max(short, width * 9 / 16) if width > height else short
    return min(QUALITY_HEIGHTS, key=lambda step: max(step / full, full / step)), short


def _size(given: Mapping[str, Any], duration: Any) -> tuple[int | None, bool]:
    """Bytes, and whether they are an estimate."""
    if exact := _number(given.get("filesize")):
        return int(exact), False
    estimate = _number(given.get("filesize_approx")) or _bits(given) * 1000 / 8 * _number(duration)
    return (int(estimate), True) if estimate else (None, False)


def _bits(given: Mapping[str, Any]) -> float:
    return _number(given.get("tbr")) or _number(given.get("vbr")) + _number(given.get("abr"))


def _number(value: Any, default: float = 0) -> float:
    return value if isinstance(value, (int, float)) else default
