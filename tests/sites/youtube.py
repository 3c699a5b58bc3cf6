"""YouTube: watch pages, the player API as each client sees it, media, thumbnails, and every way a video can be refused.

A video id is a kind and a number, filled up with zeros to eleven characters ("clip0000001"); the kind decides.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites import youtube_lists
from tests.sites.live import Broadcast
from tests.sites.messages import Reply, Request, answer_json, late, redirect, text
from tests.sites.routes import Replica
from tests.sites.youtube_media import SLOW_SECONDS, Lock, play, seconds_of, streaming_data
from tests.sites.youtube_player import PLAYER_PATH, player_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sites.media import Shelf

ID_LENGTH: Final = 11
LOGIN: Final = "LOGIN_REQUIRED"
VISITOR: Final = "VISITOR"
COUNTRY: Final = "The uploader has not made this video available in your country"
#: playabilityStatus by kind, worded as the site words it
REFUSALS: Final[Mapping[str, Mapping[str, Any]]] = {
    "private": {"status": LOGIN, "reason": "Private video", "messages": ["This is a private video."]},
    "age": {"status": LOGIN, "reason": "Sign in to confirm your age", "desktopLegacyAgeGateReason": 1},
    "bot": {"status": LOGIN, "reason": "Sign in to confirm you’re not a bot"},  # noqa: RUF001 - the site's own apostrophe
    "gone": {"status": "ERROR", "reason": "Video unavailable"},
    "geo": {
        "status": "UNPLAYABLE",
        "reason": "Video unavailable",
        "errorScreen": {
            "playerErrorMessageRenderer": {
                "reason": {"simpleText": "Video unavailable"},
                "subreason": {"simpleText": COUNTRY},
            }
        },
    },
    "rate": {"status": "UNPLAYABLE", "reason": "This content isn't available, try again later."},
    "members": {
        "status": "UNPLAYABLE",
        "reason": "Join this channel to get access to members-only content like this video, and other exclusive perks.",
    },
    "premiere": {"status": "LIVE_STREAM_OFFLINE", "reason": "Premieres in 3 hours"},
    "upcoming": {"status": "LIVE_STREAM_OFFLINE", "reason": "This live event will begin in 2 days."},
    "claimed": {
        "status": "ERROR",
        "reason": "This video is no longer available due to a copyright claim by Goldcrest Music",
    },
    "ended": {
        "status": "ERROR",
        "reason": "This video is no longer available because the YouTube account associated with this video has been "
        "terminated.",
    },
    "working": {"status": "ERROR", "reason": "We're processing this video. Check back later."},
}
KINDS: Final = (
    *(
        "clip",
        "short",
        "low",
        "slow",
        "late",
        "bulk",
        "live",
        "expired",
        "toomany",
        "down",
        "sig",
        "nch",
        "pot",
        "thin",
    ),
    "rich",
    *REFUSALS,
)
#: how long the page of a late video takes
LATE_SECONDS: Final = 10


def video_id(kind: str, number: int = 0) -> str:
    """The id of the `number`th video of a kind."""
    return f"{kind}{number:0{ID_LENGTH - len(kind)}d}"


def kind_of(video: str) -> str:
    """The kind behind an id."""
    match = re.match(r"[a-z]+", video)
    return match[0] if match else ""


class YouTube(Replica):
    """`proof` is the proof-of-origin token that the media server accepts for videos of kind "pot".

    `slow_seconds`: how long a video of kind "slow" takes, 0 for as fast as any other.
    """

    hosts: ClassVar = (
        *("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "youtu.be"),
        *("www.youtube-nocookie.com", "youtubei.googleapis.com", "i.ytimg.com", "*.googlevideo.com"),
    )

    def __init__(self, shelf: Shelf, broadcast: Broadcast | None = None) -> None:
        super().__init__(shelf)
        self.proof = "dG9rZW4tMQ=="
        self.slow_seconds: float = SLOW_SECONDS
        self.broadcast = broadcast or Broadcast(shelf)

    def samples(self) -> dict[str, str]:
        return {kind: f"https://www.youtube.com/watch?v={video_id(kind)}" for kind in KINDS} | {
            "short_link": f"https://youtu.be/{video_id('clip')}",
            "shorts": f"https://www.youtube.com/shorts/{video_id('short')}",
            **youtube_lists.samples(),
        }

    async def answer(self, request: Request) -> Reply | None:
        if request.host.endswith("googlevideo.com"):
            return self._media(request)
        if request.host == "i.ytimg.com":
            return self._thumbnail(request)
        if request.host == "youtu.be":
            return redirect(f"https://www.youtube.com/watch?v={request.path[1:]}&feature=youtu.be", 303)
        path = request.path
        if path.startswith("/youtubei/v1/player"):
            return self._player(request)
        if path.startswith("/youtubei/v1/next"):
            return answer_json(_beside(youtube_lists.mix(json.loads(request.body))))
        if path.startswith("/youtubei/v1/browse"):
            return answer_json(youtube_lists.browse(json.loads(request.body)))
        if path == "/iframe_api":
            script = PLAYER_PATH.replace("/", "\\/")
            return text(f'var scriptUrl = "https:\\/\\/www.youtube.com{script}";', "text/javascript")
        if path.startswith("/s/player/"):
            return text(player_script(), "text/javascript")
        match = re.match(r"/(?:watch|(?:embed|shorts|live)/([\w-]{11}))", path)
        if match:
            mix = youtube_lists.mix({"playlistId": request.first("list"), "videoId": request.first("v")})
            return self._watch(match[1] or request.first("v"), request.host, _beside(mix), signed_in(request))
        if data := youtube_lists.page_data(path, request.first("list")):
            return _page(
                f"ytcfg.set({json.dumps(_settings(request.host))});", f"var ytInitialData = {json.dumps(data)};"
            )
        return text(f"<html><script>ytcfg.set({json.dumps(_settings(request.host))});</script></html>")

    def _watch(self, video: str, host: str, beside: dict[str, Any], account: bool) -> Reply:
        if kind_of(video) == "toomany":
            return Reply(429, (("Retry-After", "30"),))
        if kind_of(video) == "down":
            return Reply(503)
        page = _page(
            f"ytcfg.set({json.dumps(_settings(host, account))});",
            f"var ytInitialPlayerResponse = {json.dumps(self._response(video, 'WEB', account))};",
            f"var ytInitialData = {json.dumps(beside)};",
        )
        return late(page, LATE_SECONDS) if kind_of(video) == "late" else page

    def _player(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        video, client = asked["videoId"], asked["context"]["client"]["clientName"]
        if kind_of(video) == "toomany":
            return answer_json({}, 429, (("Retry-After", "30"),))
        if kind_of(video) == "down":
            return Reply(503)
        return answer_json(self._response(video, client, signed_in(request)))

    def _response(self, video: str, client: str, account: bool) -> dict[str, Any]:
        kind = kind_of(video)
        known = kind in KINDS
        refusal = REFUSALS.get(kind if known else "gone")
        if kind == "age" and account:
            refusal = None
        response: dict[str, Any] = {
            "videoDetails": self._details(video, kind),
            "playabilityStatus": refusal or {"status": "OK"},
        }
        if client == "WEB":
            response["microformat"] = {
                "playerMicroformatRenderer": {
                    "isFamilySafe": kind != "age",
                    "uploadDate": "2024-01-01",
                    "category": "Education",
                    "lengthSeconds": str(seconds_of(kind)),
                }
            }
        if not refusal:
            response |= self._streams(video, kind, client)
        return response

    def _streams(self, video: str, kind: str, client: str) -> dict[str, Any]:
        """What each client gets: the web client only a protocol of its own, TV clients formats behind challenges."""
        if client == "WEB":
            return {"streamingData": {"adaptiveFormats": [], "serverAbrStreamingUrl": "https://www.youtube.com/sabr"}}
        if kind == "live":
            return {"streamingData": {"hlsManifestUrl": "https://manifest.googlevideo.com/api/live/master.m3u8"}}
        if kind == "pot" and client != "MWEB":
            return {"playabilityStatus": REFUSALS["bot"]}
        television = client.startswith("TVHTML5")
        if kind in {"sig", "nch"} and not television:
            return {"playabilityStatus": {"status": "ERROR", "reason": "Playback on this device is not possible"}}
        if kind == "thin" and client == "VISIONOS":
            return {"streamingData": streaming_data(self.shelf, video, "low", "")}
        scripted = television or client == "WEB_EMBEDDED_PLAYER"
        lock: Lock = "sig" if kind == "sig" else "n" if scripted else ""
        return {"streamingData": streaming_data(self.shelf, video, kind, lock)}

    def _details(self, video: str, kind: str) -> dict[str, Any]:
        thumbnails = [{"url": f"https://i.ytimg.com/vi/{video}/hqdefault.jpg", "width": 480, "height": 360}]
        return {
            "videoId": video,
            "title": f"Replica {video}",
            "lengthSeconds": "0" if kind == "live" else str(seconds_of(kind)),
            "channelId": "UC" + "g" * 22,
            "author": "Goldcrest",
            "shortDescription": "Made by a test source.",
            "viewCount": "7",
            "isLiveContent": kind in {"live", "upcoming"},
            "isLive": kind == "live",
            "isUpcoming": kind in {"premiere", "upcoming"},
            "thumbnail": {"thumbnails": thumbnails},
        }

    def _media(self, request: Request) -> Reply | None:
        if request.host.startswith("manifest."):
            name = request.path.rpartition("/")[2]
            return self.broadcast.master("mux") if name == "master.m3u8" else self.broadcast.answer(name)
        if request.path != "/videoplayback" or not self.shelf.has(request.first("file")):
            return None
        return play(self.shelf, request, kind_of(request.first("id")), self.proof, self.slow_seconds)

    def _thumbnail(self, request: Request) -> Reply | None:
        kind, _, name = request.path[1:].partition("/")
        known = {"vi": "thumb.jpg", "vi_webp": "thumb.webp"}.get(kind, "")
        return self.serve(known) if self.shelf.has(known) and "/hq" in f"/{name}" else None


def _page(*scripts: str) -> Reply:
    return text("<html><head><title>YouTube</title></head>" + "".join(f"<script>{s}</script>" for s in scripts))


def _beside(playlist: dict[str, Any] | None) -> dict[str, Any]:
    """What stands beside a video: the list in which it is watched."""
    return {"contents": {"twoColumnWatchNextResults": {"playlist": {"playlist": playlist}} if playlist else {}}}


def signed_in(request: Request) -> bool:
    """Whether the request shows the cookies of an account; the player's also proves that its sender knows them."""
    shown = request.headers.get("cookie", "")
    account = "LOGIN_INFO=" in shown and "SAPISID=" in shown
    proved = "SAPISIDHASH " in request.headers.get("authorization", "")
    return account and (proved or not request.path.startswith("/youtubei/"))


def _settings(host: str, account: bool = False) -> dict[str, Any]:
    """The settings that a page gives its scripts."""
    mobile = host.startswith("m.")
    client = {"clientName": "MWEB" if mobile else "WEB", "clientVersion": "2.20260708.00.00", "visitorData": VISITOR}
    return {
        "INNERTUBE_API_KEY": "key",
        "INNERTUBE_CONTEXT": {"client": client | {"hl": "en"}},
        "VISITOR_DATA": VISITOR,
        **({"DATASYNC_ID": "account||"} if account else {}),
        "PLAYER_JS_URL": PLAYER_PATH,
        "STS": 20500,
    }
