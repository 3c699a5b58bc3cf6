"""Mixcloud: shows and sets; a person's uploads and playlists."""

from platforms.base import Platform

_PAGES = (
    "about|advertise|account|categories|competition|dashboard|developers|discover|discovery|genres|groups|jobs|legal|live"
    "|media|messages|oembed|player|premium|press|privacy|pro|search|select|settings|signup|tag|terms|thumbnailer|upload"
    "|widget"
)
_USER = rf"(?!(?:{_PAGES})(?:[/?]|$))[^/?&]+"
_SHELVES = "uploads|favorites|listens|stream"


class Mixcloud(Platform):
    hosts = ("mixcloud.com",)
    subdomains = "www|m|beta"
    paths = {
        "track": rf"/(?P<id>{_USER}/(?!(?:{_SHELVES}|playlists|followers|following|reposts)(?:[/?]|$))[^/?&]+)",
        "playlist": rf"/(?P<id>{_USER}/playlists/[^/?&]+)",
        "user": rf"/(?P<id>{_USER}(?:/(?:{_SHELVES}))?)",
    }
    address = {
        "track": "https://www.mixcloud.com/{id}/",
        "playlist": "https://www.mixcloud.com/{id}/",
        "user": "https://www.mixcloud.com/{id}/",
    }
    extractors = ("mixcloud.*",)
    examples = {
        "https://www.mixcloud.com/dholbach/cryptkeeper/": "dholbach/cryptkeeper",
        "m.mixcloud.com/dholbach/cryptkeeper?fbclid=x": "dholbach/cryptkeeper",
        "https://beta.mixcloud.com/RedLightRadio/nosedrip-15/": "RedLightRadio/nosedrip-15",
        "https://www.mixcloud.com/maxvibes/playlists/jazzcat/": "playlist:maxvibes/playlists/jazzcat",
        "https://www.mixcloud.com/dholbach/": "user:dholbach",
        "https://www.mixcloud.com/dholbach/favorites/": "user:dholbach/favorites",
    }
    strangers = (
        "https://www.mixcloud.com/",
        "https://www.mixcloud.com/discover/jazz/",
        "https://www.mixcloud.com/search/?q=jazz",
        "https://www.mixcloud.com/dholbach/playlists/",
        "https://www.mixcloud.com/widget/iframe/?feed=%2Fdholbach%2Fcryptkeeper%2F",
        "https://help.mixcloud.com/hc/en-us",
    )
