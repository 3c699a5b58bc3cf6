"""YouTube: videos, shorts, streams and clips in all spellings; playlists, channels, searches, hashtags."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from platforms.base import Platform
from platforms.shapes import LIST_KINDS, Entry, Extractor, Link, Listing, Way
from utils.errors import EmptyList

_ID = r"(?P<id>[\w-]{11})"
_LIST = r"(?P<id>(?:PL|UU|LL|FL|RD|OL|TL|PU|EC|WL|EL|SP)[\w-]{0,80})"
_TAB = r"(?:/(?:featured|home|videos|about|community|channels|store|search))?"
_SHELF = r"(?:/(?:shorts|streams|playlists|podcasts|releases|posts|courses|letsplay))?"
#: First segments that are pages of the site itself; any other word may be a channel's old short name.
_PAGES = (
    "about|account|ads|age_verification|attribution_link|c|channel|clip|creators|e|embed|feed|feeds|gaming|gift|hashtag"
    "|howyoutubeworks|iframe_api|index|intl|jobs|kids|live|live_chat|live_dashboard|login|logout|movie|movies|music|new"
    "|oembed|oops|paid_memberships|playables|playlist|podcasts|post|premium|press|privacy|redirect|reporthistory"
    "|results|s|safety|shorts|show|shows|signin|signup|source|sports|static|storefront|t|team|terms|testtube|trends|tv"
    "|upload|user|v|verify|video|videoseries|view_play_list|watch|watch_popup|watch_videos|yt|youtubei"
)
#: shelves of a channel in the order in which they are looked for where the link names none
_SHELVES = ("videos", "streams", "shorts")
#: an endless list made from a video; its page can't be opened, it is seen beside that video only
_MIX = re.compile(r"RD(?!CLAK|EM|TMAK)[A-Z]{0,4}?(?P<video>[\w-]{11})")
_BESIDE = re.compile(rf"[?&]list={_LIST}(?![\w-])")
#: the one format that every client gets whatever it lacks: 360p with sound
_CONSOLATION = "18"


def _clients(*names: str) -> dict[str, Any]:
    return {"extractor_args": {"youtube": {"player_client": list(names)}}}


class Youtube(Platform):
    hosts = ("youtube.com", "youtu.be", "youtube-nocookie.com", "youtubekids.com", "youtube.googleapis.com")
    login_cookies = ("LOGIN_INFO",)
    subdomains = "www|m|mobile|music|gaming|kids|tv|consent|[a-z]{2}"
    paths = {
        "video": (
            rf"/(?:watch|watch_popup|movie)?(?:\.php)?/?\?(?:.*?&)??v={_ID}",
            rf"youtu\.be/{_ID}",
            rf"/(?:embed|v|e|vi|video|watch)/(?!videoseries|live_stream){_ID}",
            rf"/attribution_link\?(?:.*?&)??u=(?:/|%2F)watch(?:\?|%3F)v(?:=|%3D){_ID}(?:%26.*)?",
            (
                rf"consent\.youtube\.com/\w+\?(?:.*?&)??continue=https(?::|%3A)(?:/|%2F){{2}}(?:www|m)\.youtube\.com(?:/|%2F)"
                rf"(?:watch(?:\?|%3F)v(?:=|%3D)|shorts(?:/|%2F)|live(?:/|%2F)){_ID}(?:(?:\?|%3F|%26).*)?"
            ),
        ),
        "short": rf"/shorts/{_ID}",
        "live": (
            rf"/live/{_ID}",
            r"/(?P<id>channel/UC[\w-]{22}/live)",
            r"/(?P<name>(?:@|(?:c|user)/)[\w.%-]+/live)",
            rf"/(?P<name>(?!(?:{_PAGES})/)[A-Za-z0-9%]+/live)",
            r"/(?P<id>embed/live_stream\?(?:.*?&)??channel=UC[\w-]{22})",
        ),
        "clip": r"/clip/(?P<id>Ug[\w-]{20,60})",
        "playlist": (
            rf"/(?:playlist|watch|view_play_list|embed/videoseries)/?\?(?:.*?&)??(?:list|p)={_LIST}",
            r"/browse/VL(?P<id>[\w-]{10,80})",
            r"/browse/(?P<id>MPREb_[\w-]{11})",
        ),
        "sound": r"/source/(?P<id>[\w-]{11})/shorts",
        "tag": r"/hashtag/(?P<name>[\w.%-]+)",
        "search": r"/(?:results|search)\?(?:.*?&)??(?:search_query|q)=(?P<name>[^&]+)",
        "channel": (
            rf"/(?:channel|browse)/(?P<id>UC[\w-]{{22}}{_SHELF}){_TAB}",
            rf"/(?P<name>@[\w.%-]+{_SHELF}){_TAB}",
            rf"/(?P<name>(?:c|user)/[\w.%-]+{_SHELF}){_TAB}",
            rf"/(?P<name>(?!(?:{_PAGES})(?:[/?]|$))[A-Za-z0-9%]+{_SHELF}){_TAB}",
        ),
    }
    address = {
        "video": "https://www.youtube.com/watch?v={id}",
        "short": "https://www.youtube.com/shorts/{id}",
        "clip": "https://www.youtube.com/clip/{id}",
        "playlist": "https://www.youtube.com/playlist?list={id}",
    }
    extractors = ("youtube.*",)
    #: Clients in the order of what they cost: nothing, a proof of origin, a run of JavaScript (0.5 s and 100 MB at
    #: best), an account that the site may lock.
    ways = (
        Way("plain", _clients("visionos"), anonymous=True),
        Way("proof", _clients("mweb"), needs=("po_token",), uses=("javascript",), anonymous=True),
        Way("script", _clients("default"), needs=("javascript",), uses=("po_token",), anonymous=True),
        Way("web", _clients("web_embedded", "web_safari"), ("javascript", "po_token"), anonymous=True),
        Way("account", _clients("default", "mweb"), needs=("cookies",), uses=("javascript", "po_token")),
    )
    starts = ("t", "start", "time_continue")
    rate = 2.0
    examples = {
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube.com/watch?list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl&v=dQw4w9WgXcQ&t=43s": "dQw4w9WgXcQ",
        "HTTPS://YOUTU.BE/dQw4w9WgXcQ?si=abcdef": "dQw4w9WgXcQ",
        "youtu.be/dQw4w9WgXcQ&feature=share": "dQw4w9WgXcQ",
        "https://m.youtube.com:443/watch?app=desktop&v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://music.youtube.com./watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://de.youtube.com/watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?start=5": "dQw4w9WgXcQ",
        "https://www.youtubekids.com/watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://youtube.googleapis.com/v/dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ?feature=share": "dQw4w9WgXcQ",
        "https://www.youtube.com/live/dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube.com/clip/UgytZKpehg-hEMBSn3F4AaABCQ": "UgytZKpehg-hEMBSn3F4AaABCQ",
        "https://www.youtube.com/@NASA/live": "@nasa/live",
        "https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3DdQw4w9WgXcQ%26feature%3Dshare": "dQw4w9WgXcQ",
        "https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Flive%2FdQw4w9WgXcQ%3Fcbrd%3D1&gl=NL": (
            "dQw4w9WgXcQ"
        ),
        "https://www.youtube.com/playlist?list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl": (
            "playlist:PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl"
        ),
        "https://www.youtube.com/embed/videoseries?list=PL6IaIsEjSbf96XFRuNccS": "playlist:PL6IaIsEjSbf96XFRuNccS",
        "https://www.youtube.com/channel/UCLA_DiR1FfKNvjuUpBHmylQ/videos": "channel:UCLA_DiR1FfKNvjuUpBHmylQ",
        "https://www.youtube.com/@NASA": "channel:@nasa",
        "https://www.youtube.com/@NASA/shorts": "channel:@nasa/shorts",
        "https://www.youtube.com/c/NASA/featured": "channel:c/nasa",
        "https://www.youtube.com/NASAgovVideo": "channel:nasagovvideo",
        "https://www.youtube.com/source/Lyj-MZSAA9o/shorts": "sound:Lyj-MZSAA9o",
        "https://www.youtube.com/hashtag/Goldcrest": "tag:goldcrest",
        "https://www.youtube.com/results?search_query=Goldcrest+song": "search:goldcrest+song",
    }
    strangers = (
        "https://www.youtube.com/",
        "https://youtu.be/",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=tooshort",
        "https://www.youtube.com/watch?feature=foo",
        "https://www.youtube.com/redirect?q=https%3A%2F%2Fexample.com",
        "https://www.youtube.com/feed/subscriptions",
        "https://www.youtube.com/premium",
        "https://accounts.youtube.com/accounts/SetSID",
        "https://studio.youtube.com/video/dQw4w9WgXcQ/edit",
    )

    async def page(self, link: Link, extractor: Extractor, first: int, count: int) -> Listing:
        """A channel without a named shelf is its videos, its streams or its shorts: the first that it has."""
        if link.kind != "channel" or re.search(rf"{_SHELF[:-1]}$", "/" + link.id):
            return await super().page(link, extractor, first, count)
        root = f"https://www.youtube.com/{'channel/' if link.id.startswith('UC') else ''}{link.id}"
        for number, shelf in enumerate(_SHELVES):
            try:
                page = await super().page(replace(link, url=f"{root}/{shelf}"), extractor, first, count)
            except EmptyList:
                continue
            others = tuple(Entry(each, f"{root}/{name}", name) for each, name in enumerate(_SHELVES[number + 1 :], 1))
            return replace(page, url=link.url, shelves=others)
        raise EmptyList

    def beside(self, link: Link) -> Link | None:
        """The playlist or mix that a video was opened from."""
        found = _BESIDE.search(link.text)
        if found is None or link.kind in LIST_KINDS:
            return None
        return self.match(f"https://www.youtube.com/playlist?list={found['id']}", link.text)

    def asked_at(self, url: str) -> str:
        """A mix is asked for at the video that it begins with."""
        mix = _MIX.fullmatch(url.partition("/playlist?list=")[2])
        return f"https://www.youtube.com/watch?v={mix['video']}&list={mix[0]}" if mix else url

    def poor(self, info: Mapping[str, Any]) -> bool:
        """Whether of all films only the one is there that is left to clients without proof; a stream has others."""
        if info.get("live_status") in {"is_live", "is_upcoming"}:
            return False
        films = {str(each.get("format_id")) for each in info.get("formats") or () if each.get("vcodec") != "none"}
        return films == {_CONSOLATION}
