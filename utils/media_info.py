"""What a media file is, read from the banner that ffmpeg prints of an input (there may be no ffprobe)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: Formats that hold one picture, and those that hold a moving one without being a video for Telegram.
PHOTO_FORMATS: Final = frozenset({"image2", "mjpeg", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe"})
MOVING_PICTURE_FORMATS: Final = frozenset({"gif", "gif_pipe", "apng", "webp_anim"})
#: Beyond a month the figure is a broken header.
MOST_SECONDS: Final = 31 * 86_400
MOST_PIXELS_A_SIDE: Final = 65_535

_INPUT: Final = re.compile(r"^Input #0, (.+?), from '", re.MULTILINE)
_DURATION: Final = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
#: Two spaces since ffmpeg 5, four before; "Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, …"
_STREAM: Final = re.compile(r"^ {2,4}Stream #0:\d+\S*: (Video|Audio): (\w+)(.*)$", re.MULTILINE)
_SIZE: Final = re.compile(r", (\d{1,5})x(\d{1,5})\b")
_SAR: Final = re.compile(r"\bSAR (\d+):(\d+)")
#: "displaymatrix" before ffmpeg 8, "Display Matrix" since
_ROTATION: Final = re.compile(
    r"^\s+(?:displaymatrix|Display Matrix): rotation of (-?\d+(?:\.\d+)?) degrees$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """A media file from the outside.

    `kind`: video, audio, photo, or document (a GIF or another moving picture). `container`: ffmpeg's name of the
    format, `mov,mp4,m4a,3gp,3g2,mj2` for MP4. Codecs: "h264", "aac"…, None without such a stream. `width` and `height`
    in pixels as shown, rotation and pixel shape applied. `duration_seconds` is None for photos and where nobody knows.
    `cover`: an attached picture, which is no video.
    """

    kind: str
    container: str
    video_codec: str | None = None
    audio_codec: str | None = None
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    cover: bool = False


def parse_banner(text: str) -> MediaInfo | None:
    """Read the banner of `ffmpeg -i`; None where it tells of neither picture nor sound."""
    container = _INPUT.search(text)
    if container is None:
        return None
    streams = list(_STREAM.finditer(text))
    pictures = [stream for stream in streams if stream[1] == "Video"]
    videos = [stream for stream in pictures if "(attached pic)" not in stream[3]]
    audio = next((stream[2] for stream in streams if stream[1] == "Audio"), None)
    video = videos[0] if videos else None
    if video is None and audio is None:
        return None
    kind = _kind(container[1], video is not None)
    width, height = (None, None) if video is None else _size(video, text)
    return MediaInfo(
        kind=kind,
        container=container[1],
        video_codec=video and video[2],
        audio_codec=audio,
        width=width,
        height=height,
        duration_seconds=None if kind == "photo" else _duration(text),
        cover=len(pictures) > len(videos),
    )


def _kind(container: str, has_video: bool) -> str:
    if container in PHOTO_FORMATS:
        return "photo"
    if container in MOVING_PICTURE_FORMATS:
        return "document"
    return "video" if has_video else "audio"


def _duration(text: str) -> float | None:
    found = _DURATION.search(text)
    if found is None:
        return None
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    return round(seconds, 3) if 0 < seconds <= MOST_SECONDS else None


def _size(video: re.Match[str], text: str) -> tuple[int | None, int | None]:
    """Width and height as shown."""
    size = _SIZE.search(video[3])
    if size is None:
        return None, None
    width, height = int(size[1]), int(size[2])
    shapes = _SAR.findall(video[3])
    if shapes:  # the last one is the container's, which overrules the codec's
        across, down = (int(part) for part in shapes[-1])
        shown = round(width * across / down) if down else 0
        width = shown if 0 < shown <= MOST_PIXELS_A_SIDE else width
    following = re.compile(r"^ {2,4}Stream #", re.MULTILINE).search(text, video.end())
    turned = _ROTATION.search(text, video.end(), following.start() if following else len(text))
    if turned and round(float(turned[1]) / 90) % 2:
        return height, width
    return width, height
