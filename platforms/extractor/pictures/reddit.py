"""Reddit: the originals of a gallery in its order."""

from __future__ import annotations

from typing import Any, Final

from yt_dlp.extractor.common import InfoExtractor

from platforms.extractor.pictures.shapes import picture, post

_ORIGINALS: Final = "https://i.redd.it/"
_ENDINGS: Final = {
    "image/jpg": "jpg",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
}


class Pictures(InfoExtractor):
    """Goes before the site's extractor."""

    _told: Any = None

    def _download_json(self, *args: Any, **kwargs: Any) -> Any:
        """The site's answer, which is kept: the extractor hands on only what it knows."""
        self._told = super()._download_json(*args, **kwargs)
        return self._told

    def _real_extract(self, url: str) -> Any:
        info = super()._real_extract(url)
        pictures = _gallery(self._told)
        return post({"id": info["display_id"], **info}, pictures) if pictures else info


def _gallery(told: Any) -> list[dict[str, Any]]:
    """The pictures of the post, or of the one that it passes on."""
    own = told[0]["data"]["children"][0]["data"]
    for each in (own, *(own.get("crosspost_parent_list") or ())):
        known = each.get("media_metadata") or {}
        places = (each.get("gallery_data") or {}).get("items") or ()
        found = [known[place["media_id"]] for place in places if place.get("media_id") in known]
        if pictures := [_picture(media) for media in found if media.get("id") and media.get("m") in _ENDINGS]:
            return pictures
    return []


def _picture(media: Any) -> dict[str, Any]:
    size = media.get("s") or {}
    return picture(f"{_ORIGINALS}{media['id']}.{_ENDINGS[media['m']]}", size.get("x"), size.get("y"))
