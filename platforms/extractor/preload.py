"""What the forkserver loads once so that every child starts warm: yt-dlp, certificates, the table of extractors."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterable, Mapping

from yt_dlp.downloader import hls
from yt_dlp.networking._helper import make_ssl_context

from platforms.extractor.extractors import Extractors
from platforms.extractor.guard import GuardedYoutubeDL, Loaded, NoFFmpeg, parameters
from platforms.extractor.lean import Table, find_sites
from platforms.extractor.protocol import Boot, Order
from utils.ffmpeg import find_ffmpeg


def preload(boot: Boot, find: Callable[[Iterable[str]], Table] = find_sites) -> Loaded:
    """List the extractors of the served sites, read the roots of trust, build everything once."""
    hls.FFmpegFD = NoFFmpeg
    urllib.request.proxy_bypass = no_bypass
    tls = make_ssl_context(use_certifi=False)
    if boot.trust:
        tls.load_verify_locations(boot.trust)
    loaded = Loaded(Extractors(find(boot.enabled)), tls, find_ffmpeg())
    # Whatever yt-dlp loads or caches at the first use is shared by all children from here on.
    with GuardedYoutubeDL(parameters(Order("extract", "", "http://127.0.0.1:1"), None), loaded) as first:
        first.get_info_extractor("Generic")
    return loaded


def no_bypass(host: str, proxies: Mapping[str, str] | None = None) -> bool:  # noqa: ARG001 - urllib's signature
    """In place of urllib's own, which leaves the proxy out for hosts that `no_proxy` in the environment names."""
    return False
