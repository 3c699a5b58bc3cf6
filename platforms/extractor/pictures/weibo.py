"""Weibo: the pictures of a post in their order, between its videos where it has both."""

from __future__ import annotations

from typing import Any, Final

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture, post, web_address

#: sizes of a picture, the largest first
_SIZES: Final = ("largest", "original", "large", "mw2000", "bmiddle")
_TITLE: Final = 72
#: the site's picture servers refuse visitors from elsewhere
_HEADERS: Final = {"Referer": "https://weibo.com/"}


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    _told: Any = None

    def _weibo_download_json(self, *args: Any, **kwargs: Any) -> Any:
        """The site's answer, which is kept: the extractor hands on only what it knows."""
        self._told = super()._weibo_download_json(*args, **kwargs)
        return self._told

    def _real_extract(self, url: str) -> Any:
        info = super()._real_extract(url)
        told = self._told or {}
        if info.get("formats"):
            return info
        words = " ".join(str(told.get("text_raw") or "").split())
        of_all = {"title": words[:_TITLE] or None, "description": words or None}
        if "entries" in info:
            return {**info, **of_all, "entries": [{**each, **of_all} for each in info["entries"]]}
        known = told.get("pic_infos") or {}
        pictures = [found for each in told.get("pic_ids") or () if (found := _largest(known.get(each) or {}))]
        if not pictures:
            return info
        return post({**info, **of_all}, pictures)

    def _entries(self, mix_media_info: Any) -> Any:
        """The parts of a post that has both, in their order."""
        for part in mix_media_info:
            data = part.get("data") or {}
            if part.get("type") != "pic":
                yield from super()._entries([part])
            elif found := _largest(data):
                yield {"id": str(data.get("pic_id") or part.get("id")), "formats": [found], "http_headers": _HEADERS}


def _largest(sizes: Any) -> dict[str, Any] | None:
    for name in _SIZES:
        size = sizes.get(name) or {}
        if url := web_address(size.get("url")):
            return picture(url, _number(size.get("width")), _number(size.get("height")))
    return None


def _number(value: Any) -> int | None:
    """The site writes figures as numbers here, as text there."""
    return int(value) if str(value).isdigit() else None
