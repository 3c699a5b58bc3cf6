"""Bandcamp: tracks on the artists' own subdomains, albums and discographies, the radio."""

from platforms.base import Platform

_ARTIST = r"(?!(?:www|m|daily|get|help|blog|status|bandcamp|f4|t4)\.)[\w-]+\.bandcamp\.com"


class Bandcamp(Platform):
    hosts = ("bandcamp.com",)
    subdomains = r"[\w-]+"
    paths = {
        "track": rf"(?P<name>{_ARTIST}/track/[^/?&]+)",
        "item": r"(?:www\.|m\.)?bandcamp\.com/radio/?\?(?:.*?&)??show=(?P<id>[0-9]+)",
        "playlist": rf"(?P<name>{_ARTIST}/album/[^/?&]+)",
        "user": rf"(?P<name>{_ARTIST})(?:/music)?",
    }
    address = {
        "track": "https://{id}",
        "item": "https://bandcamp.com/radio?show={id}",
        "playlist": "https://{id}",
        "user": "https://{id}/music",
    }
    extractors = ("bandcamp.*",)
    examples = {
        "http://benprunty.bandcamp.com/track/lanius-battle?from=embed": "benprunty.bandcamp.com/track/lanius-battle",
        "https://bandcamp.com/radio?foo=bar&show=224": "224",
        "blazo.bandcamp.com/album/jazz-format-mixtape-vol-1": (
            "playlist:blazo.bandcamp.com/album/jazz-format-mixtape-vol-1"
        ),
        "https://AdrianVonZiegler.bandcamp.com": "user:adrianvonziegler.bandcamp.com",
        "https://steviasphere.bandcamp.com/music": "user:steviasphere.bandcamp.com",
    }
    strangers = (
        "https://bandcamp.com/",
        "https://bandcamp.com/discover/ambient",
        "https://bandcamp.com/search?q=jazz",
        "https://daily.bandcamp.com/features/some-article",
        "https://benprunty.bandcamp.com/merch",
        "https://www.bandcamp.com/track/lanius-battle",
    )
