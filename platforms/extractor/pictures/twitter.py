"""X: the pictures of a post, told in the words that the site has for videos, so that both come in their order."""

from __future__ import annotations

from typing import Any, Final

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.shapes import picture, web_address

#: marks what is no variant of a video
_PICTURE: Final = "goldcrest_picture"
#: one of these stands in everything that is a post
_SIGNS: Final = ("full_text", "text", "extended_entities", "mediaDetails", "card")


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    def _extract_status(self, twid: Any) -> Any:
        """The post with its pictures as videos of one variant. Raises ExtractorError where there is none."""
        status = super()._extract_status(twid)
        if not any(map(status.get, _SIGNS)):  # of a post that is gone the site tells nothing at all
            raise ExtractorError("This post is no longer available", expected=True)
        for each in (status, status.get("quoted_status") or {}):
            for media in (each.get("extended_entities") or {}).get("media") or ():
                if media.get("type") == "photo" and (url := web_address(media.get("media_url_https"))):
                    media |= {"type": "video", "video_info": {"variants": [{_PICTURE: _original(media, url)}]}}
        return status

    def _extract_variant_formats(self, variant: Any, video_id: Any) -> Any:
        if _PICTURE in variant:
            return [variant[_PICTURE]], {}
        return super()._extract_variant_formats(variant, video_id)


def _original(media: Any, url: str) -> dict[str, Any]:
    size = media.get("original_info") or {}
    return picture(f"{url}?name=orig", size.get("width"), size.get("height"))
