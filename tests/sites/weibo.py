"""Weibo: posts with pictures, a clip or both; visitors need the cookie of a guest first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, cookie, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

PHOTO_HOST: Final = "wx1.sinaimg.cn"
VIDEO_HOST: Final = "f.video.weibocdn.com"
GUEST_HOST: Final = "passport.weibo.com"
#: what a post holds: p for a picture, v for a clip
POSTS: Final[Mapping[str, str]] = {"clip": "v", "photo": "p", "photos": "ppp", "mixed": "pvp", "words": ""}


class Weibo(Replica):
    """The picture host hands out nothing without a Referer of the site."""

    hosts: ClassVar = ("weibo.com", "www.weibo.com", "m.weibo.cn", GUEST_HOST, PHOTO_HOST, VIDEO_HOST)

    def samples(self) -> dict[str, str]:
        return {kind: f"https://weibo.com/7827771738/{kind}0001" for kind in (*POSTS, *STATUSES)}

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host in {PHOTO_HOST, VIDEO_HOST}:
            if "weibo.com" not in request.headers.get("referer", ""):
                return Reply(403)
            return self.serve("thumb.jpg" if "/thumb/" in request.path else name) if self.shelf.has(name) else None
        if request.path == "/visitor/genvisitor":
            return text(f"gen_callback({json.dumps({'data': {'tid': 'T', 'new_tid': True}})});")
        if request.host == GUEST_HOST:
            return text("<html></html>", headers=(cookie("SUB", "guest", ".weibo.com"),))
        if request.path != "/ajax/statuses/show":
            return text("<html><title>Weibo</title></html>")
        if not request.cookie("SUB"):
            return redirect(f"https://{GUEST_HOST}/visitor/visitor?url=x")
        kind = kind_of(request.first("id"))
        return refusal(kind) or (answer_json(self._post(request.first("id"), POSTS[kind])) if kind in POSTS else None)

    def _post(self, item: str, letters: str) -> dict[str, Any]:
        pictures = {f"pid{number}": each for number, each in enumerate(stills(self.shelf, len(letters)), 1)}
        post: dict[str, Any] = {
            "id": 4910815147462302,
            "mblogid": item,
            "text_raw": "Replica post #goldcrest#",
            "user": {"id": 7827771738, "screen_name": "Goldcrest", "profile_url": "/u/7827771738"},
        }
        if letters == "v":
            return post | {"page_info": {"media_info": self._clip()}}
        if "v" not in letters:
            known = {key: _sizes(each) for key, each in pictures.items()}
            return post | {"pic_ids": list(known), "pic_infos": dict(reversed(known.items()))}
        items = [
            {"type": "video", "id": key, "data": {"object_id": f"1034:{key}", "media_info": self._clip()}}
            if letter == "v"
            else {"type": "pic", "id": key, "data": _sizes(each) | {"pic_id": key}}
            for letter, (key, each) in zip(letters, pictures.items(), strict=True)
        ]
        return post | {"mix_media_info": {"items": items}}

    def _clip(self) -> dict[str, Any]:
        play = {
            "url": f"https://{VIDEO_HOST}/o0/mux_720.mp4",
            "label": "mp4_720p",
            "mime": "video/mp4",
            "width": 1280,
            "height": 720,
            "size": self.medium("mux_720.mp4").size_bytes,
        }
        return {"video_title": "Replica clip", "duration": SECONDS, "playback_list": [{"play_info": play}]}


def _sizes(picture: Still) -> dict[str, Any]:
    whole = {"url": f"https://{PHOTO_HOST}/large/{picture.name}", "width": picture.width, "height": str(picture.height)}
    small = {"url": f"https://{PHOTO_HOST}/thumb/{picture.name}", "width": 480, "height": 360}
    return {"bmiddle": small, "largest": whole}
