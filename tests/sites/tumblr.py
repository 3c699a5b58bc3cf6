"""Tumblr: posts of a blog as page and as API tell them, clips, pictures; a post's last digits decide (`POSTS`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, redirect, text
from tests.sites.refusals import REST_SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = 730_000_000_000_000_000
POSTS: Final[Mapping[str, int]] = {
    "clip": 1,
    "photo": 11,
    "photos": 13,
    "twenty": 20,
    "mixed": 15,
    "words": 9,
    "members": 7,
    "gone": 404,
    "many": 429,
    "down": 503,
}
PHOTOS: Final[Mapping[int, int]] = {POSTS["photo"]: 1, POSTS["photos"]: 3, POSTS["twenty"]: 20, POSTS["mixed"]: 2}
PHOTO_HOST: Final = "64.media.tumblr.com"
VIDEO_HOST: Final = "va.media.tumblr.com"


class Tumblr(Replica):
    """The API wants the token that stands in the login page."""

    hosts: ClassVar = ("tumblr.com", "*.tumblr.com")

    def samples(self) -> dict[str, str]:
        return {
            name: f"https://goldcrest.tumblr.com/post/{BASE + number}/replica" for name, number in POSTS.items()
        } | {
            "new_address": f"https://www.tumblr.com/goldcrest/{BASE + POSTS['clip']}",
        }

    async def answer(self, request: Request) -> Reply | None:
        path = request.path
        name = path.rpartition("/")[2]
        if request.host in {PHOTO_HOST, VIDEO_HOST}:
            small = "/s640x960/" in path
            return self.serve("thumb.jpg" if small else name) if self.shelf.has(name) else None
        if path == "/login":
            return text('<html><script>window["config"] = {"API_TOKEN": "token"};</script></html>')
        if match := re.fullmatch(r"/api/v2/blog/goldcrest/posts/(\d+)/permalink", path):
            if request.headers.get("authorization") != "Bearer token":
                return Reply(401)
            post = self._post(int(match[1]))
            return answer_json({"response": {"timeline": {"elements": [post]}}})
        if path.startswith("/login_required/"):
            return text("<html><title>Tumblr</title></html>")
        match = re.match(r"/(?:post|goldcrest)/(\d+)", path)
        return self._page(int(match[1])) if match else None

    def _page(self, number: int) -> Reply:
        post = number - BASE
        if post in {404, 429, 503}:
            return text("refused", status=post, headers=(("Retry-After", str(REST_SECONDS)),) if post == 429 else ())
        if post == POSTS["members"]:
            return redirect("https://www.tumblr.com/login_required/goldcrest")
        video = "" if post in PHOTOS or post == POSTS["words"] else self._video_url()
        meta = f'<meta property="og:video" content="{video}">' if video else ""
        return text(f"<html><head><title>Replica post | Tumblr</title>{meta}</head></html>")

    def _post(self, number: int) -> dict[str, Any]:
        post = number - BASE
        words = {"type": "text", "text": "Replica words"}
        content = [_picture(each) for each in stills(self.shelf, PHOTOS.get(post, 0), skip=3)]
        if (post not in PHOTOS and post != POSTS["words"]) or post == POSTS["mixed"]:
            media = {"url": self._video_url(), "type": "video/mp4", "width": 1280, "height": 720}
            poster = [{"url": f"https://{PHOTO_HOST}/a/thumb.jpg"}]
            content.insert(0, {"type": "video", "provider": "tumblr", "media": media, "poster": poster})
        return {"id": str(number), "blog_name": "goldcrest", "summary": "Replica post", "content": [*content, words]}

    def _video_url(self) -> str:
        return f"https://{VIDEO_HOST}/mux_720.mp4"


def _picture(picture: Still) -> dict[str, Any]:
    """The sizes of one picture, the original marked as such."""
    whole = {"url": f"https://{PHOTO_HOST}/aa/s2048x3072/{picture.name}", "type": picture.mime}
    size = {"width": picture.width, "height": picture.height, "hasOriginalDimensions": True}
    small = {"url": f"https://{PHOTO_HOST}/aa/s640x960/{picture.name}", "width": 480, "height": 360}
    return {"type": "image", "media": [whole | size, small]}
