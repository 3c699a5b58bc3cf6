"""SoundCloud: tracks, private ones whose link carries a token; sets, stations and profiles; short links."""

from platforms.base import Platform
from platforms.shapes import Link

#: First segments that are pages of the site itself; any other is a profile.
_PAGES = (
    "artists|charts|checkout|community-guidelines|connect|creators|discover|download|explore|feed|for-artists|forgot|go"
    "|groups|imprint|jobs|library|likes|login|logout|messages|mobile|notifications|oauth2|pages|people|player|playlists"
    "|popular|press|pro|search|sets|settings|signin|signup|stations|stream|subscribe|tags|terms-of-use|tracks|upload|you"
)
_USER = rf"(?!(?:{_PAGES})(?:[/?]|$))[\w-]+"
_SHELF = "albums|comments|likes|reposts|sets|spotlight|tracks"
_PAGE = rf"(?!(?:{_SHELF}|followers|following|popular-tracks|toptracks)(?:[/?]|$))[\w-]+"
_API = r"api(?:-v2)?\.soundcloud\.com"
_PLAYER = r"[wp]\.soundcloud\.com/player/?\?(?:.*?&)??url=https?(?::|%3A)(?:/|%2F){2}"


class Soundcloud(Platform):
    hosts = ("soundcloud.com",)
    login_cookies = ("oauth_token",)
    subdomains = "www|m|w|p|player|api|api-v2|on"
    paths = {
        "track": (
            rf"{_API}/tracks/(?:soundcloud(?::|%3A)tracks(?::|%3A))?(?P<id>[0-9]+)",
            rf"{_PLAYER}{_API}(?:/|%2F)tracks(?:/|%2F)(?P<id>[0-9]+)(?:%3F.*)?",
            rf"/(?P<name>{_USER}/{_PAGE})(?:/s-\w+)?",
        ),
        "playlist": (
            rf"{_API}/playlists/(?:soundcloud(?::|%3A)playlists(?::|%3A))?(?P<id>[0-9]+)",
            rf"{_PLAYER}{_API}(?:/|%2F)playlists(?:/|%2F)(?P<id>[0-9]+)(?:%3F.*)?",
            r"/(?P<name>(?:discover|[\w-]+)/sets/[\w:-]+)(?:/[\w-]+)?",
            rf"/(?P<name>{_USER}/{_PAGE}/(?:albums|sets|recommended))",
            r"/(?P<name>stations/track/[\w-]+/[\w-]+)",
        ),
        "user": (rf"{_API}/users/(?P<id>[0-9]+)", rf"/(?P<name>{_USER}(?:/(?:{_SHELF}))?)"),
    }
    shares = (r"on\.soundcloud\.com/(?P<id>\w{4,24})",)
    extractors = ("soundcloud.*",)
    starts = ("t",)
    rate = 2.0
    examples = {
        "http://soundcloud.com/Ethmusic/lostin-powers-she-so-heavy?si=x&utm_source=clipboard#t=0:43": (
            "ethmusic/lostin-powers-she-so-heavy"
        ),
        "https://soundcloud.com/jaimemf/youtube-dl-test-video-a-y-baw/s-8Pjrp": "jaimemf/youtube-dl-test-video-a-y-baw",
        "https://m.soundcloud.com/the80m/the-following?in=a/sets/b": "the80m/the-following",
        "https://api.soundcloud.com/tracks/123998367?secret_token=s-8Pjrp": "123998367",
        "https://api.soundcloud.com/tracks/soundcloud%3Atracks%3A1083788353": "1083788353",
        "https://w.soundcloud.com/player/?visual=true&url=https%3A//api.soundcloud.com/tracks/123998367&color=x": (
            "123998367"
        ),
        "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Fplaylists%2F922213810": (
            "playlist:922213810"
        ),
        "https://api.soundcloud.com/playlists/4110309": "playlist:4110309",
        "https://soundcloud.com/the-concept-band/sets/the-royal-concept-ep/token": (
            "playlist:the-concept-band/sets/the-royal-concept-ep"
        ),
        "https://soundcloud.com/discover/sets/weekly::flacmatic": "playlist:discover/sets/weekly::flacmatic",
        "https://soundcloud.com/wajang/sexapil-pingers-5/recommended": "playlist:wajang/sexapil-pingers-5/recommended",
        "https://soundcloud.com/stations/track/officialsundial/your-text": (
            "playlist:stations/track/officialsundial/your-text"
        ),
        "https://soundcloud.com/soft-cell-official": "user:soft-cell-official",
        "https://api.soundcloud.com/users/30909869": "user:30909869",
        "https://soundcloud.com/jcv246/reposts": "user:jcv246/reposts",
        "https://on.soundcloud.com/AbCdEfGhIj": "share:AbCdEfGhIj",
    }
    strangers = (
        "https://soundcloud.com/",
        "https://soundcloud.com/discover",
        "https://soundcloud.com/search?q=goldcrest",
        "https://soundcloud.com/you/likes",
        "https://soundcloud.com/signin?redirect_url=/the80m/the-following",
        "https://help.soundcloud.com/hc/articles",
        "https://on.soundcloud.com/",
    )

    def match(self, url: str, text: str = "") -> Link | None:
        """A start time stands behind `#`, where yt-dlp's pattern takes nothing."""
        return super().match(url.replace("#t=", "&t=" if "?" in url else "?t="), text)
