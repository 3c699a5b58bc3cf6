"""Pinterest: the picture of a pin, or those of its carousel or pages."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture, post, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    def _extract_video(self, data: Any, extract_formats: bool = True) -> Any:
        """What yt-dlp reads of a pin; its pictures where that is no video."""
        info = super()._extract_video(data, extract_formats)
        if not extract_formats or info.get("formats") or "_type" in info:
            return info
        pictures = [found for each in _places(data) if (found := _original(each))]
        return post(info, pictures) if pictures else info


def _places(data: Any) -> list[Any]:
    """What holds a picture in several sizes, in order."""
    if slots := (data.get("carousel_data") or {}).get("carousel_slots"):
        return list(slots)
    pages = (data.get("story_pin_data") or {}).get("pages") or ()
    blocks = [block.get("image") for page in pages for block in page.get("blocks") or ()]
    return [block for block in blocks if block] or [data]


def _original(place: Any) -> dict[str, Any] | None:
    sizes = place.get("images") or {}
    best = sizes.get("orig") or sizes.get("originals") or {}
    url = web_address(best.get("url"))
    return picture(url, best.get("width"), best.get("height")) if url else None
