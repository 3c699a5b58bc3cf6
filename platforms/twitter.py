"""X, once Twitter: posts with videos or photos, broadcasts and spaces; short links that hide their post."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9]{1,20})"
_POST = r"/(?:(?:i/web|\w{1,20})/status(?:es)?|statuses)"
#: the pictures of a post and what fixers add: a language or the ending of a file
_VIEW = r"(?:/(?:photo|video)/[0-9]|/mediaviewer)?(?:/[a-z]{2})?(?:\.(?:mp4|jpe?g|png|gif))?"


class Twitter(Platform):
    hosts = ("x.com", "twitter.com", "t.co", "amp.twimg.com")
    login_cookies = ("auth_token",)
    fixers = ("fxtwitter.com", "vxtwitter.com", "fixupx.com", "fixvx.com", "twittpr.com", "pxtwitter.com", "nitter.net")
    subdomains = "www|m|mobile|pic|platform"
    paths = {
        "item": (
            rf"{_POST}/(?P<id>[0-9]{{1,20}}/video/[2-9])",
            rf"{_POST}/{_ID}{_VIEW}",
            rf"/i/(?:cards/tfw/v1|videos(?:/tweet)?)/{_ID}",
            rf"platform\.twitter\.com/embed/Tweet\.html\?(?:.*?&)??id={_ID}",
        ),
        "video": r"amp\.twimg\.com/v/(?P<id>[0-9a-f-]{36})",
        "live": r"/(?P<id>i/(?:broadcasts|events|spaces)/\w{1,20})",
    }
    shares = (r"t\.co/(?P<id>\w{4,20})", r"pic\.(?:twitter|x)\.com/(?P<id>\w{4,20})")
    address = {"item": "https://x.com/i/status/{id}", "live": "https://x.com/{id}"}
    extractors = ("twitter.*",)
    items = 20
    examples = {
        "https://twitter.com/starwars/status/665052190608723968?s=20&t=abc": "665052190608723968",
        "https://x.com/i/web/status/910031516746514432": "910031516746514432",
        "https://mobile.twitter.com/i/status/910031516746514432/photo/1": "910031516746514432",
        "https://x.com/CTVJLaidlaw/status/1600649710662213632/video/1": "1600649710662213632",
        "https://x.com/CTVJLaidlaw/status/1600649710662213632/video/2": "1600649710662213632/video/2",
        "https://fxtwitter.com/starwars/status/665052190608723968/de": "665052190608723968",
        "https://d.fixupx.com/starwars/status/665052190608723968.mp4": "665052190608723968",
        "vxtwitter.com/starwars/status/665052190608723968": "665052190608723968",
        "https://twitter.com/i/videos/752274308186120192": "752274308186120192",
        "https://platform.twitter.com/embed/Tweet.html?dnt=true&id=665052190608723968": "665052190608723968",
        "https://amp.twimg.com/v/0ba0c3c7-0af3-4c0a-bed5-7efd1ffa2951": "0ba0c3c7-0af3-4c0a-bed5-7efd1ffa2951",
        "https://twitter.com/i/broadcasts/1yNGaQLWpejGj": "i/broadcasts/1yNGaQLWpejGj",
        "https://x.com/i/events/1910629646300762112": "i/events/1910629646300762112",
        "https://x.com/i/spaces/1DXGydznBYWKM": "i/spaces/1DXGydznBYWKM",
        "https://t.co/AbCdEfGh12": "share:AbCdEfGh12",
        "pic.twitter.com/AbCdEfGh12": "share:AbCdEfGh12",
    }
    strangers = (
        "https://x.com/",
        "https://x.com/NASA",
        "https://twitter.com/home",
        "https://x.com/search?q=cats",
        "https://x.com/NASA/status/",
        "https://x.com/i/flow/login?redirect_after_login=%2FNASA%2Fstatus%2F665052190608723968",
        "https://help.twitter.com/a/status/665052190608723968",
        "https://fxtwitter.com/NASA",
        "https://t.co/",
    )
