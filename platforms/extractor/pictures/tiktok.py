"""TikTok: the pictures of a photo post beside its music, which is all that yt-dlp takes; refusals by their cause."""

from __future__ import annotations

from typing import Any, Final

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.shapes import picture, post, web_address

#: what the page's data say of an item that isn't shown in the visitor's region
_NOT_IN_REGION: Final = 10219


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    def _parse_aweme_video_web(self, aweme_detail: Any, *args: Any, **kwargs: Any) -> Any:
        """What yt-dlp reads of a post; a list of its pictures where it has some, the first with the music."""
        info = super()._parse_aweme_video_web(aweme_detail, *args, **kwargs)
        pictures = [found for each in _images(aweme_detail) if (found := _picture(each))]
        if not pictures or info.get("formats") is None:
            return info
        return post(info, pictures, [each for each in info["formats"] if each.get("vcodec") == "none"])

    def _extract_web_data_and_status(self, *args: Any, **kwargs: Any) -> Any:
        """Raises GeoRestrictedError for an item that only other regions see."""
        found, status = super()._extract_web_data_and_status(*args, **kwargs)
        if status == _NOT_IN_REGION:
            self.raise_geo_restricted()
        return found, status

    def _solve_challenge_and_set_cookies(self, webpage: Any) -> Any:
        """Raises ExtractorError that tells a page for humans from one that merely is no page of an item."""
        try:
            return super()._solve_challenge_and_set_cookies(webpage)
        except ExtractorError as error:
            if "JS challenge" in str(error) or "challenge " in str(error) or "verify" in webpage:
                raise ExtractorError("a captcha stands before this page", expected=True) from error
            raise


def _images(aweme_detail: Any) -> Any:
    return (aweme_detail.get("imagePost") or {}).get("images") or ()


def _picture(image: Any) -> dict[str, Any] | None:
    addresses = (image.get("imageURL") or {}).get("urlList") or ()
    url = next(filter(web_address, addresses), None)
    return picture(url, image.get("imageWidth"), image.get("imageHeight")) if url else None
