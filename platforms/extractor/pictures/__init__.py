"""Pictures as formats: what extractors that know videos only are taught, and sites that yt-dlp doesn't read at all."""

from __future__ import annotations

import importlib
from typing import Any, Final

#: yt-dlp's extractor -> module here whose `Pictures` goes before it
_TAUGHT: Final = {
    "Bluesky": "bluesky",
    "Douyin": "douyin",
    "Facebook": "facebook",
    "Imgur": "imgur",
    "ImgurAlbum": "imgur",
    "ImgurGallery": "imgur",
    "Instagram": "instagram",
    "InstagramStory": "instagram_stories",
    "Pinterest": "pinterest",
    "Reddit": "reddit",
    "TikTok": "tiktok",
    "Tumblr": "tumblr",
    "Twitter": "twitter",
    "Weibo": "weibo",
    "XiaoHongShu": "xiaohongshu",
}
#: site -> module and class of an extractor of our own
OWN: Final = {"threads": (f"{__name__}.threads", "ThreadsIE")}


def with_pictures(extractor: Any) -> Any:
    """The extractor under its own name with its site's `Pictures` before it; itself where there is nothing to add."""
    module = _TAUGHT.get(extractor.ie_key())
    if module is None:
        return extractor
    mixin = importlib.import_module(f"{__name__}.{module}").Pictures
    return type(extractor.__name__, (mixin, extractor), {"__module__": extractor.__module__})
