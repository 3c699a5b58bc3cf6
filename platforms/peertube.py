"""PeerTube: videos of well-known instances and of those that the settings name; playlists and channels there."""

import re

from platforms.base import Platform

_UUID = r"(?P<id>[0-9a-zA-Z]{22}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"


class Peertube(Platform):
    hosts = (
        "aperi.tube",
        "diode.zone",
        "framatube.org",
        "kolektiva.media",
        "libre.tube",
        "makertube.net",
        "peertube.cpy.re",
        "peertube.debian.social",
        "peertube.fr",
        "peertube.tv",
        "peertube2.cpy.re",
        "skeptikon.fr",
        "spectra.video",
        "tilvids.com",
        "toobnix.org",
        "tube.tchncs.de",
        "video.blender.org",
        "video.ploud.fr",
        "videos.john-livingston.fr",
        "vod.ksite.de",
    )
    paths = {
        # An id is the item's own on every instance that shows it; names of channels aren't.
        "video": rf"/(?:videos/(?:watch|embed)|w|api/v[0-9]/videos)/{_UUID}",
        "playlist": r"(?P<id>[^/]+/w/p/[\w-]+)",
        "channel": r"(?P<id>[^/]+/[ac]/[^/?&]+)(?:/(?:videos|video-channels|video-playlists))?",
    }
    extractors = ("peertube.*",)
    starts = ("start",)
    examples = {
        "https://framatube.org/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d": (
            "9c9de5e8-0a1e-484a-b099-e80766180a6d"
        ),
        "peertube2.cpy.re/w/3fbif9S3WmtTP8gGsC5HBd?start=1m": "3fbif9S3WmtTP8gGsC5HBd",
        "https://vod.ksite.de/videos/embed/fed67262-6edb-4d1c-833b-daa9085c71d7": (
            "fed67262-6edb-4d1c-833b-daa9085c71d7"
        ),
        "https://peertube.debian.social/w/p/hFdJoTuyhNJVa1cDWd1d12": (
            "playlist:peertube.debian.social/w/p/hFdJoTuyhNJVa1cDWd1d12"
        ),
        "https://peertube2.cpy.re/c/blender_open_movies@video.blender.org/videos": (
            "channel:peertube2.cpy.re/c/blender_open_movies@video.blender.org"
        ),
    }
    strangers = (
        "https://framatube.org/",
        "https://framatube.org/about/instance",
        "https://tilvids.com/videos/local",
        "https://tilvids.com/search?search=9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "https://peertube.tv/w/short",
    )

    def asked_at(self, url: str) -> str:
        """yt-dlp knows some instances by name; a video of any other is asked for by host and id."""
        place = re.fullmatch(
            rf"https?://([^/]+)/(?:videos/(?:watch|embed)|w|api/v[0-9]/videos)/{_UUID}/?(?:[?#&].*)?", url
        )
        return f"peertube:{place[1]}:{place['id']}" if place else url
