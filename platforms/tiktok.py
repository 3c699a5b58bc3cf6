"""TikTok: videos, photo posts and streams; short links that hide their item; profiles, hashtags, sounds."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9]{6,25})"
_USER = r"@[\w.-]*"


class Tiktok(Platform):
    hosts = ("tiktok.com", "tiktokv.com")
    login_cookies = ("sessionid",)
    fixers = ("tfxktok.com", "tiktokez.com", "tiktxk.com", "tnktok.com", "vxtiktok.com")
    subdomains = "www|m|t|vm|vt|lite|[a-z]{2}"
    paths = {
        "video": (
            rf"/{_USER}/video/{_ID}",
            rf"/(?:share/(?:video|item)|embed(?:/v[0-9])?|player/v[0-9]|video)/{_ID}",
            rf"/v/{_ID}(?:\.html)?",
        ),
        "carousel": rf"/(?:{_USER}|share)/photo/{_ID}",
        "live": (r"/(?P<name>@[\w.-]+/live)", rf"/share/live/{_ID}"),
        "playlist": (
            rf"/@[\w.-]+/(?:collection|playlist)/(?:[^/?]*-)?{_ID}",
            r"/sticker/[\w.%-]+-(?P<id>[0-9]+)",
        ),
        "sound": rf"/music/(?:[^/?]*-)?{_ID}",
        "tag": r"/tag/(?P<name>[^/?&]+)",
        "user": r"/(?P<name>@[\w.-]+)",
    }
    shares = (
        r"(?:vm|vt)\.tiktok\.com/(?P<id>\w{6,16})",
        r"/t/(?P<id>\w{6,16})",
    )
    address = {
        "video": "https://www.tiktok.com/@/video/{id}",
        "carousel": "https://www.tiktok.com/@/video/{id}",
    }
    extractors = ("tiktok.*", r"vm\.tiktok")
    items = 20
    examples = {
        "https://www.tiktok.com/@scout2015/video/6718335390845095173": "6718335390845095173",
        "www.TikTok.com/@scout2015/video/6718335390845095173?is_from_webapp=1&_r=1": "6718335390845095173",
        "https://m.tiktok.com/v/6718335390845095173.html?_d=x": "6718335390845095173",
        "https://www.tiktok.com/@/video/6718335390845095173": "6718335390845095173",
        "https://www.tiktok.com/embed/v2/6718335390845095173": "6718335390845095173",
        "https://www.tiktok.com/player/v1/6718335390845095173": "6718335390845095173",
        "https://www.tiktokv.com/share/video/6718335390845095173/": "6718335390845095173",
        "https://www.vxtiktok.com/@scout2015/video/6718335390845095173": "6718335390845095173",
        "https://d.tnktok.com/@scout2015/video/6718335390845095173": "6718335390845095173",
        "https://vm.tfxktok.com/ZTR45GpSF/": "share:ZTR45GpSF",
        "https://www.tiktok.com/@scout2015/photo/7320000000000000000": "7320000000000000000",
        "https://www.tiktok.com/@Scout2015/live": "@scout2015/live",
        "https://vm.tiktok.com/ZTR45GpSF/": "share:ZTR45GpSF",
        "vt.tiktok.com/ZSe4FqkKd": "share:ZSe4FqkKd",
        "https://www.tiktok.com/t/ZTRC5xgJp": "share:ZTRC5xgJp",
        "https://www.tiktok.com/@Scout2015?lang=en": "user:@scout2015",
        "https://www.tiktok.com/tag/Goldcrest": "tag:goldcrest",
        "https://www.tiktok.com/music/Build-a-Btch-6956990112127585029": "sound:6956990112127585029",
        "https://www.tiktok.com/@scout2015/collection/best-7371330159376370462": "playlist:7371330159376370462",
    }
    strangers = (
        "https://www.tiktok.com/",
        "https://www.tiktok.com/foryou",
        "https://www.tiktok.com/explore",
        "https://www.tiktok.com/login?redirect_url=https%3A%2F%2Fwww.tiktok.com%2F%40a%2Fvideo%2F6718335390845095173",
        "https://www.tiktok.com/@scout2015/video/",
        "https://ads.tiktok.com/@scout2015/video/6718335390845095173",
        "https://vm.tiktok.com/",
    )
