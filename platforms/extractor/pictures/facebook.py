"""Facebook: the photos of a post, beside its videos and in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.utils import ExtractorError

from platforms.extractor.pictures.shapes import picture, web_address

#: what the page carries of a post that holds photos
_DATA: Final = re.compile(r'data-sjs>(\{[^<]*"__typename": ?"Photo"[^<]*)</script>')
_SIZES: Final = ("viewer_image", "photo_image", "image")
_TITLE: Final = 72


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    _page: Any = ""

    def _download_webpage(self, *args: Any, **kwargs: Any) -> Any:
        """A page; the first one of an item is kept: the extractor hands on only what it knows."""
        page = super()._download_webpage(*args, **kwargs)
        self._page = self._page or page
        return page

    def _extract_from_url(self, url: str, video_id: str) -> Any:
        self._page = ""
        try:
            info = super()._extract_from_url(url, video_id)
        except ExtractorError:
            info = {}
            if not (entries := self._photos(video_id, {})):
                if self._page and "RelayPrefetchedStreamCache" in self._page and '"story"' in self._page:
                    self.raise_no_formats("There is no video in this post", expected=True, video_id=video_id)
                raise
        else:
            entries = self._photos(video_id, info)
        if not entries:
            return info
        title = info.get("title") or self._og_search_title(self._page, default=None)
        of_all = {"id": video_id, "title": str(title or "Facebook")[:_TITLE]}
        return {**of_all, "_type": "playlist", "entries": [{**of_all, **entry} for entry in entries]}

    def _photos(self, post_id: str, info: Any) -> list[dict[str, Any]]:
        """The items of a post that holds photos, its videos as yt-dlp has read them; empty for any other."""
        videos = {str(each.get("id")): each for each in info.get("entries") or [info]}
        for text in _DATA.findall(self._page or ""):
            for media in _attached(self._parse_json(text, post_id, fatal=False)):
                entries: list[dict[str, Any]] = []
                for number, each in enumerate(media, 1):
                    if found := _photo(each):
                        entries.append({"id": f"{post_id}-{number}", "formats": [found]})
                    elif video := videos.get(str(each.get("id"))):
                        entries.append(video)
                if any(_photo(each) for each in media):
                    return entries
        return []


def _attached(node: Any) -> Iterator[list[Any]]:
    """What is attached to each story that stands anywhere in the page's data, the outermost first."""
    waiting = [node]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, dict):
            for each in node.get("attachments") or ():
                attachment = ((each or {}).get("styles") or {}).get("attachment") or {}
                nodes = (attachment.get("all_subattachments") or {}).get("nodes") or [attachment]
                yield [part["media"] for part in nodes if part.get("media")]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _photo(media: Any) -> dict[str, Any] | None:
    if media.get("__typename") != "Photo":
        return None
    sizes = [media.get(name) or {} for name in _SIZES]
    best = next((size for size in sizes if web_address(size.get("uri"))), None)
    return picture(best["uri"], best.get("width"), best.get("height")) if best else None
