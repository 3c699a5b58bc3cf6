"""Rumble: pages that name their player, and the player's data; an id is v, a kind and a number ("vclip1")."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica

MEDIA_HOST: Final = "ak2.rmbl.ws"
KINDS: Final = ("clip", "live", "soon", "bare", *STATUSES)


class Rumble(Replica):
    hosts: ClassVar = ("rumble.com", "www.rumble.com", MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        return {kind: f"https://rumble.com/v{kind}1-a-replica.html" for kind in KINDS} | {
            "embed": "https://rumble.com/embed/vclip2/?pub=4",
        }

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host == MEDIA_HOST:
            return self.serve(name if self.shelf.has(name) else f"hls/{name}")
        if request.path == "/embedJS/u3/":
            return self._told(kind_of(request.first("v")[1:]))
        kind = kind_of(name[1:])
        if refused := refusal(kind):
            return refused
        data = "" if kind == "bare" else f'{{"embedUrl":"https://rumble.com/embed/v{kind}2/"}}'
        return text(f'<html><script type="application/ld+json">{data}</script></html>')

    def _told(self, kind: str) -> Reply:
        files = {
            height: {
                "url": f"https://{MEDIA_HOST}/video/mux_{height}.mp4",
                "meta": _meta(int(height), self._size(height)),
            }
            for height in ("360", "720")
        }
        told: dict[str, Any] = {
            "title": "Replica video",
            "duration": SECONDS,
            "live": 0,
            "author": {"name": "Goldcrest", "url": "https://rumble.com/c/goldcrest"},
            "ua": {"mp4": files},
        }
        if kind == "live":
            stream = {"auto": {"url": f"https://{MEDIA_HOST}/live/master.m3u8", "meta": {"live": True}}}
            told |= {"live": 2, "ua": {"hls": stream}}
        if kind == "soon":
            told |= {"live": 1, "livestream_has_dvr": True, "ua": {}}
        return answer_json(told)

    def _size(self, height: str) -> int:
        return self.medium(f"mux_{height}.mp4").size_bytes


def _meta(height: int, size: int) -> dict[str, int]:
    return {"h": height, "w": height * 16 // 9, "size": size, "bitrate": size * 8 // SECONDS // 1000}
