"""What the forkserver loads once so that every child starts warm: extractors, their URL patterns, certificates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yt_dlp.downloader import hls
from yt_dlp.networking._helper import make_ssl_context

from platforms.extractor.guard import GuardedYoutubeDL, Loaded, NoFFmpeg, parameters
from platforms.extractor.lean import Names, find_extractors, load
from platforms.extractor.protocol import Boot, Order
from utils.ffmpeg import find_ffmpeg


def preload(boot: Boot, find: Callable[[Sequence[str]], Names] = find_extractors) -> Loaded:
    """Import the extractors of `boot`, compile their patterns, read the roots of trust, build everything once."""
    hls.FFmpegFD = NoFFmpeg
    tls = make_ssl_context(use_certifi=False)
    if boot.trust:
        tls.load_verify_locations(boot.trust)
    loaded = Loaded(load(find(boot.extractors)), tls, find_ffmpeg())
    # Whatever yt-dlp loads or caches at the first use is shared by all children from here on.
    with GuardedYoutubeDL(parameters(Order("extract", "", "http://127.0.0.1:1"), None), loaded) as first:
        for extractor in loaded.extractors:
            extractor.suitable("https://example.com/")
            first.get_info_extractor(extractor.ie_key())
    return loaded
