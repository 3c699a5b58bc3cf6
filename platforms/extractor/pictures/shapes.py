"""A picture as yt-dlp describes what can be fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from platforms.extractor.offers import PICTURE_FILES

#: the only format of a picture
FORMAT_ID: Final = "photo"
#: what yt-dlp has found instead of the pictures
_OF_ANOTHER: Final = frozenset({"_type", "duration", "formats", "subtitles", "url"})


def picture(url: str, width: Any = None, height: Any = None) -> dict[str, Any]:
    """The one format of an item that is a picture; the file may be of another kind than its address says."""
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    return {
        "format_id": FORMAT_ID,
        "url": url,
        "ext": ending if ending in PICTURE_FILES else "jpg",
        "width": width if isinstance(width, int) else None,
        "height": height if isinstance(height, int) else None,
    }


def post(
    info: Mapping[str, Any], formats: list[dict[str, Any]], sounds: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A post as a list of one item for each format; its music is offered with the first."""
    of_all = {key: value for key, value in info.items() if key not in _OF_ANOTHER}
    entries = [{**of_all, "id": f"{info['id']}-{number}", "formats": [each]} for number, each in enumerate(formats, 1)]
    entries[0]["formats"] = [*sounds, *entries[0]["formats"]]
    return {**of_all, "_type": "playlist", "entries": entries}


def web_address(value: Any) -> str | None:
    """The value where it is an address that may be asked."""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None
