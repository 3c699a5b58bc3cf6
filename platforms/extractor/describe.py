"""yt-dlp's answer about a link as Media."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from platforms.extractor.album import album
from platforms.extractor.formats import qualities
from platforms.extractor.offers import PICTURE_FILES
from platforms.shapes import LIST_KINDS, SOUND_CONTAINERS, Link, Media, Quality
from utils.errors import NoMedia, NotLiveYet

#: the site that is no site: there the first entry of a list counts
GENERIC: Final = "generic"
#: what yt-dlp adds to the title of a running stream
_DATE: Final = re.compile(r" \d{4}-\d\d-\d\d \d\d:\d\d$", re.ASCII)


def describe(info: Mapping[str, Any], link: Link, max_bytes: int) -> Media:
    """Title, kind and real qualities. The entries of an item that turns out to be a list are one choice.

    `max_bytes`: what may be sent. Raises NoMedia, and NotLiveYet for a premiere or an announced stream.
    """
    if link.kind in LIST_KINDS:
        return _media(info, link, link.kind)
    several = False
    while "entries" in info:
        entries = [entry for entry in info["entries"] or () if isinstance(entry, Mapping)]
        if not entries:
            raise NoMedia("an empty list")
        if len(entries) > 1 and link.platform != GENERIC and (everything := album(entries, max_bytes)):
            title = info.get("title") or entries[0].get("title")
            post = {**entries[0], "title": title, "duration": None}
            return _media(post, link, "carousel", qualities=(everything,))
        several = several or len(entries) > 1 or (info.get("playlist_count") or 0) > 1
        info = {**entries[0], "title": entries[0].get("title") or info.get("title")}
    status = info.get("live_status")
    if status == "is_upcoming":
        raise NotLiveYet
    if info.get("is_live") or status == "is_live":
        title = _DATE.sub("", str(info.get("title") or ""))
        return _media({**info, "title": title}, link, "live", is_live=True)
    menu, extras = qualities(info, max_bytes)
    if not menu:
        raise NoMedia("nothing in it can be fetched")
    kind = link.kind
    if kind == "item" and several and link.platform != GENERIC:
        kind = "carousel"
    elif kind in {"item", "video"}:
        kind = _kind(menu[0])
    return _media(info, link, kind, qualities=menu, extras=extras)


def _kind(best: Quality) -> str:
    """What the files are, whatever the link seemed to be."""
    if best.ext in SOUND_CONTAINERS:
        return "track"
    return "photo" if best.ext in PICTURE_FILES else "video"


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
