"""Threads: posts with pictures, videos or both, which yt-dlp doesn't read; in the page they look like Instagram's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from yt_dlp.extractor.instagram import InstagramBaseIE
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.instagram import Pictures

#: to anything but the navigation of a browser the site sends a page without data
_HEADERS: Final = {
    "Accept": "text/html,application/xhtml+xml",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
}
_DATA: Final = re.compile(r'<script type="application/json"[^>]*>(\{[^<]*"thread_items"[^<]*)</script>')
_TITLE: Final = 72


class ThreadsIE(Pictures, InstagramBaseIE):
    """In the shape of yt-dlp's own extractors."""

    _VALID_URL = r"https?://(?:www\.)?threads\.(?:com|net)/(?:@[\w.]+/post|t)/(?P<id>[\w-]+)"
    IE_NAME = "threads"

    def _real_extract(self, url: str) -> Any:
        code = self._match_id(url)
        page, handle = self._download_webpage_handle(url, code, headers=_HEADERS)
        if urlsplit(handle.url).path.startswith("/login"):
            self.raise_login_required("Threads asks for a login")
        posts = [post for text in _DATA.findall(page) for post in _posts(self._parse_json(text, code, fatal=False))]
        if not posts:
            if "data-sjs" in page:  # the usual page, with nothing on it
                raise ExtractorError("This post isn't available any more", expected=True)
            raise ExtractorError("Unable to extract the data of the page")
        found = next((post for post in posts if post.get("code") == code), None)
        if found is None:
            raise ExtractorError("This post isn't available any more", expected=True)
        media = next((each for each in (found, *_quoted(found)) if _holds_media(each)), None)
        if media is None:
            self.raise_no_formats("There is no video in this post", expected=True)
            return {"id": code, "formats": []}
        return self._told(found, self._extract_product({**media, "user": found.get("user")}, code, get_comments=False))

    @staticmethod
    def _told(post: Any, info: Any) -> Any:
        """Under the post's own words, each item with a number of its own."""
        author = (post.get("user") or {}).get("username")
        words = " ".join(str((post.get("caption") or {}).get("text") or "").split())
        of_all = {"title": words[:_TITLE] or f"Post by {author}", "description": words or None, "channel": author}
        info = {**info, **of_all, "id": post["code"]}
        if "entries" in info:
            entries = enumerate(info["entries"], 1)
            info["entries"] = [{**each, **of_all, "id": f"{post['code']}-{number}"} for number, each in entries]
        return info


def _posts(node: Any) -> Iterator[Any]:
    """Every post that stands anywhere in the page's data."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            items = node.get("thread_items")
            yield from (each["post"] for each in items or () if isinstance(each, dict) and each.get("post"))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _holds_media(post: Any) -> bool:
    candidates = (post.get("image_versions2") or {}).get("candidates")
    return bool(post.get("carousel_media") or post.get("video_versions") or candidates)


def _quoted(post: Any) -> Iterator[Any]:
    """The posts that this one quotes or passes on."""
    shared = (post.get("text_post_app_info") or {}).get("share_info") or {}
    yield from (shared[key] for key in ("quoted_post", "reposted_post") if shared.get(key))
