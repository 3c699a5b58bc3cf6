"""SoundCloud: tracks and sets as its API tells them to a client id that stands in a script, streams, refusals.

A track's name is a kind and a number ("song-1"); the kind decides.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from tests.sites.messages import Reply, Request, answer_json, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica

CLIENT_ID: Final = "a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5"
SITE: Final = "https://soundcloud.com"
API: Final = "https://api-v2.soundcloud.com"
MEDIA_HOST: Final = "cf-media.sndcdn.com"
SCRIPT_HOST: Final = "a-v2.sndcdn.com"
KINDS: Final = ("song", "drm", "geo", *STATUSES)
#: tracks of the set; the API names the page of the first ones only
SET_TRACKS: Final = 60
SET_NAMED: Final = 5
#: preset, media type, file
STREAMS: Final = (
    ("aac_160k", 'audio/mp4; codecs="mp4a.40.2"', "aac.m4a"),
    ("mp3_1_0", "audio/mpeg", "music.mp3"),
)


class Soundcloud(Replica):
    hosts: ClassVar = ("soundcloud.com", "on.soundcloud.com", "api-v2.soundcloud.com", SCRIPT_HOST, MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        return {kind: f"{SITE}/goldcrest/{kind}-1" for kind in KINDS} | {
            "set": f"{SITE}/goldcrest/sets/replica",
            "set_empty": f"{SITE}/goldcrest/sets/empty",
            "set_gone": f"{SITE}/goldcrest/sets/gone",
            "share": "https://on.soundcloud.com/AbCdEfGh",
        }

    async def answer(self, request: Request) -> Reply | None:
        match request.host:
            case "a-v2.sndcdn.com":
                return text(f'({{client_id:"{CLIENT_ID}"}})', "text/javascript")
            case "cf-media.sndcdn.com":
                name = request.path.rpartition("/")[2]
                return self.serve(name) if self.shelf.has(name) else None
            case "on.soundcloud.com":
                return redirect(f"{SITE}/goldcrest/song-1?si=x&utm_source=clipboard")
            case "soundcloud.com":
                return text(f'<html><script crossorigin src="https://{SCRIPT_HOST}/assets/0.js"></script></html>')
        if request.first("client_id") != CLIENT_ID:
            return Reply(401)
        return self._told(request)

    def _told(self, request: Request) -> Reply | None:
        path = request.path
        if path == "/resolve":
            page = urlsplit(request.first("url")).path.strip("/").split("/")
            return self._set(page[-1]) if "sets" in page else self._track(page[-1])
        area, _, rest = path[1:].partition("/")
        if area == "media":
            return answer_json({"url": f"https://{MEDIA_HOST}/{rest.rpartition('/')[2]}"})
        if area == "tracks":
            return self._track(f"song-{rest}")
        return None

    def _track(self, name: str) -> Reply:
        kind = kind_of(name)
        if refused := refusal(kind):
            return refused
        number = int(name.rpartition("-")[2])
        media = [
            {
                "url": f"{API}/media/{number}/{preset}/{file}",
                "preset": preset,
                "format": {"protocol": "ctr-encrypted-hls" if kind == "drm" else "progressive", "mime_type": mime},
                "quality": "sq",
            }
            for preset, mime, file in STREAMS
            if self.shelf.has(file) and kind != "geo"
        ]
        track: dict[str, Any] = _entry(number) | {"duration": SECONDS * 1000, "media": {"transcodings": media}}
        return answer_json(track | {"policy": "BLOCK" if kind == "geo" else "ALLOW", "user": {"username": "Goldcrest"}})

    def _set(self, name: str) -> Reply:
        if refused := refusal(name):
            return refused
        count = 0 if name == "empty" else SET_TRACKS
        tracks = [_entry(number) if number <= SET_NAMED else {"id": number} for number in range(1, count + 1)]
        told = {"id": 77, "kind": "playlist", "title": "Replica set", "tracks": tracks}
        return answer_json(told | {"user": {"username": "Goldcrest"}})


def _entry(number: int) -> dict[str, Any]:
    page = f"{SITE}/goldcrest/song-{number}"
    return {"id": number, "kind": "track", "title": f"Song {number}", "permalink_url": page}
