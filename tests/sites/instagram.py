"""Instagram: posts, reels and carousels as a signed-out visitor's page carries them, share links, walls and gaps.

The front of a shortcode decides what the post is (`POSTS`); any other one is a plain reel.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, cookie, file, late, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

#: base 64 as the site's shortcodes count
DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POSTS: Final = (
    *("Reel", "Video", "Dash", "Slow", "Late", "Photo", "Photos", "Mixed", "Videos", "Album", "Twenty"),
    *("Holes", "Hollow", "Login", "Away", "Gone", "Missing", "Adult", "Toomany", "Down", "Broken"),
)
#: what a carousel is made of: p for a picture, v for a clip, x for a picture that is gone, n for nothing at all
CAROUSELS: Final = {
    "Photos": "ppp",
    "Mixed": "vpv",
    "Videos": "vv",
    "Album": "p" * 20,
    "Twenty": "ppvpp" * 4,
    "Holes": "pxnvp",
    "Hollow": "nn",
}
#: the cookie of somebody who is signed in
SESSION: Final = "goldcrest-session"
#: what is in a story or highlight: number of the first part, and its parts
STORIES: Final = {"7": (500, "vpv"), "highlight:18000000000000001": (600, "ppvpp" * 5)}
MEDIA_HOST: Final = "scontent.cdninstagram.com"
SITE: Final = "https://www.instagram.com"
#: where a post of the sort Away leads, and a host that must hear of no cookie
AWAY: Final = "https://cdn.goldcrest-files.net/page/none"
RUNGS: Final = (("portrait.mp4", 576, 1024, 101), ("portrait_small.mp4", 360, 640, 103))
SLOW_SECONDS: Final = 20
LATE_SECONDS: Final = 10


def shortcode(post: str, number: int = 0) -> str:
    """Shortcode of the `number`th post of that sort, eleven characters as the site's own."""
    return f"D{post}{number:0{10 - len(post)}d}"


def sort_of(code: str) -> str:
    """The longest of POSTS that stands behind the leading D, else "Reel"."""
    fitting = [post for post in POSTS if code[1:].startswith(post)]
    return max(fitting, key=len, default="Reel")


def number_of(code: str) -> int:
    """The number that a shortcode spells."""
    value = 0
    for letter in code:
        value = value * len(DIGITS) + DIGITS.index(letter)
    return value


def code_of(number: int) -> str:
    """The shortcode that spells a number."""
    code = ""
    while number:
        number, rest = divmod(number, len(DIGITS))
        code = DIGITS[rest] + code
    return code


