"""Dailymotion: videos as its API and its player describe them, streams; an id is x, a kind and a number ("xclip1")."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica

if TYPE_CHECKING:
    from collections.abc import Mapping

API_HOST: Final = "graphql.api.dailymotion.com"
STREAM_HOST: Final = "cdndirector.dailymotion.com"
#: what the player says instead of a list of qualities
ERRORS: Final[Mapping[str, tuple[str, str]]] = {
    "geo": ("DM007", "This video isn't available in your country."),
    "deleted": ("DM002", "Content has been deleted."),
    "secret": ("DM010", "This video is private."),
    "rights": ("DM004", "Copyrighted content, access forbidden."),
}
KINDS: Final = ("clip", "live", "lost", *ERRORS, *STATUSES)


class Dailymotion(Replica):
    hosts: ClassVar = ("www.dailymotion.com", "dai.ly", API_HOST, STREAM_HOST)

    def samples(self) -> dict[str, str]:
        page = "https://www.dailymotion.com/video/"
        return {kind: f"{page}x{kind}1" for kind in KINDS} | {"short": "https://dai.ly/xclip1"}

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host == STREAM_HOST:
            return self.serve(f"hls/{name}")
        if request.path == "/oauth/token":
            return answer_json({"access_token": "token", "token_type": "Bearer"})
        if request.host == API_HOST:
            return self._told(json.loads(request.body)["query"])
        if request.path.startswith("/player/metadata/video/"):
            return self._metadata(name)
        return text("<html><title>Dailymotion</title></html>")

    def _told(self, query: str) -> Reply:
        asked = re.search(r'xid: "(\w+)"', query)
        video = asked[1] if asked else ""
        kind = kind_of(video[1:])
        if kind == "lost" or kind not in KINDS:
            return answer_json({"data": {"media": None}, "errors": [{"message": "Video not found"}]})
        media: dict[str, Any] = {"xid": video, "description": "", "geoblockedCountries": {"allowed": ["FR"]}}
        return refusal(kind) or answer_json({"data": {"media": media | {"isOnAir": kind == "live"}}})

    def _metadata(self, video: str) -> Reply:
        if error := ERRORS.get(kind_of(video[1:])):
            return answer_json({"error": {"code": error[0], "title": error[1], "raw_message": error[1]}})
        stream = {"type": "application/x-mpegURL", "url": f"https://{STREAM_HOST}/cdn/manifest/video/master.m3u8"}
        owner = {"screenname": "Goldcrest", "id": "xgold"}
        told = {"title": "Replica video", "duration": SECONDS, "owner": owner, "qualities": {"auto": [stream]}}
        return answer_json(told)
