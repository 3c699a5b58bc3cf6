"""Xiaohongshu: the pictures of a note, which yt-dlp takes for thumbnails of the video that isn't there."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture, post, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    _told: Any = None

    def _search_json(self, *args: Any, **kwargs: Any) -> Any:
        """The page's data, which are kept: the extractor hands on only what it knows."""
        self._told = super()._search_json(*args, **kwargs)
        return self._told

    def _real_extract(self, url: str) -> Any:
        info = super()._real_extract(url)
        if info.get("formats"):
            return info
        pictures = [found for each in self._note(info["id"]).get("imageList") or () if (found := _picture(each))]
        return post(info, pictures) if pictures else info

    def _note(self, note_id: str) -> Any:
        known = ((self._told or {}).get("note") or {}).get("noteDetailMap") or {}
        return (known.get(note_id) or {}).get("note") or {}


def _picture(image: Any) -> dict[str, Any] | None:
    url = web_address(image.get("urlDefault")) or web_address(image.get("urlPre"))
    return picture(url, image.get("width"), image.get("height")) if url else None
