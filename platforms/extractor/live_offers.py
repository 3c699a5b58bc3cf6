"""What of a running stream can be recorded: its HLS renditions, whose size depends on the minutes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from platforms.extractor.formats import qualities

if TYPE_CHECKING:
    from platforms.shapes import Quality

HLS: Final = frozenset({"m3u8", "m3u8_native"})


def recordable(info: Mapping[str, Any], max_bytes: int) -> tuple[tuple[Quality, ...], tuple[Quality, ...]]:
    """The menu of a running stream and what else may be asked for by name; both empty where it has no HLS."""
    formats = [each for each in info.get("formats") or () if isinstance(each, Mapping) and each.get("protocol") in HLS]
    menu, extras = qualities({**info, "formats": formats, "duration": None}, max_bytes) if formats else ((), ())
    return tuple(map(_unsized, menu)), tuple(map(_unsized, extras))


def _unsized(quality: Quality) -> Quality:
    return replace(quality, size_bytes=None, fits=True, approximate=False)
