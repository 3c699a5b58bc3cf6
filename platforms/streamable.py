"""Streamable: videos in pages and players."""

from platforms.base import Platform

#: First segments that are pages of the site itself.
_PAGES = "about|clipper|contact|faq|help|jobs|login|logout|privacy|pricing|search|settings|signup|terms|upload"


class Streamable(Platform):
    hosts = ("streamable.com",)
    subdomains = "www"
    paths = (
        r"/s/(?P<id>[0-9a-z]{3,10})/\w+",
        rf"/(?:[eot]/)?(?P<id>(?!(?:{_PAGES})(?:[/?]|$))[0-9a-z]{{3,10}})",
    )
    address = {"video": "https://streamable.com/{id}"}
    extractors = ("streamable",)
    starts = ("t",)
    rate = 2.0
    examples = {
        "https://streamable.com/dnd1": "dnd1",
        "https://www.streamable.com/e/dnd1?autoplay=1": "dnd1",
        "https://streamable.com/o/dnd1": "dnd1",
        "streamable.com/s/okkqk/drxjds": "okkqk",
    }
    strangers = (
        "https://streamable.com/",
        "https://streamable.com/login",
        "https://streamable.com/documentation",
        "https://support.streamable.com/dnd1",
        "https://streamable.com/settings/dnd1",
    )
