"""Tumblr: posts with videos, photos or sound, under their blog's name or the site's; short links."""

from dataclasses import replace

from platforms.base import Platform
from platforms.shapes import Link

_ID = r"(?P<id>[0-9]{6,20})"
#: First segments that are pages of the site itself; any other is a blog.
_PAGES = "blog|dashboard|explore|help|likes|login|new|post|register|reblog|search|settings|tagged|tips|video"
_BLOG = rf"(?!(?:{_PAGES})/)[\w-]+"


class Tumblr(Platform):
    hosts = ("tumblr.com", "tmblr.co")
    fixers = ("tpmblr.com",)
    subdomains = r"(?!(?:api|assets|embed|support|help|\w+\.media)\.)[\w-]{1,63}"
    paths = {
        "item": (
            rf"(?!(?:www|at)\.)[\w-]+\.tumblr\.com/(?:post|video)/{_ID}(?:/[^?]*)?",
            rf"(?:www\.)?tumblr\.com/{_BLOG}/{_ID}(?:/[^?]*)?",
        ),
    }
    shares = (r"at\.tumblr\.com/[\w-]+/(?:[\w-]+/)?(?P<id>\w{8,20})", r"tmblr\.co/(?P<id>[\w-]{5,30})")
    extractors = ("tumblr",)
    items = 20
    examples = {
        "http://tatianamaslanydaily.tumblr.com/post/54196191430/orphan-black-dvd-extra": "54196191430",
        "https://www.tumblr.com/autumnsister/765162750456578048?source=share": "765162750456578048",
        "https://www.tumblr.com/felixcosm/730460905855467520/if-youre-looking-for-new-music": "730460905855467520",
        "https://tpmblr.com/autumnsister/765162750456578048": "765162750456578048",
        "https://at.tumblr.com/autumnsister/if-youre-looking/0a1b2c3d4e5f": "share:0a1b2c3d4e5f",
        "https://tmblr.co/ZAbCdEfGh-1234": "share:ZAbCdEfGh-1234",
    }
    strangers = (
        "https://www.tumblr.com/",
        "https://www.tumblr.com/autumnsister",
        "https://autumnsister.tumblr.com/archive",
        "https://www.tumblr.com/search/765162750456578048",
        "https://api.tumblr.com/post/54196191430",
        "https://www.tumblr.com/login?redirect_to=/autumnsister/765162750456578048",
    )

    def match(self, url: str, text: str = "") -> Link | None:
        """yt-dlp wants a name before the site's."""
        link = super().match(url, text)
        return replace(link, url=link.url.replace("://tumblr.", "://www.tumblr.", 1)) if link else None
