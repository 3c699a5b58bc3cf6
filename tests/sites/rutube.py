"""Rutube: videos as its API tells them, private ones by the key in their link; an id is a sort and zeros (`VIDEOS`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json
from tests.sites.recipes import SECONDS
from tests.sites.refusals import REST_SECONDS
from tests.sites.routes import Replica

if TYPE_CHECKING:
    from collections.abc import Mapping

STREAM_HOST: Final = "bl.rutube.ru"
KEY: Final = "x2QojCumHTS3rsKHWXN8Lg"
VIDEOS: Final[Mapping[str, str]] = {
    "clip": "c11b",
    "live": "11fe",
    "private": "5ec8e7",
    "gone": "404",
    "geo": "451",
    "many": "429",
    "down": "503",
}


def video_id(name: str) -> str:
    """The 32 digits of a known video."""
    return VIDEOS[name].ljust(32, "0")


class Rutube(Replica):
    hosts: ClassVar = ("rutube.ru", STREAM_HOST)

    def samples(self) -> dict[str, str]:
        site = "https://rutube.ru"
        return {name: f"{site}/video/{video_id(name)}/" for name in VIDEOS if name != "private"} | {
            "private": f"{site}/video/private/{video_id('private')}/?p={KEY}",
            "short": f"{site}/shorts/{video_id('clip')}/",
        }

    async def answer(self, request: Request) -> Reply | None:
        if request.host == STREAM_HOST:
            return self.serve(f"hls/{request.path.rpartition('/')[2]}")
        match = re.fullmatch(r"/api/(video|play/options)/(\w{32})/", request.path)
        if not match:
            return None
        name = next((name for name in VIDEOS if video_id(name) == match[2]), "gone")
        if name == "private" and request.first("p") != KEY:
            return answer_json({"detail": "Not found."}, 404)
        if VIDEOS[name].isdigit():
            headers = (("Retry-After", str(REST_SECONDS)),) if name == "many" else ()
            return answer_json({"detail": "Refused"}, int(VIDEOS[name]), headers)
        if match[1] == "video":
            told = {"id": match[2], "title": "Replica video", "duration": SECONDS, "is_livestream": name == "live"}
            return answer_json(told | {"author": {"id": 7, "name": "Goldcrest"}})
        return answer_json({"video_balancer": {"m3u8": f"https://{STREAM_HOST}/route/master.m3u8"}})
