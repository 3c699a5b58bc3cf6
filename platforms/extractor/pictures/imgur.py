"""Imgur: single pictures, and albums of pictures and clips in their order."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.shapes import picture, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractors."""

    _told: Any = None

    def _call_api(self, *args: Any, **kwargs: Any) -> Any:
        """The site's answer, which is kept: the extractor hands on only what it knows."""
        self._told = super()._call_api(*args, **kwargs)
        return self._told

    def _real_extract(self, url: str) -> Any:
        self._told = None
        try:
            info = super()._real_extract(url)
        except ExtractorError:
            if not _stills(self._told):
                raise
            info = {}
        pictures = _stills(self._told)
        if not pictures:
            return info
        of_all = {"id": self._told.get("id"), "title": self._told.get("title") or "Imgur"}
        entries = [
            {**of_all, "id": media["id"], "formats": [pictures[media["id"]]]}
            if media["id"] in pictures
            else self._imgur_result(media["id"])
            for media in self._told["media"]
        ]
        return {**of_all, "_type": "playlist", "entries": entries}


def _stills(told: Any) -> dict[str, dict[str, Any]]:
    """Pictures that don't move, by their id."""
    found = {}
    for media in (told or {}).get("media") or ():
        url = web_address(media.get("url"))
        if url and media.get("type") == "image" and not (media.get("metadata") or {}).get("is_animated"):
            found[media["id"]] = picture(url, media.get("width"), media.get("height")) | {"filesize": media.get("size")}
    return found
