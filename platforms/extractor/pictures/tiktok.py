"""TikTok: the pictures of a photo post, which yt-dlp takes for its music alone."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture, post, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    def _parse_aweme_video_web(self, aweme_detail: Any, *args: Any, **kwargs: Any) -> Any:
        """What yt-dlp reads of a post; a list of its pictures where it has some."""
        info = super()._parse_aweme_video_web(aweme_detail, *args, **kwargs)
        pictures = [found for each in _images(aweme_detail) if (found := _picture(each))]
        return post(info, pictures) if pictures and info.get("formats") is not None else info


def _images(aweme_detail: Any) -> Any:
    return (aweme_detail.get("imagePost") or {}).get("images") or ()


def _picture(image: Any) -> dict[str, Any] | None:
    addresses = (image.get("imageURL") or {}).get("urlList") or ()
    url = next(filter(web_address, addresses), None)
    return picture(url, image.get("imageWidth"), image.get("imageHeight")) if url else None
