"""Odysee (LBRY): videos and streams by name and claim, channels, playlists."""

from platforms.base import Platform

_CLAIM = "[0-9a-f]{1,40}"
_NAME = r"[^$@:/?#&]+"


class Odysee(Platform):
    hosts = ("odysee.com", "lbry.tv")
    paths = {
        "video": (
            rf"/\$/(?:download|embed)/(?P<id>{_NAME}/{_CLAIM})",
            rf"/(?:\$/(?:download|embed)/)?(?P<id>@{_NAME}(?::{_CLAIM})?/{_NAME}(?::{_CLAIM})?)",
            rf"/(?:\$/(?:download|embed)/)?(?P<id>{_NAME}:{_CLAIM})",
            rf"/(?P<id>(?!@){_NAME}/{_CLAIM})",
        ),
        "playlist": r"/\$/(?:play)?list/(?P<id>[0-9a-f-]{8,40})",
        "channel": rf"/(?P<id>@{_NAME}(?::{_CLAIM})?)",
    }
    address = {
        "video": "https://odysee.com/{id}",
        "playlist": "https://odysee.com/$/playlist/{id}",
        "channel": "https://odysee.com/{id}",
    }
    extractors = ("lbry.*",)
    starts = ("t",)
    examples = {
        "https://odysee.com/@gardeningincanada:b/plants-i-will-never-grow-again.-the:e?r=x": (
            "@gardeningincanada:b/plants-i-will-never-grow-again.-the:e"
        ),
        "https://lbry.tv/@Mantega:1/First-day-LBRY:1": "@Mantega:1/First-day-LBRY:1",
        "lbry.tv/Episode-1:e7": "Episode-1:e7",
        "https://odysee.com/$/embed/Episode-1/e7d93d772bd87e2b62d5ab993c1c3ced86ebb396": (
            "Episode-1/e7d93d772bd87e2b62d5ab993c1c3ced86ebb396"
        ),
        "https://odysee.com/$/playlist/938fb11d-215f-4d1c-ad64-723954df2184": (
            "playlist:938fb11d-215f-4d1c-ad64-723954df2184"
        ),
        "https://odysee.com/@LBRYFoundation:0": "channel:@LBRYFoundation:0",
    }
    strangers = (
        "https://odysee.com/",
        "https://odysee.com/$/discover?t=cats",
        "https://odysee.com/$/signin?redirect=/@a:1/b:2",
        "https://odysee.com/$/help",
        "https://help.odysee.com/@a:1/b:2",
    )
