"""X: posts as its signed-out API and the endpoint behind embedded posts tell them, pictures, clips, short links.

The last digits of a post's number decide what it is (`POSTS`); every other number is a post with one clip.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = 1_800_000_000_000_000_000
POSTS: Final[Mapping[str, int]] = {
    "clip": 1,
    "clips": 2,
    "gif": 3,
    "photo": 11,
    "photos": 14,
    "mixed": 15,
    "words": 20,
    "removed": 404,
    "gone": 410,
    "protected": 403,
    "adult": 18,
    "toomany": 429,
    "limited": 430,
    "broken": 500,
}
#: what a post holds: p for a picture, v for a clip, g for a clip without sound that repeats
CONTENTS: Final[Mapping[int, str]] = {
    POSTS["clips"]: "vv",
    POSTS["gif"]: "g",
    POSTS["photo"]: "p",
    POSTS["photos"]: "pppp",
    POSTS["mixed"]: "pvp",
    POSTS["words"]: "",
}
REASONS: Final[Mapping[int, str]] = {POSTS["protected"]: "Protected", POSTS["adult"]: "NsfwLoggedOut"}
DELETED: Final = "This Post was deleted by the Post author. Learn more"
VIDEO_HOST: Final = "video.twimg.com"
PHOTO_HOST: Final = "pbs.twimg.com"
EMBED_HOST: Final = "cdn.syndication.twimg.com"
#: names of a picture's size that mean the file as it was uploaded
ORIGINAL: Final = frozenset({"orig", "4096x4096"})


def post_id(name: str) -> int:
    """Number of a known post."""
    return BASE + POSTS[name]


class Twitter(Replica):
    """The API wants a guest token; "limited" answers 429 there and is open to embedded posts only."""

    hosts: ClassVar = (
        *("x.com", "www.x.com", "twitter.com", "mobile.twitter.com", "api.x.com", "api.twitter.com", "t.co"),
        *(VIDEO_HOST, PHOTO_HOST, EMBED_HOST),
    )

    def samples(self) -> dict[str, str]:
        return {name: f"https://x.com/goldcrest/status/{post_id(name)}" for name in POSTS} | {
            "short": "https://t.co/clip000001",
            "short_dead": "https://t.co/dead000001",
        }

    async def answer(self, request: Request) -> Reply | None:
        path = request.path
        if request.host in {VIDEO_HOST, PHOTO_HOST}:
            return self._media(request)
        if request.host == "t.co":
            post = "words" if "dead" in path else "clip"
            return redirect(
                "https://x.com/" if post == "words" else f"https://x.com/goldcrest/status/{post_id(post)}", 301
            )
        if request.host == EMBED_HOST:
            return self._embedded(int(request.first("id", "0")))
        if path.endswith("/guest/activate.json"):
            return answer_json({"guest_token": "1"})
        if path.endswith("/TweetResultByRestId"):
            if request.headers.get("x-guest-token") != "1":
                return answer_json({"errors": [{"message": "Bad guest token"}]}, 403)
            return self._told(int(json.loads(request.first("variables"))["tweetId"]))
        return text("<html><title>X</title></html>") if request.host.endswith("x.com") else None

    def _told(self, number: int) -> Reply:
        post = number - BASE
        if post in {POSTS["toomany"], POSTS["limited"]}:
            return answer_json({"errors": [{"message": "Rate limit exceeded"}]}, 429, (("x-rate-limit-reset", "0"),))
        if post == POSTS["broken"]:
            return Reply(503)
        if post == POSTS["gone"]:
            return answer_json({"data": {"tweetResult": {}}})
        result: dict[str, Any] = {"__typename": "Tweet"}
        if post in REASONS:
            result = {"__typename": "TweetUnavailable", "reason": REASONS[post]}
        elif post == POSTS["removed"]:
            result = {"__typename": "TweetTombstone", "tombstone": {"text": {"text": DELETED}}}
        else:
            user = {"name": "Goldcrest", "screen_name": "goldcrest"}
            result["core"] = {"user_results": {"result": {"legacy": user}}}
            result["legacy"] = {
                "full_text": "Replica post",
                "created_at": "Mon Jan 01 00:00:00 +0000 2024",
                "extended_entities": {"media": self._attached(number)},
            }
        return answer_json({"data": {"tweetResult": {"result": result}}})

    def _embedded(self, number: int) -> Reply | None:
        """What a page shows that embeds the post; None for posts that only people with an account see."""
        post = number - BASE
        if post == POSTS["toomany"]:
            return Reply(429)
        if post in {*REASONS, POSTS["gone"], POSTS["removed"]}:
            return None
        media = self._attached(number)
        photos = [{"url": each["media_url_https"]} | each["original_info"] for each in media if each["type"] == "photo"]
        user = {"name": "Goldcrest", "screen_name": "goldcrest"}
        return answer_json({"text": "Replica post", "user": user, "mediaDetails": media, "photos": photos})

    def _attached(self, number: int) -> list[dict[str, Any]]:
        content = CONTENTS.get(number - BASE, "v")
        pictures = stills(self.shelf, len(content), skip=1)
        return [
            _photo(picture) if letter == "p" else self._clip(number + place, repeats=letter == "g")
            for place, (letter, picture) in enumerate(zip(content, pictures, strict=True), 1)
        ]

    def _clip(self, number: int, *, repeats: bool) -> dict[str, Any]:
        rungs = (("mux_720.mp4", "1280x720", 2_176_000), ("mux_360.mp4", "640x360", 832_000))
        variants: list[dict[str, Any]] = [
            {"url": f"https://{VIDEO_HOST}/ext_tw_video/{number}/vid/{size}/{name}", "bitrate": rate}
            | {"content_type": "video/mp4"}
            for name, size, rate in rungs
        ]
        if repeats:
            silent = f"https://{VIDEO_HOST}/tweet_video/silent.mp4"
            variants = [{"url": silent, "bitrate": 0, "content_type": "video/mp4"}]
        return {
            "type": "animated_gif" if repeats else "video",
            "id_str": str(number),
            "media_url_https": f"https://{PHOTO_HOST}/ext_tw_video_thumb/thumb.jpg",
            "original_info": {"width": 1280, "height": 720},
            "video_info": {"duration_millis": SECONDS * 1000, "variants": variants},
        }

    def _media(self, request: Request) -> Reply | None:
        """A picture is small unless the original is asked for, as its full name or as name and format apart."""
        name = request.path.rpartition("/")[2]
        if request.host == PHOTO_HOST:
            name += f".{request.first('format')}" if request.first("format") else ""
            if request.path.startswith("/media/") and request.first("name") not in ORIGINAL:
                name = "thumb.jpg" if self.shelf.has(name) else ""
        return self.serve(name) if self.shelf.has(name) else None


def _photo(picture: Still) -> dict[str, Any]:
    return {
        "type": "photo",
        "id_str": picture.name,
        "media_url_https": f"https://{PHOTO_HOST}/media/{picture.name}",
        "original_info": {"width": picture.width, "height": picture.height},
        "sizes": {"small": {"w": 480, "h": 360}},
    }
