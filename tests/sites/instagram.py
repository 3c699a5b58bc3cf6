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
    *("Login", "Gone", "Missing", "Adult", "Toomany", "Broken"),
)
#: what a carousel is made of: p for a picture, v for a clip
CAROUSELS: Final = {"Photos": "ppp", "Mixed": "vpv", "Videos": "vv", "Album": "p" * 20, "Twenty": "ppvpp" * 4}
MEDIA_HOST: Final = "scontent.cdninstagram.com"
SITE: Final = "https://www.instagram.com"
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


class Instagram(Replica):
    """The site and its media host."""

    hosts: ClassVar = ("instagram.com", "www.instagram.com", "i.instagram.com", "instagr.am", MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        return {post.lower(): f"{SITE}/{'reel' if post == 'Reel' else 'p'}/{shortcode(post)}/" for post in POSTS} | {
            "tv": f"{SITE}/tv/{shortcode('Video', 1)}/",
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
        if path.startswith("/accounts/login"):
            return text("<html><head><title>Login • Instagram</title></head></html>")
        if path.startswith("/share/"):
            dead = "dead" in path
            return redirect(f"{SITE}/" if dead else f"{SITE}/reel/{shortcode('Reel')}/?igsh=x", 301)
        match = re.fullmatch(r"(?:/[\w.]+)?/(?:p|reels?|tv)/([\w-]+)/?(?:embed/?)?", path)
        return self._post(match[1]) if match else None

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
        if sort == "Login":
            return redirect(f"{SITE}/accounts/login/?next=/p/{code}/")
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
                {"pk": str(number + place)} | (_photo(picture) if letter == "p" else _video(""))
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
