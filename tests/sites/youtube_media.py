"""YouTube's streams: itags, codecs and sizes as its player response lists them, and the media server behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode

from tests.sites.messages import Reply, Request, file
from tests.sites.recipes import BULK_SECONDS, SECONDS, width_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sites.media import Shelf

MEDIA_HOST: Final = "rr1---sn-goldcrest.googlevideo.com"
H264: Final[Mapping[int, int]] = {144: 160, 240: 133, 360: 134, 480: 135, 720: 136, 1080: 137}
VP9: Final[Mapping[int, int]] = {144: 278, 240: 242, 360: 243, 480: 244, 720: 247, 1080: 248, 1440: 271, 2160: 313}
AV1: Final[Mapping[int, int]] = {144: 394, 240: 395, 360: 396, 480: 397, 720: 398, 1080: 399, 1440: 400, 2160: 401}
GRADES: Final[Mapping[int, str]] = {
    144: "tiny",
    240: "small",
    360: "medium",
    480: "large",
    720: "hd720",
    1080: "hd1080",
    1440: "hd1440",
    2160: "hd2160",
}
#: A slow video takes that long unless a test says otherwise, whatever its size.
SLOW_SECONDS: Final = 20

Lock = Literal["", "n", "sig"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One format: its itag, the file behind it and how the player describes it."""

    itag: int
    file: str
    mime: str
    width: int = 0
    height: int = 0
    channels: int = 0
    fps: int = 10


def _video(itag: int, name: str, mime: str, height: int, fps: int = 10) -> Stream:
    return Stream(itag, name, mime, width_of(height), height, fps=fps)


SOUND: Final = (
    Stream(140, "aac.m4a", 'audio/mp4; codecs="mp4a.40.2"', channels=1),
    Stream(251, "opus.webm", 'audio/webm; codecs="opus"', channels=1),
)
PICTURES: Final = (
    *(_video(itag, f"h264_{height}.mp4", 'video/mp4; codecs="avc1.4d401f"', height) for height, itag in H264.items()),
    *(_video(itag, f"vp9_{height}.webm", 'video/webm; codecs="vp9"', height) for height, itag in VP9.items()),
    *(_video(itag, f"av1_{height}.mp4", 'video/mp4; codecs="av01.0.05M.08"', height) for height, itag in AV1.items()),
)
MIXED_MIME: Final = 'video/mp4; codecs="avc1.42001E, mp4a.40.2"'
PROGRESSIVE: Final = Stream(18, "mux_360.mp4", MIXED_MIME, 640, 360, 1)
BULK: Final = (
    Stream(22, "bulk.mp4", MIXED_MIME, 1280, 720, 1),
    Stream(136, "bulk_video.mp4", 'video/mp4; codecs="avc1.4d401f"', 1280, 720),
    Stream(140, "bulk_audio.m4a", 'audio/mp4; codecs="mp4a.40.2"', channels=1),
)
PORTRAIT: Final = (
    Stream(18, "portrait_small.mp4", MIXED_MIME, 360, 640, 1),
    Stream(22, "portrait.mp4", MIXED_MIME, 576, 1024, 1),
)
#: What the newest cameras bring, as the player describes it; the files behind it are smaller.
RICH: Final = (
    PROGRESSIVE,
    *SOUND,
    _video(136, "h264_720.mp4", 'video/mp4; codecs="avc1.4d401f"', 720),
    _video(299, "h264_1080.mp4", 'video/mp4; codecs="avc1.64002a"', 1080, 60),
    _video(303, "vp9_1080.webm", 'video/webm; codecs="vp9"', 1080, 60),
    _video(335, "vp9_1080.webm", 'video/webm; codecs="vp09.02.51.10.01.09.16.09.00"', 1080, 60),
    _video(315, "vp9_2160.webm", 'video/webm; codecs="vp9"', 2160, 60),
    _video(337, "vp9_2160.webm", 'video/webm; codecs="vp09.02.51.10.01.09.16.09.00"', 2160, 60),
    _video(401, "av1_2160.mp4", 'video/mp4; codecs="av01.0.13M.08"', 2160, 60),
    _video(571, "av1_2160.mp4", 'video/mp4; codecs="av01.0.17M.08"', 4320, 60),
)
#: by the kind of the video; every other kind has the full set
STREAMS: Final[Mapping[str, tuple[Stream, ...]]] = {
    "bulk": BULK,
    "short": PORTRAIT,
    "low": (PROGRESSIVE,),
    "rich": RICH,
}
FULL: Final = (PROGRESSIVE, *PICTURES, *SOUND)


def seconds_of(kind: str) -> int:
    """Length of a video of that kind."""
    return BULK_SECONDS if kind == "bulk" else SECONDS


def streaming_data(shelf: Shelf, video: str, kind: str, lock: Lock) -> dict[str, Any]:
    """The part of a player response that lists the formats; `lock` says what a client must solve first."""
    streams = [stream for stream in STREAMS.get(kind, FULL) if shelf.has(stream.file)]
    listed = [(stream, _format(shelf, video, kind, stream, lock)) for stream in streams]
    mixed = [entry for stream, entry in listed if stream.channels and stream.height]
    apart = [entry for stream, entry in listed if not (stream.channels and stream.height)]
    return {"formats": mixed, "adaptiveFormats": apart, "expiresInSeconds": "21540"}


def _format(shelf: Shelf, video: str, kind: str, stream: Stream, lock: Lock) -> dict[str, Any]:
    size = shelf.medium(stream.file).size_bytes
    entry: dict[str, Any] = {
        "itag": stream.itag,
        "mimeType": stream.mime,
        "contentLength": str(size),
        "approxDurationMs": str(seconds_of(kind) * 1000),
        "bitrate": size * 8 // seconds_of(kind),
    }
    if stream.height:
        short = min(stream.width, stream.height)
        grade = next(grade for height, grade in GRADES.items() if height >= min(short, 2160))
        entry |= {"width": stream.width, "height": stream.height, "fps": stream.fps, "quality": grade}
        entry["qualityLabel"] = f"{short}p"
    if stream.channels:
        entry |= {"audioQuality": "AUDIO_QUALITY_MEDIUM", "audioSampleRate": "44100", "audioChannels": stream.channels}
    if stream.channels and not stream.height:
        entry["quality"] = "tiny"
    query = {"id": video, "itag": stream.itag, "file": stream.file, "clen": size}
    url = f"https://{MEDIA_HOST}/videoplayback?" + urlencode(query | ({"n": "abcdef"} if lock else {}))
    if lock == "sig":
        entry["signatureCipher"] = urlencode({"s": "ABCDEFGHIJ", "sp": "sig", "url": url})
    else:
        entry["url"] = url
    return entry


def play(shelf: Shelf, request: Request, kind: str, token: str, slow_seconds: float) -> Reply:
    """The media server; 403 for unsolved challenges, a missing proof-of-origin `token` and expired links."""
    refused = (
        kind == "expired"
        or (kind == "pot" and request.first("pot") != token)
        or ("sig" in request.query and request.first("sig") != "HGFEDCBA")
        or ("n" in request.query and request.first("n") != "fedcba-ok")
    )
    if refused:
        return Reply(403)
    medium = shelf.medium(request.first("file"))
    speed = int(medium.size_bytes / slow_seconds) if kind == "slow" and slow_seconds else None
    return file(medium.path, bytes_per_second=speed)
