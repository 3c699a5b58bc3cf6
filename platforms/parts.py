"""A part of an item: a clip between two times, or so many minutes of a running stream; and its key."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from platforms.times import MOST_SECONDS, seconds_of
from utils.errors import BadPart, LiveNow

if TYPE_CHECKING:
    from platforms.shapes import Media, Quality

CLIP: Final = "clip"
LIVE: Final = "live"
#: kinds of items that have no time to cut in
_STILL: Final = frozenset({"photo", "carousel", "story"})
#: a start so near to the end leaves nothing to show
LEAST_SECONDS: Final = 0.5
_CLIP_KEY: Final = re.compile(rf"{CLIP}:([0-9.]+)-([0-9.]*)")
_LIVE_KEY: Final = re.compile(rf"{LIVE}:([0-9]{{1,4}})(?::([\w-]*))?")


@dataclass(frozen=True, slots=True)
class Clip:
    """From `start` to `end` in seconds of the item; `end` None: to its end."""

    start: float
    end: float | None = None

    @property
    def key(self) -> str:
        """As jobs and stored files carry it: "clip:43-80", "clip:43-"."""
        return f"{CLIP}:{_plain(self.start)}-{'' if self.end is None else _plain(self.end)}"

    def seconds(self, duration: float | None) -> float | None:
        """How long it is; None where its end is open and the item's length unknown."""
        end = self.end if duration is None else min(duration, self.end or duration)
        return None if end is None else max(0.0, end - self.start)


@dataclass(frozen=True, slots=True)
class Recording:
    """So many minutes of a running stream from now on. `token` keeps two recordings apart: no two are the same."""

    minutes: int
    token: str = ""

    @property
    def key(self) -> str:
        """As jobs carry it: "live:5:<token>"."""
        return f"{LIVE}:{self.minutes}" + (f":{self.token}" if self.token else "")


Part = Clip | Recording


def read_part(key: str) -> Part | None:
    """The part with that key; None for the whole. Raises BadPart for what is no key."""
    if not key:
        return None
    if found := _CLIP_KEY.fullmatch(key):
        return written_clip(found[1], found[2])
    if found := _LIVE_KEY.fullmatch(key):
        return Recording(int(found[1]), found[2] or "")
    raise BadPart("time", time=key[:40])


def is_recording(key: str) -> bool:
    """Whether a part's key is one of a running stream."""
    return key.startswith(f"{LIVE}:")


def written_clip(start: str, end: str = "") -> Clip:
    """A clip between two written times, either may be empty. Raises BadPart."""
    began, ended = _time(start) if start.strip() else 0.0, _time(end) if end.strip() else None
    if ended is not None and ended < began:
        raise BadPart("reversed")
    if ended is not None and ended == began:
        raise BadPart("empty")
    return Clip(began, ended)


def fitting_clip(clip: Clip, media: Media) -> Clip | None:
    """The clip within its item; None where it is the whole. Raises BadPart where there is nothing to cut."""
    if media.is_live:
        raise BadPart("live_clip")
    if media.kind in _STILL or not media.qualities:
        raise BadPart("no_clip")
    length = media.duration_seconds
    if length is not None and clip.start > length - LEAST_SECONDS:
        from utils.texts import duration_text

        raise BadPart("beyond", length=duration_text(length))
    end = None if clip.end is None or (length is not None and clip.end >= length) else clip.end
    return None if not clip.start and end is None else Clip(clip.start, end)


def wanted_part(part: Part | None, media: Media, max_bytes: int) -> tuple[Part | None, Media]:
    """A part as its item allows it, and the item as if it were only that. Raises BadPart, or LiveNow."""
    if isinstance(part, Recording):
        if not media.is_live:
            raise BadPart("not_live")
        if not media.qualities:
            raise LiveNow("a stream in a form that nobody here can record")
        return part, media
    clip = fitting_clip(part, media) if part else None
    return clip, clip_media(media, clip, max_bytes) if clip else media


def clip_media(media: Media, clip: Clip, max_bytes: int) -> Media:
    """The item as if it were only the clip: its length, and sizes in proportion. `max_bytes`: what may be sent."""
    seconds = clip.seconds(media.duration_seconds)
    share = seconds / media.duration_seconds if seconds is not None and media.duration_seconds else None

    def scaled(quality: Quality) -> Quality:
        size = None if quality.size_bytes is None or share is None else int(quality.size_bytes * share)
        return replace(quality, size_bytes=size, fits=size is None or size <= max_bytes, approximate=size is not None)

    qualities, extras = (tuple(map(scaled, each)) for each in (media.qualities, media.extras))
    return replace(media, duration_seconds=seconds, qualities=qualities, extras=extras)


def asked_part(start: str, end: str, minutes: int | None) -> str:
    """Key of what a person asks for in three fields, "" for the whole. Raises BadPart."""
    clip = bool(start.strip() or end.strip())
    if clip and minutes is not None:
        raise BadPart("both")
    if minutes is not None:
        return Recording(minutes).key
    return written_clip(start, end).key if clip else ""


def check_minutes(minutes: int, most: int) -> int:
    """The minutes themselves. Raises BadPart outside of what may be recorded."""
    if not 1 <= minutes <= most:
        raise BadPart("minutes", most=most)
    return minutes


def _time(text: str) -> float:
    seconds = seconds_of(text)
    if seconds is None or seconds > MOST_SECONDS:
        raise BadPart("time", time=text.strip()[:40])
    return seconds


def _plain(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")
