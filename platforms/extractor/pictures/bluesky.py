"""Bluesky: the pictures of a post as their author uploaded them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture

_TITLE: Final = 72


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    def _extract_videos(
        self,
        root: Any,
        video_id: str,
        embed_path: Any = "embed",
        record_path: Any = "record",
        record_subpath: Any = "embed",
    ) -> Any:
        """What yt-dlp reads of one part of a post; one entry more for each of its pictures."""
        entries = super()._extract_videos(root, video_id, embed_path, record_path, record_subpath)
        record = _at(root, record_path)
        images = (_at(record, record_subpath) or {}).get("images") or ()
        author = root.get("author") or {}
        did = author.get("did")
        if not images or not did:
            return entries
        blobs = self._BLOB_URL_TMPL.format(self._get_service_endpoint(did, video_id))
        of_all = {
            "title": " ".join(str(record.get("text") or "").split())[:_TITLE] or None,
            "uploader": author.get("displayName"),
            "uploader_id": author.get("handle"),
        }
        return entries + [
            {**of_all, "id": f"{video_id}-{number}", "formats": [_original(image, blobs, did)]}
            for number, image in enumerate(images, 1)
        ]


def _original(image: Any, blobs: str, did: str) -> dict[str, Any]:
    shape = image.get("aspectRatio") or {}
    query = urlencode({"did": did, "cid": image["image"]["ref"]["$link"]})
    return picture(f"{blobs}?{query}", shape.get("width"), shape.get("height"))


def _at(node: Any, path: Any) -> Any:
    """What stands at a path of yt-dlp's, None where there is nothing."""
    for key in (path,) if isinstance(path, str) else path:
        node = node.get(key) if isinstance(node, dict) else None
    return node
