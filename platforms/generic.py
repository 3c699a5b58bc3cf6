"""Any other page or file: claimed under its own address, read by the generic extractors alone."""

import re

from platforms.base import Platform
from platforms.shapes import Link

_KINDS = (
    ("video", re.compile(r"\.(?:mp4|m4v|mov|webm|mkv|avi|flv|ts|mpg|mpeg|3gp|ogv|m3u8|mpd)", re.IGNORECASE)),
    ("track", re.compile(r"\.(?:mp3|m4a|aac|ogg|oga|opus|flac|wav|wma)", re.IGNORECASE)),
    ("photo", re.compile(r"\.(?:jpe?g|png|webp|gif|avif|heic|bmp)", re.IGNORECASE)),
)


class Generic(Platform):
    #: parts of sites that hold nothing but files, which need no page to be found
    hosts = ("i.redd.it", "preview.redd.it", "i.pinimg.com", "pbs.twimg.com", "video.twimg.com")
    extractors = ("generic", "html5")
    examples = {
        "https://example.com/clip.mp4": "https://example.com/clip.mp4",
        "https://example.com/news/1?utm_source=x&page=2#top": "https://example.com/news/1?page=2",
        "https://i.redd.it/gyh95hiqc0b11.jpg": "https://i.redd.it/gyh95hiqc0b11.jpg",
        "HTTP://Example.com.:80/Song.MP3": "http://example.com/Song.MP3",
        "https://notyoutube.com/watch?v=dQw4w9WgXcQ": "https://notyoutube.com/watch?v=dQw4w9WgXcQ",
        "https://youtube.com.evil.io/watch?v=dQw4w9WgXcQ": "https://youtube.com.evil.io/watch?v=dQw4w9WgXcQ",
        "https://evil.io/?u=https://www.youtube.com/watch?v=dQw4w9WgXcQ": (
            "https://evil.io/?u=https://www.youtube.com/watch?v=dQw4w9WgXcQ"
        ),
    }

    def match(self, url: str, text: str = "") -> Link:
        """Always a link; what its name ends in tells the kind."""
        ending = url.partition("?")[0].partition("#")[0][-8:]
        ending = ending[max(ending.rfind("."), 0) :]
        kind = next((kind for kind, pattern in _KINDS if pattern.fullmatch(ending)), "item")
        start, end = self.times(url)
        item = url if start is None and end is None else url.partition("#")[0]
        return Link(item, f"{self.name}:{item}", self.name, kind, item, text, start_seconds=start, end_seconds=end)
