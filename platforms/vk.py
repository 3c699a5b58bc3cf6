"""VK: videos, clips, streams and posts of walls; playlists and profiles; a short link that may lead anywhere."""

import re
from dataclasses import replace

from platforms.base import Platform
from platforms.shapes import Link

_ID = r"(?P<id>-?[0-9]+_[0-9]+)"
_PLAYER = re.compile(r"https?://[^/]+/video_ext\.php\?(?:.*?&)??oid=(-?[0-9]+)&(?:.*?&)??id=([0-9]+)")


class Vk(Platform):
    hosts = ("vk.com", "vk.ru", "vkvideo.ru", "vkplay.live", "live.vkplay.ru", "vk.cc")
    login_cookies = ("remixsid",)
    subdomains = "m|new|vksport|live"
    paths = {
        "video": (
            r"vkplay\.live/[\w.-]+/record/(?P<id>[0-9a-f-]{36})(?:/\w+)?",
            r"live\.vk(?:play|video)\.ru/[\w.-]+/record/(?P<id>[0-9a-f-]{36})(?:/\w+)?",
            rf"/video{_ID}",
            rf"/[^?]*\?(?:.*?&)??z=video{_ID}(?:%2F[^&]*)?",
        ),
        "short": (rf"/clip{_ID}", rf"/[^?]*\?(?:.*?&)??z=clip{_ID}(?:%2F[^&]*)?"),
        "live": (r"vkplay\.live/(?P<name>[\w.-]+)", r"live\.vk(?:play|video)\.ru/(?P<name>[\w.-]+)"),
        "item": (
            r"(?:(?:m|new)\.)?vk\.(?:com|ru)/(?P<id>wall-?[0-9]+_[0-9]+)",
            r"(?:(?:m|new)\.)?vk\.(?:com|ru)/[^?]+\?(?:.*?&)??w=(?P<id>wall-?[0-9]+_[0-9]+)",
        ),
        "playlist": r"/(?:video/)?playlist/(?P<id>-?[0-9]+_-?[0-9]+)",
        "user": r"/(?:video/)?(?P<name>@[\w.-]+)(?:/all)?",
    }
    shares = (r"vk\.cc/(?P<id>\w{4,12})",)
    address = {
        "item": "https://vk.com/{id}",
        "live": "https://live.vkvideo.ru/{id}",
        "playlist": "https://vkvideo.ru/playlist/{id}",
        "user": "https://vkvideo.ru/{id}",
    }
    extractors = ("vk.*",)
    starts = ("t",)
    examples = {
        "https://vk.com/video205387401_165548505": "205387401_165548505",
        "https://www.vk.com/video205387401_165548505": "205387401_165548505",
        "https://m.vk.ru/video-220754053_456242564": "-220754053_456242564",
        "https://vkvideo.ru/video-127553155_456242961?list=ln-cBjJ7S4jYYx3ADnmDT": "-127553155_456242961",
        "https://vk.com/videos-77521?z=video-77521_162222515%2Fclub77521": "-77521_162222515",
        "https://vk.com/video_ext.php?oid=-77521&id=162222515&hash=87b046504ccd8bfa": "-77521_162222515",
        "https://vkplay.live/Zitsmann/record/f5e6e3b5-dc52-4d14-965d-0680dd2882da": (
            "f5e6e3b5-dc52-4d14-965d-0680dd2882da"
        ),
        "https://live.vkvideo.ru/lebwa/record/33a4e4ce-e3ef-49db-bb14-f006cc6fabc9/records": (
            "33a4e4ce-e3ef-49db-bb14-f006cc6fabc9"
        ),
        "https://vk.com/clip30014565_456240946": "30014565_456240946",
        "https://vk.com/clips-74006511?z=clip-74006511_456247211": "-74006511_456247211",
        "https://vkplay.live/Bayda": "bayda",
        "https://live.vkplay.ru/lebwa": "lebwa",
        "https://vk.com/wall-32370614_7173954": "wall-32370614_7173954",
        "https://vk.com/bs.official?w=wall-23538238_35": "wall-23538238_35",
        "https://vk.com/video/playlist/-174476437_2": "playlist:-174476437_2",
        "https://vkvideo.ru/playlist/-51890028_-2": "playlist:-51890028_-2",
        "https://vk.com/video/@Mobidevices?section=uploaded": "user:@mobidevices",
        "https://vk.cc/aBcD12": "share:aBcD12",
    }
    strangers = (
        "https://vk.com/",
        "https://vk.com/feed",
        "https://vk.com/bs.official",
        "https://vk.com/video_ext.php?oid=-77521",
        "https://vk.com/away.php?to=https%3A%2F%2Fexample.com",
        "https://login.vk.com/video205387401_165548505",
        "https://vk.cc/",
    )

    def match(self, url: str, text: str = "") -> Link | None:
        """The player's link has the two halves of the id apart; yt-dlp knows no `www.`."""
        url = url.replace("://www.vk", "://vk", 1)
        found = _PLAYER.match(url)
        link = super().match(f"{url.partition('video_ext.php')[0]}video{found[1]}_{found[2]}" if found else url, text)
        return replace(link, url=url) if link else None
