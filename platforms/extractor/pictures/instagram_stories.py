"""Instagram's stories and highlights: pictures too, and a word for one that is over."""

from __future__ import annotations

from typing import Any

from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures import instagram


class Pictures(instagram.Pictures):
    """Goes before the site's extractor."""

    _reels: Any = None

    def _download_json(self, *args: Any, **kwargs: Any) -> Any:
        """The site's answer; whether it told of any stories at all is kept."""
        told = super()._download_json(*args, **kwargs)
        self._reels = told.get("reels") if isinstance(told, dict) else None
        return told

    def _real_extract(self, url: str) -> Any:
        self._reels = None
        try:
            info = super()._real_extract(url)
        except ExtractorError:
            # To a visitor who is signed in, an empty answer says that there is none; to others, nothing.
            if self._reels == {} and self._is_logged_in:
                raise self._over() from None
            raise
        if not info or info.get("entries") == []:
            raise self._over()
        return info

    @staticmethod
    def _over() -> ExtractorError:
        return ExtractorError("This story is no longer available", expected=True)
