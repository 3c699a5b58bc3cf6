"""Twitch: clips and a running stream as its API tells them; a clip's name is a kind and a number ("Clip-0001")."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.live import Broadcast
from tests.sites.messages import Reply, Request, answer_json
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica

if TYPE_CHECKING:
    from tests.sites.media import Shelf

API_HOST: Final = "gql.twitch.tv"
MEDIA_HOST: Final = "production.assets.clips.twitchcdn.net"
KINDS: Final = ("clip", "lost", *(kind for kind in STATUSES if kind != "gone"))
SIGNATURE: Final = "0badcafe"
STREAM_HOST: Final = "usher.ttvnw.net"
#: the one that is on the air
CHANNEL: Final = "goldcrestlive"


class Twitch(Replica):
    """The media host wants the signature that the API gives."""

    hosts: ClassVar = ("www.twitch.tv", "clips.twitch.tv", API_HOST, MEDIA_HOST, STREAM_HOST)

    def __init__(self, shelf: Shelf, broadcast: Broadcast | None = None) -> None:
        super().__init__(shelf)
        self.broadcast = broadcast or Broadcast(shelf)

    def samples(self) -> dict[str, str]:
        return {kind: f"https://clips.twitch.tv/{kind.title()}-0001" for kind in KINDS} | {
            "page": "https://www.twitch.tv/goldcrest/clip/Clip-0001",
            "live": f"https://www.twitch.tv/{CHANNEL}",
            "offline": "https://www.twitch.tv/nobody",
        }

    async def answer(self, request: Request) -> Reply | None:
        if request.host == MEDIA_HOST:
            name = request.path.rpartition("/")[2]
            if request.first("sig") != SIGNATURE or not request.first("token"):
                return Reply(403)
            return self.serve(name) if self.shelf.has(name) else None
        if request.host == STREAM_HOST:
            name = request.path.rpartition("/")[2]
            if name == f"{CHANNEL}.m3u8":
                return self.broadcast.master("mux") if request.first("sig") == SIGNATURE else Reply(403)
            return self.broadcast.answer(name)
        if request.host != API_HOST:
            return None
        asked, *more = given if isinstance(given := json.loads(request.body), list) else [given]
        if more or "query" in asked:
            return answer_json(_stream(asked))
        slug = asked["variables"]["slug"]
        kind = kind_of(slug)
        return refusal(kind) or answer_json([{"data": {"clip": self._clip(slug) if kind == "clip" else None}}])

    def _clip(self, slug: str) -> dict[str, Any]:
        qualities = [
            {"quality": height, "frameRate": 10.0, "sourceURL": f"https://{MEDIA_HOST}/{slug}/mux_{height}.mp4"}
            for height in ("720", "360")
        ]
        thumbnail = f"https://{MEDIA_HOST}/{slug}/thumb.jpg"
        return {
            "id": "1",
            "title": "Replica clip",
            "durationSeconds": SECONDS,
            "playbackAccessToken": {"signature": SIGNATURE, "value": '{"clip":1}'},
            "assets": [{"aspectRatio": 16 / 9, "videoQualities": qualities, "thumbnailURL": thumbnail}],
            "broadcaster": {"displayName": "Goldcrest", "id": "7"},
        }


def _stream(asked: dict[str, Any]) -> Any:
    """The token of a stream, or what three questions about a channel answer."""
    if "query" in asked:
        return {"data": {"streamPlaybackAccessToken": {"value": "{}", "signature": SIGNATURE}}}
    live = asked["variables"]["channelLogin"] == CHANNEL
    stream = {"id": "9", "type": "live", "createdAt": "2026-11-21T12:00:00Z", "viewers": 7} if live else None
    user = {"displayName": "Goldcrest", "broadcastSettings": {"title": "A nest"}, "stream": stream}
    return [{"data": {"user": user}}] * 3
