"""Loom: recordings with or without a title in their link; folders."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9a-f]{32})"


class Loom(Platform):
    hosts = ("loom.com",)
    paths = {
        "video": rf"/(?:share|embed)/(?:[^/?]*-)?{_ID}",
        "playlist": rf"/share/folder/{_ID}(?:/[^/?]+)?",
    }
    address = {
        "video": "https://www.loom.com/share/{id}",
        "playlist": "https://www.loom.com/share/folder/{id}",
    }
    extractors = ("loom.*",)
    starts = ("t",)
    examples = {
        "https://www.loom.com/share/43d05f362f734614a2e81b4694a3a523?sid=1b": "43d05f362f734614a2e81b4694a3a523",
        "loom.com/share/How-to-use-it-43d05f362f734614a2e81b4694a3a523": "43d05f362f734614a2e81b4694a3a523",
        "https://www.loom.com/embed/ddcf1c1ad21f451ea7468b1e33917e4e": "ddcf1c1ad21f451ea7468b1e33917e4e",
        "https://www.loom.com/share/folder/bae17109a68146c7803454f2893c8cf8/Edpuzzle": (
            "playlist:bae17109a68146c7803454f2893c8cf8"
        ),
    }
    strangers = (
        "https://www.loom.com/",
        "https://www.loom.com/pricing",
        "https://www.loom.com/login",
        "https://www.loom.com/share/",
        "https://support.loom.com/share/43d05f362f734614a2e81b4694a3a523",
    )
