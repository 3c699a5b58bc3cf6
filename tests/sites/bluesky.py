"""Bluesky: posts with clips and pictures as the open API tells them, files from the server of their author.

The last part of a post's address is a kind and a number ("clip0000001"); the kind decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, text
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

DID: Final = "did:plc:goldcrest"
HANDLE: Final = "goldcrest.bsky.social"
API_HOST: Final = "public.api.bsky.app"
PICTURE_HOST: Final = "cdn.bsky.app"
VIDEO_HOST: Final = "video.bsky.app"
AUTHOR_HOST: Final = "morel.us-east.host.bsky.network"
PHOTOS: Final[Mapping[str, int]] = {"photo": 1, "photos": 4}
KINDS: Final = ("clip", "quoting", *PHOTOS, "words", "lost", *STATUSES)


class Bluesky(Replica):
    """A picture on the site's own host is a scaled JPEG, the original is a blob on the author's server."""

    hosts: ClassVar = ("bsky.app", API_HOST, PICTURE_HOST, VIDEO_HOST, AUTHOR_HOST, "bsky.social", "plc.directory")

    def samples(self) -> dict[str, str]:
        return {kind: f"https://bsky.app/profile/{HANDLE}/post/{kind}0000001" for kind in KINDS}

    async def answer(self, request: Request) -> Reply | None:
        path = request.path
        if path.endswith("/com.atproto.sync.getBlob"):
            return self._blob(request.first("cid"))
        match request.host:
            case "video.bsky.app":
                name = path.rpartition("/")[2]
                known = {"thumb.jpg": "thumb.jpg", "playlist.m3u8": "hls/master.m3u8"}
                return self.serve(known.get(name, f"hls/{name}"))
            case "cdn.bsky.app":
                return self.serve("thumb.jpg")
            case "plc.directory":
                server = {"type": "AtprotoPersonalDataServer", "serviceEndpoint": f"https://{AUTHOR_HOST}"}
                return answer_json({"service": [{"id": "#atproto_pds", **server}]})
            case "public.api.bsky.app" if path.endswith("getPostThread"):
                return self._thread(request.first("uri").rpartition("/")[2])
            case "bsky.app":
                return text("<html><title>Bluesky</title></html>")
        return None

    def _thread(self, post: str) -> Reply:
        kind = kind_of(post)
        if refused := refusal(kind):
            return refused
        if kind == "lost":
            return answer_json({"error": "NotFound", "message": f"Post not found: {post}"}, 400)
        record: dict[str, Any] = {"text": "Replica post", "createdAt": "2024-01-01T00:00:00Z"}
        view: dict[str, Any] = {}
        if kind in PHOTOS:
            record["embed"], view = _pictures(stills(self.shelf, PHOTOS[kind], skip=2))
        elif kind != "words":
            record["embed"], view = self._clip(post)
        if kind == "quoting":
            record["embed"] = {"$type": "app.bsky.embed.recordWithMedia", "media": record["embed"]}
            view = {"$type": "app.bsky.embed.recordWithMedia#view", "media": view}
        author = {"did": DID, "handle": HANDLE, "displayName": "Goldcrest"}
        uri = f"at://{DID}/app.bsky.feed.post/{post}"
        told = {"uri": uri, "author": author, "record": record, "embed": view, "indexedAt": "2024-01-01T00:00:00Z"}
        return answer_json({"thread": {"post": told}})

    def _clip(self, post: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """As the author's record has it, and as the site shows it."""
        size = self.medium("mux_720.mp4").size_bytes
        video = {"$type": "blob", "mimeType": "video/mp4", "size": size, "ref": {"$link": "bafymux_720.mp4"}}
        shown = {
            "$type": "app.bsky.embed.video#view",
            "cid": "bafymux_720.mp4",
            "playlist": f"https://{VIDEO_HOST}/watch/{post}/playlist.m3u8",
            "thumbnail": f"https://{VIDEO_HOST}/watch/{post}/thumb.jpg",
            "aspectRatio": {"width": 1280, "height": 720},
        }
        return {"$type": "app.bsky.embed.video", "video": video}, shown

    def _blob(self, cid: str) -> Reply | None:
        name = cid.removeprefix("bafy")
        return self.serve(name) if self.shelf.has(name) else answer_json({"error": "BlobNotFound"}, 400)


def _pictures(pictures: list[Still]) -> tuple[dict[str, Any], dict[str, Any]]:
    kept, shown = [], []
    for each in pictures:
        ratio = {"width": each.width, "height": each.height}
        blob = {"$type": "blob", "mimeType": each.mime, "ref": {"$link": f"bafy{each.name}"}, "size": 1}
        kept.append({"alt": "", "image": blob, "aspectRatio": ratio})
        place = f"https://{PICTURE_HOST}/img"
        shown.append(
            {
                "alt": "",
                "aspectRatio": ratio,
                "thumb": f"{place}/feed_thumbnail/plain/{DID}/bafy{each.name}@jpeg",
                "fullsize": f"{place}/feed_fullsize/plain/{DID}/bafy{each.name}@jpeg",
            }
        )
    return {"$type": "app.bsky.embed.images", "images": kept}, {"$type": "app.bsky.embed.images#view", "images": shown}
