"""Tumblr: the pictures of a post in the size in which they were uploaded, around its video where it has one."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.shapes import picture, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    _told: Any = None

    def _download_json(self, *args: Any, **kwargs: Any) -> Any:
        """The site's answer, which is kept: the extractor hands on only what it knows."""
        self._told = super()._download_json(*args, **kwargs)
        return self._told

    def _real_extract(self, url: str) -> Any:
        self._told = None
        try:
            info = super()._real_extract(url)
        except ExtractorError:
            if not any(map(_original, _content(self._told))):
                raise
            info = None
        entries: list[Any] = []
        for part in _content(self._told):
            if found := _original(part):
                entries.append(found)
            elif part.get("type") == "video" and info is not None and info not in entries:
                entries.append(info)
        if entries in ([], [info]):
            return info
        post = _post(self._told)
        of_all = {"id": str(post.get("id")), "title": post.get("summary"), "uploader": post.get("blog_name")}
        items = [
            each if each is info else {**of_all, "id": f"{of_all['id']}-{number}", "formats": [each]}
            for number, each in enumerate(entries, 1)
        ]
        return {**of_all, "_type": "playlist", "entries": items}


def _post(told: Any) -> Any:
    timeline = ((told or {}).get("response") or {}).get("timeline") or {}
    return next(iter(timeline.get("elements") or ()), {})


def _content(told: Any) -> list[Any]:
    """The parts of the post, of the first one where it passes on another's."""
    post = _post(told)
    trail: Any = next(iter(post.get("trail") or ()), {})
    return list(trail.get("content") or post.get("content") or ())


def _original(part: Any) -> dict[str, Any] | None:
    sizes = part.get("media") if part.get("type") == "image" else None
    known = [each for each in sizes or () if web_address(each.get("url"))]
    best = max(known, key=lambda each: (bool(each.get("hasOriginalDimensions")), each.get("width") or 0), default=None)
    return picture(best["url"], best.get("width"), best.get("height")) if best else None
