"""Facebook: videos, reels and posts of photos as a signed-out visitor sees them; the last digits decide (`ITEMS`)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import REST_SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE: Final = "https://www.facebook.com"
MEDIA_HOST: Final = "scontent-ams2-1.xx.fbcdn.net"
VIDEO_HOST: Final = "video-ams2-1.xx.fbcdn.net"
BASE: Final = 700_000_000_000_000
ITEMS: Final[Mapping[str, int]] = {
    "clip": 1,
    "reel": 2,
    "photo": 11,
    "photos": 13,
    "mixed": 15,
    "words": 9,
    "members": 7,
    "login": 401,
    "gone": 404,
    "wall": 403,
    "many": 429,
    "down": 503,
}
#: what a post holds: p for a picture, v for a clip
POSTS: Final[Mapping[int, str]] = {
    ITEMS["photo"]: "p",
    ITEMS["photos"]: "ppp",
    ITEMS["mixed"]: "pvp",
    ITEMS["words"]: "",
}
CLOSED: Final = "This content is private. Only people who were chosen can see it."


class Facebook(Replica):
    hosts: ClassVar = ("facebook.com", "www.facebook.com", "m.facebook.com", "fb.watch", MEDIA_HOST, VIDEO_HOST)

    def samples(self) -> dict[str, str]:
        shapes = {"reel": "reel/{}", "clip": "watch/?v={}"}
        return {
            name: f"{SITE}/{shapes.get(name, 'goldcrest/posts/{}').format(BASE + number)}"
            for name, number in ITEMS.items()
        } | {"short": "https://fb.watch/clip000001/"}

    async def answer(self, request: Request) -> Reply | None:
        if request.host in {MEDIA_HOST, VIDEO_HOST}:
            name = request.path.rpartition("/")[2]
            return self.serve(name) if self.shelf.has(name) else None
        if request.host == "fb.watch":
            return redirect(f"{SITE}/watch/?v={BASE + ITEMS['clip']}")
        if request.path.startswith("/login"):
            return text('<html><form id="login_form"></form></html>')
        if match := re.search(rf"({BASE // 1000}\d{{3}})", request.target):
            return self._page(int(match[1]) - BASE)
        return None

    def _page(self, item: int) -> Reply | None:
        if item in {404, 403, 429, 503}:
            return text("refused", status=item, headers=(("Retry-After", str(REST_SECONDS)),) if item == 429 else ())
        if item == ITEMS["login"]:
            return redirect(f"{SITE}/login/?next=x")
        if item == ITEMS["members"]:
            return text(f'<html><div class="uiInterstitialContent"><div>{CLOSED}</div></div></html>')
        if item in POSTS:
            return _data({"node": self._post(POSTS[item])})
        return _data({"video": self._video()}) if item in {ITEMS["clip"], ITEMS["reel"]} else None

    def _post(self, letters: str) -> dict[str, Any]:
        pictures = stills(self.shelf, len(letters), skip=6)
        media = [
            self._video() if letter == "v" else _photo(number, each)
            for number, (letter, each) in enumerate(zip(letters, pictures, strict=True), 1)
        ]
        attachment: dict[str, Any] = {"media": media[0]} if media else {}
        if len(media) > 1:
            attachment = {"all_subattachments": {"count": len(media), "nodes": [{"media": each} for each in media]}}
        story: dict[str, Any] = {"message": {"text": "Replica post"}}
        story["attachments"] = [{"styles": {"attachment": attachment}}] if media else []
        return {"id": "1", "comet_sections": {"content": {"story": story}}, "actors": [{"name": "Goldcrest"}]}

    def _video(self) -> dict[str, Any]:
        return {
            "__typename": "Video",
            "id": str(BASE + ITEMS["clip"]),
            "name": "Replica clip",
            "playable_url": f"https://{VIDEO_HOST}/v/mux_360.mp4",
            "playable_url_quality_hd": f"https://{VIDEO_HOST}/v/mux_720.mp4",
            "playable_duration_in_ms": SECONDS * 1000,
            "owner": {"id": "7", "name": "Goldcrest"},
        }


def _photo(number: int, picture: Still) -> dict[str, Any]:
    whole = {
        "uri": f"https://{MEDIA_HOST}/v/{picture.name}?oh=00_A",
        "width": picture.width,
        "height": picture.height,
    }
    small = {"uri": f"https://{MEDIA_HOST}/v/thumb.jpg?oh=00_A", "width": 480, "height": 360}
    return {"__typename": "Photo", "id": str(number), "image": small, "viewer_image": whole}


def _data(data: dict[str, Any]) -> Reply:
    """A page whose script element carries the data."""
    found = {"__bbox": {"complete": True, "result": {"data": data}}}
    inner = {"__bbox": {"require": [["RelayPrefetchedStreamCache", "next", [], ["key", found]]]}}
    blob = json.dumps({"require": [["ScheduledServerJS", "handle", None, [inner]]]})
    head = '<meta property="og:title" content="Replica post"><title>Facebook</title>'
    return text(f'<html><head>{head}</head><script type="application/json" data-sjs>{blob}</script></html>')
