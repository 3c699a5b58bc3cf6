"""Newgrounds: films and music, which count apart; collections, searches, an artist's works."""

from platforms.base import Platform


class Newgrounds(Platform):
    hosts = ("newgrounds.com",)
    subdomains = r"[\w-]+"
    paths = {
        "video": r"(?:www\.)?newgrounds\.com/portal/view/(?P<id>[0-9]+)(?:/format/flash)?",
        "track": r"(?:www\.)?newgrounds\.com/(?P<id>audio/listen/[0-9]+)",
        "playlist": r"(?:www\.)?newgrounds\.com/(?P<id>collection/[^/?&]+)",
        "search": r"(?:www\.)?newgrounds\.com/(?P<id>(?:audio|movies|portal)/search/[^/?&]+/[^/?&]+)",
        "user": r"(?P<name>(?!www\.)[\w-]+\.newgrounds\.com/(?:movies|audio))",
    }
    address = {"video": "https://www.newgrounds.com/portal/view/{id}", "user": "https://{id}"}
    extractors = ("newgrounds.*",)
    examples = {
        "https://www.newgrounds.com/portal/view/297383/format/flash": "297383",
        "newgrounds.com/portal/view/1": "1",
        "https://www.newgrounds.com/audio/listen/549479": "audio/listen/549479",
        "https://www.newgrounds.com/collection/cats": "playlist:collection/cats",
        "http://www.newgrounds.com/audio/search/title/cats": "search:audio/search/title/cats",
        "https://Burn7.newgrounds.com/audio": "user:burn7.newgrounds.com/audio",
    }
    strangers = (
        "https://www.newgrounds.com/",
        "https://www.newgrounds.com/portal/view/",
        "https://www.newgrounds.com/art/view/burn7/picture",
        "https://burn7.newgrounds.com/",
        "https://www.newgrounds.com/bbs/topic/1",
    )
