"""yt-dlp's answer about a link as Media."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from platforms.extractor.album import MOST_FILES, album, originals
from platforms.extractor.announced import announced
from platforms.extractor.formats import qualities
from platforms.extractor.lines import one_line
from platforms.extractor.live_offers import recordable
from platforms.extractor.offers import PICTURE_FILES
from platforms.extractor.tags import tags_of
from platforms.shapes import LIST_KINDS, SOUND_CONTAINERS, Link, Media, Quality
from utils.errors import NoMedia

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
        if len(entries) > 1 and link.platform != GENERIC and (post := _post(info, entries, link, max_bytes)):
            return post
        several = several or len(entries) > 1 or (info.get("playlist_count") or 0) > 1
        info = {**entries[0], "title": entries[0].get("title") or info.get("title")}
    status = info.get("live_status")
    if status == "is_upcoming":
        raise announced(info)
    if info.get("is_live") or status == "is_live":
        title = _DATE.sub("", str(info.get("title") or ""))
        menu, extras = recordable(info, max_bytes)
        told = {**info, "title": title, "duration": None}
        return _media(told, link, "live", is_live=True, qualities=menu, extras=extras)
    menu, extras = qualities(info, max_bytes)
    if not menu:
        raise NoMedia("nothing in it can be fetched")
    best = menu[0]
    if best.ext in PICTURE_FILES:
        menu, info = (best, originals(best), *menu[1:]), {**info, "duration": None}
    kind = "carousel" if several and link.kind == "item" and link.platform != GENERIC else _kind(link, best)
    return _media(info, link, kind, qualities=menu, extras=extras)


def _post(info: Mapping[str, Any], entries: list[Any], link: Link, max_bytes: int) -> Media | None:
    """All items of a post as one choice, with a count of those that can't be had or are too many."""
    menu, extras = album(entries, max_bytes)
    if not menu:
        return None
    told = next(entry for entry in entries if entry.get("formats"))
    whole = {**told, "title": info.get("title") or told.get("title"), "duration": None}
    lost = sum(not entry.get("formats") for entry in entries[:MOST_FILES])
    total = max(len(entries), int(info.get("playlist_count") or 0))
    kind = link.kind if link.kind == "stories" else "carousel"
    missing = lost + max(0, total - MOST_FILES)
    return _media(whole, link, kind, qualities=menu, extras=extras, missing=missing)


def _kind(link: Link, best: Quality) -> str:
    """What the file is, where the link doesn't say more."""
    if link.kind not in {"item", "video"}:
        return link.kind
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
        title=one_line(info.get("title")) or one_line(info.get("id")) or link.id,
        qualities=more.pop("qualities", ()),
        duration_seconds=duration if isinstance(duration, (int, float)) and duration > 0 else None,
        thumbnail=thumbnail if isinstance(thumbnail, str) and thumbnail.startswith(("http://", "https://")) else None,
        tags=tags_of(info),
        uploader=one_line(info.get("uploader") or info.get("channel") or info.get("artist")),
        **more,
    )
