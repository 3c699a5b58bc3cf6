"""Vimeo: pages and players with their settings, files and streams, walls; an id's last digits decide (`VIDEOS`)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import REST_SECONDS
from tests.sites.routes import Replica

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = 760_000_000
VIDEOS: Final[Mapping[str, int]] = {
    "clip": 1,
    "upcoming": 2,
    "embed_only": 3,
    "password": 4,
    "login": 5,
    "broken": 6,
    "gone": 404,
    "wall": 403,
    "many": 429,
    "down": 503,
}
PLAYER_HOST: Final = "player.vimeo.com"
FILE_HOST: Final = "vod-progressive-ak.vimeocdn.com"
STREAM_HOST: Final = "skyfire.vimeocdn.com"
EMBED_ONLY: Final = "Because of its privacy settings, this video cannot be played here."


class Vimeo(Replica):
    hosts: ClassVar = ("vimeo.com", "www.vimeo.com", "api.vimeo.com", PLAYER_HOST, FILE_HOST, STREAM_HOST)

    def samples(self) -> dict[str, str]:
        return {name: f"https://vimeo.com/{BASE + number}" for name, number in VIDEOS.items()} | {
            "player": f"https://{PLAYER_HOST}/video/{BASE + VIDEOS['clip']}",
            "player_password": f"https://{PLAYER_HOST}/video/{BASE + VIDEOS['password']}",
            "player_embed_only": f"https://{PLAYER_HOST}/video/{BASE + VIDEOS['embed_only']}",
        }

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host in {FILE_HOST, STREAM_HOST}:
            return self.serve(name if self.shelf.has(name) else f"hls/{name}")
        if request.path == "/_next/viewer":
            return answer_json({"jwt": "a.eyJleHAiOjk5OTk5OTk5OTl9.b", "xsrft": "x"})
        match = re.fullmatch(r"/(?:video/)?(\d+)(/config)?/?", request.path)
        if not match:
            return None
        number = int(match[1])
        if match[2]:
            return answer_json(self._config(number))
        return self._refused(number - BASE) or self._page(request.host, number)

    def _refused(self, video: int) -> Reply | None:
        if video == VIDEOS["embed_only"]:
            return text(EMBED_ONLY, status=403)
        if video in {VIDEOS[name] for name in ("gone", "wall", "many", "down")}:
            return text("refused", status=video, headers=(("Retry-After", str(REST_SECONDS)),) if video == 429 else ())
        return None

    def _page(self, host: str, number: int) -> Reply:
        video = number - BASE
        if host == PLAYER_HOST:
            config = {"view": 4} if video == VIDEOS["password"] else self._config(number)
            return text(f"<html><script>window.playerConfig = {json.dumps(config)}</script></html>")
        if video == VIDEOS["broken"]:
            said = {"seed_status": {"state": "failed", "title": "This video does not exist."}}
            return text(f"<script>vimeo.config = _extend((vimeo.config || {{}}), {json.dumps(said)});</script>")
        if video == VIDEOS["login"]:
            return text("<html><title>Log in</title></html>")
        config_url = f"https://{PLAYER_HOST}/video/{number}/config"
        told = {"player": {"config_url": config_url}, "clip": {"uploaded_on": "2024-01-01", "description": "d"}}
        return text(f"<html><script>vimeo.clip_page_config = {json.dumps(told)};</script></html>")

    def _config(self, number: int) -> dict[str, Any]:
        video: dict[str, Any] = {
            "id": number,
            "title": "Replica film",
            "duration": SECONDS,
            "owner": {"name": "Goldcrest", "url": "https://vimeo.com/goldcrest"},
        }
        if number - BASE == VIDEOS["upcoming"]:
            return {"video": video | {"live_event": {"status": "pending"}}, "request": {"files": {}}}
        file = {"url": f"https://{FILE_HOST}/mux_720.mp4", "quality": "720p", "width": 1280, "height": 720, "fps": 10}
        streams = {"cdns": {"fastly_skyfire": {"url": f"https://{STREAM_HOST}/master.m3u8"}}}
        return {"video": video, "request": {"files": {"progressive": [file], "hls": streams}}}