class Instagram(Replica):
    """The site and its media host."""

    hosts: ClassVar = ("instagram.com", "www.instagram.com", "i.instagram.com", "instagr.am", MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        return {post.lower(): f"{SITE}/{'reel' if post == 'Reel' else 'p'}/{shortcode(post)}/" for post in POSTS} | {
            "tv": f"{SITE}/tv/{shortcode('Video', 1)}/",
            "stories": f"{SITE}/stories/goldcrest/",
            "story": f"{SITE}/stories/goldcrest/501/",
            "story_over": f"{SITE}/stories/goldcrest/999/",
            "stories_none": f"{SITE}/stories/quiet/",
            "highlights": f"{SITE}/stories/highlights/18000000000000001/",
            "share": f"{SITE}/share/reel/BAreel0001",
            "share_dead": f"{SITE}/share/BAdead0001",
        }

    async def answer(self, request: Request) -> Reply | None:
        if request.host == MEDIA_HOST:
            return self._media(request)
        path = request.path
        if path == "/":
            token = '<script id="__eqmc" type="application/json">{"l":"LSDTOKEN"}</script>'
            return text(f"<html>{token}</html>", headers=(cookie("csrftoken", "CSRF", ".instagram.com"),))
        if path.endswith("/web/get_ruling_for_content/"):
            return self._ruling(int(request.first("target_id", "0")))
        if path == "/api/graphql":
            # Asked only by a client with a browser's TLS fingerprint; this server can't tell, so nobody is granted it.
            return Reply(403)
        if path.startswith(("/api/v1/media/", "/api/v1/feed/", "/stories/")):
            if request.cookie("sessionid") != SESSION:
                return redirect(f"{SITE}/accounts/login/?next={path}")
            return self._for_members(request)
        if path.startswith("/accounts/login"):
            status = 403 if request.first("next").startswith("/api/") else 200
            return text("<html><head><title>Login • Instagram</title></head></html>", status=status)
        if path.startswith("/share/"):
            dead = "dead" in path
            return redirect(f"{SITE}/" if dead else f"{SITE}/reel/{shortcode('Reel')}/?igsh=x", 301)
        match = re.fullmatch(r"(?:/[\w.]+)?/(?:p|reels?|tv)/([\w-]+)/?(?:embed/?)?", path)
        return self._post(match[1]) if match else None

    def _for_members(self, request: Request) -> Reply | None:
        """What only visitors with an account see: a post's data, the page of a story, the parts of stories."""
        if match := re.fullmatch(r"/api/v1/media/(\d+)/info/", request.path):
            code = code_of(int(match[1]))
            if sort_of(code) == "Away":
                return redirect(AWAY)
            return answer_json({"items": [self._product(code, sort_of(code))]})
        if request.path.startswith("/stories/"):
            owner = {"goldcrest": "7", "quiet": "8", "highlights": "7"}.get(request.path.split("/")[2])
            return text(f'<html><script>{{"user":{{"pk":"{owner}"}}}}</script></html>') if owner else None
        reel = request.first("reel_ids")
        if reel not in STORIES:
            return answer_json({"reels": {}, "status": "ok"})
        first, parts = STORIES[reel]
        pictures = stills(self.shelf, min(len(parts), 20)) * 2
        user = {"username": "goldcrest", "pk": "7", "full_name": "Goldcrest"}
        items = [
            {"pk": str(first + place), "user": dict(user)} | _place(letter, picture)
            for place, (letter, picture) in enumerate(zip(parts, pictures, strict=False))
        ]
        title = {"title": "Best of"} if reel.startswith("highlight") else {}
        return answer_json({"reels": {reel: {"user": user, "items": items} | title}, "status": "ok"})

    def _ruling(self, number: int) -> Reply:
        headers = (cookie("csrftoken", "CSRF", ".instagram.com"),)
        if number == number_of(shortcode("Adult")):
            told = {"title": "Restricted Video", "description": "You must be 18 years old or over to see this video"}
            return answer_json({"status": "ok", **told}, headers=headers)
        return answer_json({"status": "ok"}, headers=headers)

    def _post(self, code: str) -> Reply | None:
        sort = sort_of(code)
        if sort == "Missing":
            return None
        if sort == "Away":
            return redirect(AWAY)
        if sort == "Login":
            return redirect(f"{SITE}/accounts/login/?next=/p/{code}/")
        if sort == "Down":
            return Reply(503)
        if sort == "Toomany":
            return Reply(429, (("Retry-After", "45"),))
        if sort == "Broken":
            return text("<html><body>A new front page without data</body></html>")
        product = None if sort == "Gone" else self._product(code, sort)
        prefetched = {"__bbox": {"result": {"data": {"xig_polaris_media": {"if_not_gated_logged_out": product}}}}}
        inner = {"__bbox": {"require": [["RelayPrefetchedStreamCache", "next", [], ["key", prefetched]]]}}
        blob = json.dumps({"require": [["ScheduledServerJS", "handle", None, [inner]]]})
        page = text(f'<html><script type="application/json" data-sjs>{blob}</script></html>')
        return late(page, LATE_SECONDS) if sort == "Late" else page

    def _product(self, code: str, sort: str) -> dict[str, Any]:
        number = number_of(code)
        post: dict[str, Any] = {
            "pk": str(number),
            "code": code,
            "user": {"username": "goldcrest", "pk": "7", "full_name": "Goldcrest"},
            "caption": {"text": "Made by a test source"},
            "taken_at": 1_700_000_000,
            "like_count": 3,
        }
        if sort in CAROUSELS:
            pictures = stills(self.shelf, len(CAROUSELS[sort]))
            items = [
                {"pk": str(number + place)} | _place(letter, picture)
                for place, (letter, picture) in enumerate(zip(CAROUSELS[sort], pictures, strict=True), 1)
            ]
            return post | {"media_type": 8, "carousel_media": items}
        if sort == "Photo":
            return post | _photo(Still("photo.jpg", 1080, 1350))
        return post | _video("?pace=slow" if sort == "Slow" else "") | (self._dash() if sort == "Dash" else {})

    def _dash(self) -> dict[str, Any]:
        """An inline manifest of single files with picture and sound apart."""
        streams = (
            ("video/mp4", "h264_720.mp4", 'codecs="avc1.4d401f" width="1280" height="720" id="720v"'),
            ("video/mp4", "h264_360.mp4", 'codecs="avc1.4d401f" width="640" height="360" id="360v"'),
            ("audio/mp4", "aac.m4a", 'codecs="mp4a.40.2" audioSamplingRate="44100" id="sound"'),
        )
        sets = "".join(
            f'<AdaptationSet mimeType="{mime}"><Representation bandwidth="{self._rate(name)}" {more}>'
            f"<BaseURL>https://{MEDIA_HOST}/v/{name}</BaseURL>"
            f'<SegmentBase indexRange="0-1"/></Representation></AdaptationSet>'
            for mime, name, more in streams
        )
        head = f'xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT{SECONDS}S"'
        return {"video_dash_manifest": f'<?xml version="1.0"?><MPD {head}><Period>{sets}</Period></MPD>'}

    def _rate(self, name: str) -> int:
        return self.medium(name).size_bytes * 8 // SECONDS

    def _media(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if not self.shelf.has(name):
            return None
        medium = self.medium(name)
        slow = request.first("pace") == "slow"
        return file(medium.path, bytes_per_second=medium.size_bytes // SLOW_SECONDS if slow else None)


def _place(letter: str, picture: Still) -> dict[str, Any]:
    """What stands at one place of a carousel."""
    match letter:
        case "p":
            return _photo(picture)
        case "x":
            return _photo(Still("gone.jpg", 1080, 1350))
        case "n":
            return {"media_type": 1}
    return _video("")


def _photo(picture: Still) -> dict[str, Any]:
    """The picture itself and a smaller one, as the site lists them: largest first."""
    candidates = [
        {"url": f"https://{MEDIA_HOST}/v/{picture.name}", "width": picture.width, "height": picture.height},
        {"url": f"https://{MEDIA_HOST}/v/thumb.jpg", "width": 480, "height": 360},
    ]
    size = {"original_width": picture.width, "original_height": picture.height}
    return {"media_type": 1, "image_versions2": {"candidates": candidates}, **size}


def _video(pace: str) -> dict[str, Any]:
    versions = [
        {"url": f"https://{MEDIA_HOST}/v/{name}{pace}", "width": width, "height": height, "type": kind}
        for name, width, height, kind in RUNGS
    ]
    cover = [{"url": f"https://{MEDIA_HOST}/v/thumb.jpg", "width": 480, "height": 360}]
    return {
        "media_type": 2,
        "video_versions": versions,
        "video_duration": float(SECONDS),
        "has_audio": True,
        "image_versions2": {"candidates": cover},
    }
