"""yt-dlp's answer about a link as Media."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from platforms.base import LIST_KINDS, Link, Media
from platforms.extractor.formats import qualities
from utils.errors import NoMedia, NotLiveYet


def describe(info: Mapping[str, Any], link: Link, max_bytes: int) -> Media:
    """Title, kind and real qualities. Of an item that turns out to be a list, the first entry counts.

    `max_bytes`: what may be sent. Raises NoMedia, and NotLiveYet for a premiere or an announced stream.
    """
    if link.kind in LIST_KINDS:
        return _media(info, link, link.kind)
    several = False
    while "entries" in info:
        entries = [entry for entry in info["entries"] or () if isinstance(entry, Mapping)]
        if not entries:
            raise NoMedia("an empty list")
        several = several or len(entries) > 1 or (info.get("playlist_count") or 0) > 1
        info = {**entries[0], "title": entries[0].get("title") or info.get("title")}
    status = info.get("live_status")
    if status == "is_upcoming":
        raise NotLiveYet
    if info.get("is_live") or status == "is_live":
        return _media(info, link, "live", is_live=True)
    menu, extras = qualities(info, max_bytes)
    if not menu:
        raise NoMedia("nothing in it can be fetched")
    kind = "carousel" if several and link.platform != "generic" else _kind(menu[0].ext, menu[0].height, len(menu))
    return _media(info, link, kind if link.kind == "item" else link.kind, qualities=menu, extras=extras)


def _kind(ext: str, height: int | None, steps: int) -> str:
    if height is None and ext in {"mp3", "m4a", "opus"}:
        return "track"
    return "photo" if height is None and steps == 1 and ext in {"jpg", "jpeg", "png", "webp"} else "video"


def _media(info: Mapping[str, Any], link: Link, kind: str, **more: Any) -> Media:
    duration = info.get("duration")
    thumbnail = info.get("thumbnail")
    return Media(
        platform=link.platform,
        id=link.id,
        kind=kind,
        canonical=link.canonical,
        url=link.url,
        title=" ".join(str(info.get("title") or info.get("id") or link.id).split()),
        qualities=more.pop("qualities", ()),
        duration_seconds=duration if isinstance(duration, (int, float)) and duration > 0 else None,
        thumbnail=thumbnail if isinstance(thumbnail, str) and thumbnail.startswith(("http://", "https://")) else None,
        uploader=str(info.get("uploader") or info.get("channel") or info.get("artist") or ""),
        **more,
    )
