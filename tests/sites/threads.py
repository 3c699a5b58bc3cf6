"""Threads: posts as a signed-out visitor's page has them; a post's code is T, a kind and a number ("Tphotos001")."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, redirect, text
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE: Final = "https://www.threads.com"
MEDIA_HOST: Final = "scontent-ams2-1.cdninstagram.com"
#: what a post holds: p for a picture, v for a clip
POSTS: Final[Mapping[str, str]] = {
    "clip": "v",
    "photo": "p",
    "photos": "ppp",
    "mixed": "pvp",
    "twenty": "ppvpp" * 4,
    "words": "",
    "quote": "",
}
#: the post that another one quotes
QUOTED: Final = "photos"


class Threads(Replica):
    hosts: ClassVar = ("threads.com", "www.threads.com", "threads.net", "www.threads.net", MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        return {kind: f"{SITE}/@goldcrest/post/T{kind}001" for kind in (*POSTS, "empty", "broken", "login", *STATUSES)}

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host == MEDIA_HOST:
            return self.serve(name) if self.shelf.has(name) else None
        if request.host != "www.threads.com":
            return redirect(SITE + request.target, 301)
        if match := re.fullmatch(r"/t/(\w+)/?", request.path):
            return redirect(f"{SITE}/@goldcrest/post/{match[1]}")
        match = re.fullmatch(r"/@goldcrest/post/T([a-z]+)\d+/?", request.path)
        if not match:
            return text("<html><title>Threads</title></html>") if request.path.startswith("/login") else None
        kind = kind_of(match[1])
        if kind == "empty":  # what a visitor sees of a post that isn't there or isn't meant for everybody
            return text('<html><script type="application/json" data-sjs>{"require": []}</script></html>')
        if kind == "broken":
            return text("<html><title>Threads</title><body>A new front page</body></html>")
        if kind == "login":
            return redirect(f"{SITE}/login/?next={request.path}")
        return refusal(kind) or (
            self._page(request.path.strip("/").rpartition("/")[2], kind) if kind in POSTS else None
        )

    def _page(self, code: str, kind: str) -> Reply:
        letters = POSTS[kind]
        pictures = stills(self.shelf, len(letters), skip=4)
        items = [_video() if letter == "v" else _photo(each) for letter, each in zip(letters, pictures, strict=True)]
        post: dict[str, Any] = {
            "code": code,
            "pk": "1",
            "user": {"username": "goldcrest"},
            "caption": {"text": "Replica post"},
            **(items[0] if len(items) == 1 else {"carousel_media": items or None}),
        }
        if kind == "quote":
            pictures = stills(self.shelf, len(POSTS[QUOTED]), skip=4)
            quoted = {"code": "Tphotos009", "carousel_media": [_photo(each) for each in pictures]}
            post["text_post_app_info"] = {"share_info": {"quoted_post": quoted, "reposted_post": None}}
        data = {"data": {"edges": [{"node": {"thread_items": [{"post": post}]}}]}}
        inner = {"__bbox": {"require": [["RelayPrefetchedStreamCache", "next", [], ["key", _result(data)]]]}}
        blob = json.dumps({"require": [["ScheduledServerJS", "handle", None, [inner]]]})
        return text(f'<html><script type="application/json" data-sjs>{blob}</script></html>')


def _result(data: dict[str, Any]) -> dict[str, Any]:
    return {"__bbox": {"complete": True, "result": {"data": data}}}


def _photo(picture: Still) -> dict[str, Any]:
    candidates = [
        {"url": f"https://{MEDIA_HOST}/v/{picture.name}", "width": picture.width, "height": picture.height},
        {"url": f"https://{MEDIA_HOST}/v/thumb.jpg", "width": 480, "height": 360},
    ]
    size = {"original_width": picture.width, "original_height": picture.height}
    return {"media_type": 1, "image_versions2": {"candidates": candidates}, "video_versions": None, **size}


def _video() -> dict[str, Any]:
    versions = [{"type": 101, "url": f"https://{MEDIA_HOST}/v/portrait.mp4", "width": 576, "height": 1024}]
    cover = [{"url": f"https://{MEDIA_HOST}/v/thumb.jpg", "width": 480, "height": 360}]
    size = {"original_width": 576, "original_height": 1024}
    return {"media_type": 2, "image_versions2": {"candidates": cover}, "video_versions": versions, **size}
