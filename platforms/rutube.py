"""Rutube: videos, shorts and streams, private ones whose link carries a key; lists and channels."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9a-z]{32})"


class Rutube(Platform):
    hosts = ("rutube.ru",)
    paths = {
        "video": rf"/(?:video|(?:play/)?embed)/{_ID}",
        "short": rf"/shorts/{_ID}",
        "live": rf"/live/video/{_ID}",
        # no address: the key of a private video stays where it stands
        "item": (
            rf"rutube\.ru/(?:live/)?video/private/{_ID}",
            r"rutube\.ru/(?:video|play)/embed/(?P<id>[0-9]+)",
        ),
        "playlist": r"/(?P<id>plst/[0-9]+|metainfo/tv/[0-9]+|video/person/[0-9]+)",
        "tag": r"/tags/video/(?P<id>[0-9]+)",
        "channel": r"/(?P<id>(?:channel/[0-9]+|u/\w+)(?:/(?:videos|shorts|playlists))?)",
    }
    address = {
        "video": "https://rutube.ru/video/{id}/",
        "short": "https://rutube.ru/video/{id}/",
        "live": "https://rutube.ru/live/video/{id}/",
        "playlist": "https://rutube.ru/{id}/",
        "tag": "https://rutube.ru/tags/video/{id}/",
        "channel": "https://rutube.ru/{id}/",
    }
    extractors = ("rutube.*",)
    starts = ("t",)
    examples = {
        "https://rutube.ru/video/3eac3b4561676c17df9132a9a1e62e3e/?r=wd": "3eac3b4561676c17df9132a9a1e62e3e",
        "https://www.rutube.ru/play/embed/a10e53b86e8f349080f718582ce4c661": "a10e53b86e8f349080f718582ce4c661",
        "rutube.ru/shorts/3eac3b4561676c17df9132a9a1e62e3e/": "3eac3b4561676c17df9132a9a1e62e3e",
        "https://rutube.ru/live/video/c58f502c7bb34a8fcdd976b221fca292/": "c58f502c7bb34a8fcdd976b221fca292",
        "https://rutube.ru/video/private/884fb55f07a97ab673c7d654553e0f48/?p=x2QojCumHTS3rsKHWXN8Lg": (
            "884fb55f07a97ab673c7d654553e0f48"
        ),
        "https://rutube.ru/play/embed/8083783": "8083783",
        "https://rutube.ru/plst/308547/": "playlist:plst/308547",
        "https://rutube.ru/tags/video/1800/": "tag:1800",
        "https://rutube.ru/channel/25902603/shorts/": "channel:channel/25902603/shorts",
        "https://rutube.ru/u/rutube/": "channel:u/rutube",
    }
    strangers = (
        "https://rutube.ru/",
        "https://rutube.ru/video/",
        "https://rutube.ru/search/?query=3eac3b4561676c17df9132a9a1e62e3e",
        "https://rutube.ru/categories/tv/",
        "https://studio.rutube.ru/video/3eac3b4561676c17df9132a9a1e62e3e",
    )
