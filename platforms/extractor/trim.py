"""Cut yt-dlp's info dict down to the fields that we use, with bounds on every text, number and list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from platforms.extractor.protocol import encode
from utils.errors import ExtractorBroken

FORMATS: Final = 300
ENTRIES: Final = 200
#: Formats of an item inside a list: enough for a menu, and the whole still fits into one line.
ENTRY_FORMATS: Final = 30
#: Characters that are kept: of a title, of an address, of any other text.
TITLE: Final = 500
ADDRESS: Final = 4096
TEXT: Final = 200
LARGEST: Final = 2**53

_TITLES: Final = frozenset({"title", "description", "fulltitle"})
_ADDRESSES: Final = frozenset({"url", "webpage_url", "original_url", "thumbnail"})
_FIELDS: Final = (
    "_type",
    "album",
    "age_limit",
    "artist",
    "availability",
    "channel",
    "description",
    "direct",
    "display_id",
    "duration",
    "extractor",
    "extractor_key",
    "height",
    "id",
    "ie_key",
    "is_live",
    "live_status",
    "media_type",
    "missing",
    "playlist_count",
    "release_timestamp",
    "start_time",
    "thumbnail",
    "title",
    "track",
    "uploader",
    "webpage_url",
    "width",
)
_FORMAT_FIELDS: Final = (
    "abr",
    "acodec",
    "audio_channels",
    "container",
    "dynamic_range",
    "ext",
    "filesize",
    "filesize_approx",
    "format_id",
    "format_note",
    "fps",
    "has_drm",
    "height",
    "language",
    "language_preference",
    "preference",
    "protocol",
    "quality",
    "source_preference",
    "tbr",
    "vbr",
    "vcodec",
    "width",
)


def fitting_info(info: Mapping[str, Any], most_bytes: int) -> dict[str, Any]:
    """The trimmed info as one JSON line of at most so many bytes: a longer one loses formats and entries.

    Raises ExtractorBroken where even that doesn't help.
    """
    for share in (1, 4, 16, 64):
        kept = trim_info(info, FORMATS // share, ENTRIES // share)
        if len(encode(kept)) <= most_bytes:
            return kept
    raise ExtractorBroken("a description of an item that is too long to be one")


def trim_info(info: Mapping[str, Any], formats: int = FORMATS, entries: int = ENTRIES) -> dict[str, Any]:
    """The fields of one item or list as plain JSON values; formats keep yt-dlp's order, worst first."""
    kept = _pick(info, _FIELDS)
    if kept.get("_type") in {"url", "url_transparent"}:
        kept |= _pick(info, ("url",))
    elif "entries" in info:
        few = min(formats, ENTRY_FORMATS)
        kept["entries"] = [trim_info(entry, few, 0) for entry in islice(_dicts(info["entries"]), entries)]
    else:
        # An item with one format carries it in its own fields.
        offered = list(_dicts(info.get("formats") or ([] if "missing" in info else [info])))
        kept["formats"] = [_pick(offer, _FORMAT_FIELDS) for offer in offered[-formats:]]
    artists = info.get("artists")
    if "artist" not in kept and isinstance(artists, list):
        kept["artist"] = ", ".join(str(artist) for artist in artists[:5])[:TEXT]
    return kept


def _dicts(values: Any) -> Iterable[Mapping[str, Any]]:
    return (value for value in (values if isinstance(values, Iterable) else ()) if isinstance(value, Mapping))


def _pick(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    picked = {name: _plain(values.get(name), _bound(name)) for name in names}
    return {name: value for name, value in picked.items() if value is not None}


def _bound(name: str) -> int:
    return TITLE if name in _TITLES else ADDRESS if name in _ADDRESSES else TEXT


def _plain(value: Any, characters: int) -> str | int | float | bool | None:
    """A value that JSON and its reader bear; None for anything else."""
    if isinstance(value, str):
        # Lone surrogates come out of broken pages and can't be written as UTF-8.
        return value[:characters].encode("utf-8", "replace").decode()
    if isinstance(value, (bool, int)):
        return value if abs(value) <= LARGEST else None
    if isinstance(value, float):
        return value if math.isfinite(value) and abs(value) <= LARGEST else None
    return None
