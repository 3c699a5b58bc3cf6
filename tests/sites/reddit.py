"""Reddit: posts with clips, pictures and galleries as its JSON pages tell them, private and quarantined places.

A post's id is a kind and a number, filled up with zeros to seven characters ("clip000"); the kind decides.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, cookie, redirect, text
from tests.sites.origin import HOST as ORIGIN
from tests.sites.recipes import SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import stills

if TYPE_CHECKING:
    from collections.abc import Mapping

ID_LENGTH: Final = 7
#: pictures of a gallery
GALLERIES: Final[Mapping[str, int]] = {"set": 3, "twenty": 20}
KINDS: Final = (
    *("clip", "adult", "photo", *GALLERIES, "cross", "link", "words", "busy"),
    *("lost", "secret", "quara", "wall", "many", "down"),
)
SITE: Final = "https://www.reddit.com"
VIDEO_HOST: Final = "v.redd.it"
PHOTO_HOST: Final = "i.redd.it"
PREVIEW_HOST: Final = "preview.redd.it"


def post_id(kind: str, number: int = 0) -> str:
    """The id of the `number`th post of a kind."""
    return f"{kind}{number:0{ID_LENGTH - len(kind)}d}"


def kind_of(post: str) -> str:
    """The kind behind an id."""
    return re.match(r"[a-z]*", post)[0]  # type: ignore[index]  # it may be empty, and so always matches


def page(kind: str, number: int = 0) -> str:
    """The address of a post."""
    return f"{SITE}/r/goldcrest/comments/{post_id(kind, number)}/replica/"


class Reddit(Replica):
    """JSON pages are told only to visitors with the cookie that old.reddit.com gives."""

    hosts: ClassVar = (
        *("reddit.com", "www.reddit.com", "old.reddit.com", "redd.it", VIDEO_HOST, PHOTO_HOST, PREVIEW_HOST),
    )

    def samples(self) -> dict[str, str]:
        return {kind: page(kind) for kind in KINDS} | {
            "share": f"{SITE}/r/goldcrest/s/AbCdEfGhIj",
            "short": f"https://redd.it/{post_id('clip')}",
            "file": f"https://{VIDEO_HOST}/{post_id('clip')}",
        }

    async def answer(self, request: Request) -> Reply | None:
        match request.host:
            case "i.redd.it" | "preview.redd.it":
                return self._picture(request)
            case "v.redd.it":
                return self._clip(request.path.strip("/").split("/"))
            case "redd.it":
                return redirect(page(kind_of(request.path[1:])))
            case "old.reddit.com":
                return text("<html></html>", headers=(cookie("loid", "1", ".reddit.com"),))
        if "/s/" in request.path:
            return redirect(page("clip") + "?share_id=x&utm_source=share")
        match = re.fullmatch(r".*/?comments/(\w+)(?:/(?!\.json)[^/]*)?(/\.json)?/?", request.path)
        if not match:
            return None
        if not match[2]:
            return text("<html><title>Replica</title></html>")
        if not request.cookie("loid"):
            return text("<html>whoa there, pardner!</html>", status=403)
        return self._told(match[1])

    def _told(self, post: str) -> Reply | None:
        kind = kind_of(post)
        if kind not in KINDS or kind == "lost":
            return answer_json({"message": "Not Found", "error": 404}, 404)
        if kind == "many":
            return Reply(429, (("Retry-After", "11"),))
        if kind == "down":
            return Reply(503)
        if kind == "wall":
            return text("<html>Your request has been blocked</html>", status=403)
        if kind in {"secret", "quara"}:
            reason = "private" if kind == "secret" else "quarantined"
            return answer_json({"error": 403, "reason": reason, "message": "Forbidden"}, 403)
        return answer_json([{"data": {"children": [{"kind": "t3", "data": self._post(post, kind)}]}}])

    def _post(self, post: str, kind: str) -> dict[str, Any]:
        common: dict[str, Any] = {
            "id": post,
            "title": f"Replica {post}",
            "author": "goldcrest",
            "subreddit": "goldcrest",
            "created_utc": 1_700_000_000,
            "over_18": kind == "adult",
            "media": None,
            "url": f"https://{VIDEO_HOST}/{post}",
        }
        if kind in {"clip", "adult"}:
            return common | {"media": self._video(post)}
        if kind == "cross":
            return common | {"crosspost_parent_list": [{"media": self._video(post_id("clip"))}]}
        if kind == "photo":
            return common | {"url": f"https://{PHOTO_HOST}/photo.jpg", "post_hint": "image"} | _preview("photo.jpg")
        if kind == "link":
            return common | {"url": f"https://{ORIGIN}/m/mux_720.mp4", "domain": ORIGIN}
        if kind == "words":
            return common | {"url": page(kind), "is_self": True, "selftext": "Only words here."}
        if kind in GALLERIES:
            return common | {"url": f"{SITE}/gallery/{post}", "is_gallery": True} | self._gallery(GALLERIES[kind])
        return common  # the clip isn't there yet

    def _gallery(self, count: int) -> dict[str, Any]:
        """Its pictures by id, and their order apart from that."""
        pictures = stills(self.shelf, count, skip=count % 5)
        known = {
            each.name.partition(".")[0]: {
                "status": "valid",
                "e": "Image",
                "m": each.mime.replace("jpeg", "jpg"),
                "s": {"x": each.width, "y": each.height, "u": _scaled(each.name)},
                "p": [{"x": 108, "y": 135, "u": _scaled(each.name, 108)}],
                "id": each.name.partition(".")[0],
            }
            for each in pictures
        }
        order = [{"media_id": name, "id": number} for number, name in enumerate(known, 1)]
        return {"media_metadata": dict(reversed(known.items())), "gallery_data": {"items": order}}

    def _video(self, post: str) -> dict[str, Any]:
        base = f"https://{VIDEO_HOST}/{post}"
        return {
            "reddit_video": {
                "fallback_url": f"{base}/DASH_720.mp4?source=fallback",
                "dash_url": f"{base}/DASHPlaylist.mpd?a=1&amp;v=1",
                "hls_url": f"{base}/HLSPlaylist.m3u8?a=1&amp;v=1",
                "height": 720,
                "width": 1280,
                "duration": SECONDS,
            }
        }

    def _clip(self, parts: list[str]) -> Reply | None:
        """`v.redd.it/<id>` leads to the post; below it lie picture and sound apart."""
        if len(parts) == 1:
            return redirect(page("clip"))
        name = parts[-1]
        known = {"DASH_720.mp4": "h264_720.mp4", "DASHPlaylist.mpd": "dash/manifest.mpd"}
        known["HLSPlaylist.m3u8"] = "hls_apart/master.m3u8"
        places = (known[name],) if name in known else (f"dash/{name}", f"hls_apart/{name}")
        for place in places:
            try:
                return self.serve(place)
            except KeyError:
                continue
        return None

    def _picture(self, request: Request) -> Reply | None:
        """Originals, and scaled ones that come as another format whatever their name says."""
        name = request.path[1:]
        if not self.shelf.has(name):
            return None
        return self.serve(name if request.host == PHOTO_HOST else "thumb.webp")


def _scaled(name: str, width: int = 640) -> str:
    """Signed addresses of smaller pictures, escaped as the site escapes them."""
    return html.escape(f"https://{PREVIEW_HOST}/{name}?width={width}&format=pjpg&auto=webp&s=0badcafe")


def _preview(name: str) -> dict[str, Any]:
    source = {"url": _scaled(name), "width": 640, "height": 800}
    return {"preview": {"images": [{"source": source, "resolutions": [], "id": "x"}], "enabled": True}}
