"""Instagram: the picture of a post, or of each place in a carousel that holds no video."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractors."""

    def _extract_product_media(self, product_media: Any) -> Any:
        """What yt-dlp reads of one place; its largest picture where that is no video."""
        info = super()._extract_product_media(product_media)
        best = _largest(product_media)
        if info.get("formats") or best is None:
            return info
        author = (product_media.get("user") or {}).get("username")
        return {
            **info,
            **({"title": f"Photo by {author}"} if author else {}),
            "formats": [picture(best["url"], best.get("width"), best.get("height"))],
        }


def _largest(product_media: Any) -> Any:
    known = (product_media.get("image_versions2") or {}).get("candidates") or ()
    return max((each for each in known if web_address(each.get("url"))), key=_pixels, default=None)


def _pixels(candidate: Any) -> int:
    return int(candidate.get("width") or 0) * int(candidate.get("height") or 0)
