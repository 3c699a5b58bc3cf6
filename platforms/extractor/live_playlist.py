"""HLS media playlists (RFC 8216): read into segments, and written again with some of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from utils.errors import DrmProtected, NoMedia, UnsafeLink

#: a playlist with more is no playlist; a day in seconds has fewer
MOST_SEGMENTS: Final = 100_000
#: segments of sites last 1 to 12 seconds; what tells nonsense counts as one of these
LONGEST_SECONDS: Final = 600.0
USUAL_SECONDS: Final = 6.0
_ATTRIBUTE: Final = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_RANGE: Final = re.compile(r"([0-9]{1,15})(?:@([0-9]{1,15}))?", re.ASCII)

#: first byte and the one after the last
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to fetch: all of a URL, or the bytes of `span`."""

    url: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """AES-128 with the key behind `url`; `iv` None: the segment's number."""

    url: str
    iv: bytes | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of the stream.

    `init`: what its container begins with (fragmented MP4); `broken`: its clock doesn't go on from the one before;
    `lost`: the site says itself that it has none.
    """

    sequence: int
    resource: Resource
    seconds: float
    key: Key | None = None
    init: Resource | None = None
    broken: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Playlist:
    """What a media playlist says now. `target`: longest segment in seconds; `ended`: nothing will be added."""

    target: float
    segments: tuple[Segment, ...]
    ended: bool


class _Reader:
    """The state of a reading: what the tags so far say of the next segment."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.target = USUAL_SECONDS
        self.ended = False
        self.segments: list[Segment] = []
        self._sequence = 0
        self._seconds: float | None = None
        self._span: Span | None = None
        self._end = 0
        self._key: Key | None = None
        self._init: Resource | None = None
        self._broken = self._lost = False

    def tag(self, name: str, value: str) -> None:
        match name:
            case "#EXTINF":
                self._seconds = _seconds(value.partition(",")[0].strip())
            case "#EXT-X-TARGETDURATION":
                self.target = _seconds(value.strip()) or USUAL_SECONDS
            case "#EXT-X-MEDIA-SEQUENCE" if value.strip().isdigit():
                self._sequence = int(value)
            case "#EXT-X-BYTERANGE":
                self._span = _span(value.strip(), self._end)
            case "#EXT-X-KEY":
                self._key = self._read_key(value)
            case "#EXT-X-MAP":
                told = _attributes(value)
                self._init = Resource(self._address(told.get("URI", "")), _span(told.get("BYTERANGE", ""), 0))
            case "#EXT-X-DISCONTINUITY":
                self._broken = True
            case "#EXT-X-GAP":
                self._lost = True
            case "#EXT-X-ENDLIST":
                self.ended = True

    def address(self, line: str) -> None:
        if len(self.segments) >= MOST_SEGMENTS:
            raise NoMedia("a playlist that doesn't end")
        resource = Resource(self._address(line), self._span)
        seconds = self._seconds if self._seconds is not None else self.target
        self.segments.append(
            Segment(self._sequence, resource, seconds, self._key, self._init, self._broken, self._lost)
        )
        self._end = self._span[1] if self._span else 0
        self._sequence += 1
        self._seconds = self._span = None
        self._broken = self._lost = False

    def _read_key(self, value: str) -> Key | None:
        told = _attributes(value)
        if told.get("METHOD") == "NONE":
            return None
        if told.get("METHOD") != "AES-128" or told.get("KEYFORMAT", "identity") != "identity":
            raise DrmProtected(f"HLS encryption {told.get('METHOD')}")
        digits = told.get("IV", "")[2:]
        iv = bytes.fromhex(digits.zfill(32)) if re.fullmatch(r"[0-9A-Fa-f]{1,32}", digits) else None
        return Key(self._address(told.get("URI", "")), iv)

    def _address(self, written: str) -> str:
        url = urljoin(self.url, written)
        if urlsplit(url).scheme not in {"http", "https"}:
            raise UnsafeLink(f"a segment at {url[:40]!r}")
        return url


def read_playlist(text: str, url: str) -> Playlist:
    """The media playlist that lies at `url`. Raises NoMedia for something else, UnsafeLink or DrmProtected."""
    if "#EXTM3U" not in text[:200] or "#EXT-X-STREAM-INF" in text:
        raise NoMedia("no HLS media playlist")
    reader = _Reader(url)
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            reader.tag(*_split(line))
        elif line:
            reader.address(line)
    return Playlist(reader.target, tuple(reader.segments), reader.ended)


def between(segments: Sequence[Segment], start: float, end: float | None) -> tuple[list[Segment], float]:
    """The segments that hold what lies between two times, and where the first of them begins (seconds)."""
    chosen: list[Segment] = []
    began = place = 0.0
    for segment in segments:
        if place + segment.seconds > start and (end is None or place < end):
            began = began if chosen else place
            chosen.append(segment)
        place += segment.seconds
    return chosen, began


def write_playlist(segments: Sequence[Segment]) -> str:
    """A playlist of just these, complete in itself."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD"]
    lines.append(f"#EXT-X-TARGETDURATION:{max((round(each.seconds) for each in segments), default=1)}")
    key: Key | None = None
    init: Resource | None = None
    for number, each in enumerate(segments):
        if each.key != key:
            key = each.key
            iv = f",IV=0x{key.iv.hex()}" if key and key.iv else ""
            lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{key.url}"{iv}' if key else "#EXT-X-KEY:METHOD=NONE")
        if each.init != init and each.init is not None:
            init = each.init
            span = f',BYTERANGE="{init.span[1] - init.span[0]}@{init.span[0]}"' if init.span else ""
            lines.append(f'#EXT-X-MAP:URI="{init.url}"{span}')
        if not number:  # behind the init section, which yt-dlp's reader counts as a segment
            lines.append(f"#EXT-X-MEDIA-SEQUENCE:{each.sequence}")
        if each.resource.span:
            first, behind = each.resource.span
            lines.append(f"#EXT-X-BYTERANGE:{behind - first}@{first}")
        lines += [f"#EXTINF:{each.seconds:.6f},", each.resource.url]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _split(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value


def _attributes(value: str) -> dict[str, str]:
    return {name: told.strip('"') for name, told in _ATTRIBUTE.findall(value)}


def _seconds(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text) else 0.0
    return number if 0 < number <= LONGEST_SECONDS else None


def _span(text: str, before: int) -> Span | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first = int(found[2]) if found[2] else before
    return first, first + int(found[1])
