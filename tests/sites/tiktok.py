"""TikTok: video pages with their data in a script element, short links, the challenge page, a strict media host.

The last digits of an item's number decide what it is (`ITEMS`); every other number is a plain portrait clip.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Headers, Reply, Request, cookie, file, late, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import stills

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = 7_300_000_000_000_000_000
ITEMS: Final[Mapping[str, int]] = {
    "clip": 1,
    "landscape": 2,
    "silent_track": 3,
    "slow": 4,
    "late": 5,
    "photos": 7,
    "photos_twenty": 8,
    "photo": 9,
    "region": 10_219,
    "unsolvable": 778,
    "down": 503,
    "private": 10_216,
    "private_account": 10_222,
    "removed": 10_231,
    "blocked": 10_204,
    "challenge": 777,
    "forbidden": 403,
    "toomany": 429,
    "login": 401,
    "sensitive": 451,
    "changed": 500,
}
#: pictures in a post of pictures
PHOTOS: Final[Mapping[int, int]] = {ITEMS["photo"]: 1, ITEMS["photos"]: 3, ITEMS["photos_twenty"]: 20}
#: items whose page carries a status instead of a video
STATUSES: Final = frozenset({10_216, 10_219, 10_222, 10_231, 10_204})
MEDIA_HOST: Final = "v16-webapp-prime.tiktok.com"
PHOTO_HOST: Final = "p16-sign.tiktokcdn.com"
CHALLENGE_COOKIE: Final = "_wafchallengeid"
CHAIN_COOKIE: Final = "tt_chain_token"
SEED, SOLUTION = b"goldcrest", b"4242"
SLOW_SECONDS: Final = 20
LATE_SECONDS: Final = 10


def item_id(name: str) -> int:
    """Number of a known item."""
    return BASE + ITEMS[name]


class TikTok(Replica):
    """The media host wants the page's cookie and Referer, as the real one does."""

    hosts: ClassVar = (
        *("www.tiktok.com", "tiktok.com", "m.tiktok.com", "vm.tiktok.com", "vt.tiktok.com"),
        *(MEDIA_HOST, PHOTO_HOST),
    )

    def samples(self) -> dict[str, str]:
        page = "https://www.tiktok.com/@goldcrest/video/"
        return {name: f"{page}{item_id(name)}" for name in ITEMS} | {
            "vm": "https://vm.tiktok.com/ZMclip001/",
            "vt": "https://vt.tiktok.com/ZSclip001/",
            "t": "https://www.tiktok.com/t/ZTclip001/",
            "vm_dead": "https://vm.tiktok.com/ZMdead001/",
        }

    async def answer(self, request: Request) -> Reply | None:
        if request.host == MEDIA_HOST:
            return self._media(request)
        if request.host == PHOTO_HOST:
            name = request.path.removeprefix("/")
            return self.serve(name) if self.shelf.has(name) else None
        path = request.path
        if request.host in {"vm.tiktok.com", "vt.tiktok.com"} or path.startswith("/t/"):
            return self._short(path.strip("/").rpartition("/")[2])
        match = re.fullmatch(r"/@([\w.-]*)/(?:video|photo)/(\d+)/?", path)
        if match:
            return self._page(request, match[1] or "goldcrest", int(match[2]))
        return text("<html><head><title>TikTok - Make Your Day</title></head></html>")

    def _short(self, code: str) -> Reply:
        if "dead" in code:
            return redirect("https://www.tiktok.com/", 301)
        item = next((name for name in ITEMS if name in code), "clip")
        return redirect(f"https://www.tiktok.com/@goldcrest/video/{item_id(item)}?_t=8abc&_r=1", 301)

    def _page(self, request: Request, user: str, number: int) -> Reply:
        item = number - BASE
        if item in {ITEMS["forbidden"], ITEMS["toomany"], ITEMS["down"]}:
            return Reply(item, (("Retry-After", "20"),) if item != ITEMS["down"] else ())
        if item == ITEMS["unsolvable"]:
            return text('<html><body>Please wait...<p id="cs" class="e30"></p></body></html>')
        if item == ITEMS["login"] and request.path != "/login":
            return redirect("https://www.tiktok.com/login?redirect_url=x")
        if item == ITEMS["changed"]:
            return _data({"webapp.video-detail": {"statusCode": 0, "moved": True}})
        if item in STATUSES:
            return _data({"webapp.video-detail": {"statusCode": item}})
        if item == ITEMS["challenge"] and not _solved(request.cookie(CHALLENGE_COOKIE)):
            return _challenge()
        struct = {"isContentClassified": True} if item == ITEMS["sensitive"] else self._item(user, number, item)
        detail = {"statusCode": 0, "itemInfo": {"itemStruct": struct}}
        page = _data({"webapp.video-detail": detail}, (cookie(CHAIN_COOKIE, "chain", ".tiktok.com"),))
        return late(page, LATE_SECONDS) if item == ITEMS["late"] else page

    def _item(self, user: str, number: int, item: int) -> dict[str, Any]:
        """A post as the page's data describe it."""
        music = {"title": "Test tone", "authorName": "Goldcrest", "duration": SECONDS}
        if item != ITEMS["silent_track"]:
            music["playUrl"] = _media_url("aac.m4a") + "&mime_type=audio_mp4"
        post = {
            "id": str(number),
            "desc": "Replica clip #goldcrest",
            "createTime": 1_700_000_000,
            "author": {"uniqueId": user, "nickname": "Goldcrest", "id": "1", "secUid": "MS4"},
            "stats": {"playCount": 5, "diggCount": 4},
            "music": music,
        }
        if item not in PHOTOS:
            return post | {"video": self._video(item)}
        pictures = stills(self.shelf, PHOTOS[item])
        images = [
            {
                "imageURL": {"urlList": [f"https://{PHOTO_HOST}/{each.name}"]},
                "imageWidth": each.width,
                "imageHeight": each.height,
            }
            for each in pictures
        ]
        cover = f"https://{PHOTO_HOST}/{pictures[0].name}"
        return post | {
            "imagePost": {"images": images, "title": "Replica pictures"},
            "video": {"duration": 0, "cover": cover},
        }

    def _video(self, item: int) -> dict[str, Any]:
        """Two rungs of H.264 without the watermark, a better one of HEVC, and the watermarked download."""
        wide = item == ITEMS["landscape"]
        rungs = [("portrait.mp4", "h264_540p_900000"), ("portrait_small.mp4", "h264_360p_500000")]
        if wide:
            rungs = [("mux_720.mp4", "h264_720p_900000"), ("mux_360.mp4", "h264_360p_500000")]
        elif self.shelf.has("hevc_portrait.mp4"):
            rungs.insert(0, ("hevc_portrait.mp4", "bytevc1_720p_700000"))
        pace = "&pace=slow" if item == ITEMS["slow"] else ""
        best = next(name for name, key in rungs if key.startswith("h264"))
        return {
            "duration": SECONDS,
            "width": 1280 if wide else 576,
            "height": 720 if wide else 1024,
            "cover": f"https://{PHOTO_HOST}/thumb.jpg",
            "playAddr": _media_url(best) + pace,
            "downloadAddr": _media_url("watermark.mp4"),
            "bitrateInfo": [
                {
                    "PlayAddr": {
                        "UrlList": [f"{_media_url(name)}&rung={key}{pace}"],
                        "UrlKey": f"v12_{key}",
                        "DataSize": self.medium(name).size_bytes,
                    }
                }
                for name, key in rungs
            ],
        }

    def _media(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if not self.shelf.has(name):
            return None
        polite = "tiktok.com" in request.headers.get("referer", "") and request.cookie(CHAIN_COOKIE)
        if not polite:
            return Reply(403)
        medium = self.medium(name)
        slow = request.first("pace") == "slow"
        return file(medium.path, bytes_per_second=medium.size_bytes // SLOW_SECONDS if slow else None)


def _media_url(name: str) -> str:
    return f"https://{MEDIA_HOST}/video/{name}?a=1988"


def _data(scope: Mapping[str, Any], headers: Headers = ()) -> Reply:
    """A page whose script element carries the data."""
    payload = json.dumps({"__DEFAULT_SCOPE__": scope})
    script = f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{payload}</script>'
    return text(f"<!doctype html><html><head>{script}</head></html>", headers=headers)


def _challenge() -> Reply:
    """A page that asks for the number whose hash, behind the seed, is the digest."""
    digest = base64.b64encode(hashlib.sha256(SEED + SOLUTION).digest()).decode()
    task = json.dumps({"v": {"a": base64.b64encode(SEED).decode(), "c": digest}, "s": "x"})
    packed = base64.b64encode(task.encode()).decode().rstrip("=")
    marks = f'<p id="wci" class="{CHALLENGE_COOKIE}"></p><p id="cs" class="{packed}"></p>'
    return text(f"<html><body>Please wait...{marks}</body></html>")


def _solved(answer: str) -> bool:
    if not answer:
        return False
    return base64.b64decode(json.loads(base64.b64decode(answer)).get("d", "")) == SOLUTION
