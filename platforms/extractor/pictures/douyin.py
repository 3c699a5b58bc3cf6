"""Douyin: the pictures of a photo post beside its music; refusals by their cause."""

from __future__ import annotations

from typing import Any

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.shapes import picture, post, web_address


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    def _download_json(self, *args: Any, **kwargs: Any) -> Any:
        """The site's answer. An HTTP error is one, not the lack of cookies that yt-dlp takes any failure for."""
        try:
            return super()._download_json(*args, **{**kwargs, "fatal": True})
        except ExtractorError as error:
            if kwargs.get("fatal", True) or isinstance(error.cause, HTTPError):
                raise
            return None

    def _parse_aweme_video_app(self, aweme_detail: Any) -> Any:
        """What yt-dlp reads of a post; a list of its pictures where it has some, the first with the music."""
        info = super()._parse_aweme_video_app(aweme_detail)
        pictures = [found for each in aweme_detail.get("images") or () if (found := _picture(each))]
        if not pictures:
            return info
        return post(info, pictures, [each for each in info.get("formats") or () if each.get("vcodec") == "none"])


def _picture(image: Any) -> dict[str, Any] | None:
    url = next(filter(web_address, image.get("url_list") or ()), None)
    return picture(url, image.get("width"), image.get("height")) if url else None
