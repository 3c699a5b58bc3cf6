"""YoutubeDL behind bars: one proxy, http only, native downloaders, nothing of the machine's own configuration."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.external import FFmpegFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.downloader.http import HttpFD
from yt_dlp.networking import Request, Response
from yt_dlp.networking._urllib import UrllibRH
from yt_dlp.networking.impersonate import impersonate_preference
from yt_dlp.utils import determine_protocol

from platforms.extractor.announced import announced
from platforms.extractor.fragments import InPieces
from platforms.extractor.protocol import OPTIONS, Order
from platforms.extractor.sparing import SparingYoutubeDL
from utils.errors import DrmProtected, LiveNow, MediaTool, NoMedia, TooLarge, UnsafeLink

if TYPE_CHECKING:
    from platforms.extractor.extractors import Extractors

#: A page or manifest larger than this is no page; media is read in pieces and not concerned.
PAGE_BYTES: Final = 32 << 20
#: Entries of a list that one job looks at where its site names no figure.
LIST_ENTRIES: Final = 10
SCHEMES: Final = frozenset({"http", "https"})
#: Headers that steer yt-dlp itself instead of the site.
STEERING_HEADERS: Final = frozenset({"ytdl-request-proxy", "ytdl-socks-proxy", "youtubedl-no-compression"})
_VOD: Final = re.compile(r"#EXT-X-ENDLIST|#EXT-X-PLAYLIST-TYPE:\s*VOD")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the forkserver has prepared: extractor classes, a TLS context with all roots, the ffmpeg program.

    `browser`: makes the request handler with a browser's fingerprint, in a child that was asked for it.
    """

    extractors: Extractors
    tls: ssl.SSLContext
    ffmpeg: Path | None
    browser: Callable[..., Any] | None = None


class NativeHls(InPieces, HlsFD):
    """HLS without ever handing over to ffmpeg, which would open whatever the playlist names."""

    @classmethod
    def can_download(cls, manifest: str, info_dict: dict[str, Any], allow_unplayable_formats: bool = False) -> bool:
        """True, or an error that says why not."""
        if cls._has_drm(manifest):
            raise DrmProtected("HLS keys of a DRM system")
        if "#EXTINF" in manifest and not _VOD.search(manifest):
            raise LiveNow("an HLS playlist without an end")
        if not super().can_download(manifest, info_dict, allow_unplayable_formats):
            raise NoMedia("HLS encryption that isn't AES-128")
        return True


class NativeDash(InPieces, DashSegmentsFD):
    """DASH with fragments of any size."""


class NoFFmpeg(FFmpegFD):
    """Stands where yt-dlp would start ffmpeg on a URL."""

    @classmethod
    def available(cls, *_: object) -> bool:
        """Never."""
        return False

    def real_download(self, *_: object) -> bool:
        """Refuse what nobody should have chosen."""
        raise MediaTool("ffmpeg isn't a downloader here")


class EgressRH(UrllibRH):
    """The only request handler: every request leaves through the job's proxy, whatever it asks for itself."""

    _SUPPORTED_URL_SCHEMES = ("http", "https", "data")

    def __init__(self, *, tls: ssl.SSLContext, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tls = tls

    def _make_sslcontext(self, **_: object) -> ssl.SSLContext:
        return self._tls

    def _get_proxies(self, *_: object) -> dict[str, str]:
        return {"all": self.proxies["all"]}


class GuardedYoutubeDL(SparingYoutubeDL):
    """YoutubeDL for one job."""

    #: yt-dlp's names of how a format is fetched -> who does it here
    DOWNLOADERS: Final[Mapping[str, type]] = MappingProxyType(
        {
            "http": HttpFD,
            "https": HttpFD,
            "m3u8": NativeHls,
            "m3u8_native": NativeHls,
            "http_dash_segments": NativeDash,
        }
    )

    def __init__(self, params: dict[str, Any], loaded: Loaded) -> None:
        self._loaded = loaded
        #: hears of every answer to a request
        self.on_answer: Callable[[Request, Response], None] | None = None
        super().__init__(params)

    def add_default_info_extractors(self) -> None:
        """None yet: each link brings its own."""

    def extract_info(self, url: str, *args: Any, ie_key: str | None = None, **kwargs: Any) -> Any:
        """Read a link, also one that another extractor has led to, with the extractors of its site."""
        chosen = {each.ie_key(): each for each in self._loaded.extractors.for_url(url)}
        if ie_key and ie_key not in chosen:
            with suppress(KeyError):  # a site that isn't served: yt-dlp says so itself
                chosen[ie_key] = self._loaded.extractors.by_key(ie_key)
        self._ies = chosen
        return super().extract_info(url, *args, ie_key=ie_key, **kwargs)

    def get_info_extractor(self, ie_key: str) -> Any:
        """One of ours. Raises KeyError for any other instead of loading the list of all."""
        if ie_key not in self._ies_instances:
            extractor = self._loaded.extractors.by_key(ie_key)()
            self._ies_instances[ie_key] = extractor
            extractor.set_downloader(self)
        return self._ies_instances[ie_key]

    def build_request_director(self, *_: object, **__: object) -> Any:
        """One with the egress handler, and a browser's where this job has one, whatever else this machine has."""
        browser = (self._loaded.browser,) if self._loaded.browser else ()
        plain = partial(EgressRH, tls=self._loaded.tls)
        return super().build_request_director([plain, *browser], (impersonate_preference,))

    def urlopen(self, req: Any) -> Any:
        """Open a URL through the proxy; a page that doesn't end raises TooLarge."""
        request = req if isinstance(req, Request) else Request(req)
        for name in [name for name in request.headers if name.lower() in STEERING_HEADERS]:
            del request.headers[name]
        request.proxies = {}
        response = super().urlopen(request)
        response.read = _bounded(response.read, response.headers.get("Content-Length"))
        if self.on_answer is not None:
            self.on_answer(request, response)
        return response

    def raise_no_formats(self, info: dict[str, Any], forced: bool = False, *, msg: str | None = None) -> None:
        """Nothing to fetch; an announced stream has nothing yet. Raises NotLiveYet or yt-dlp's own error."""
        if info.get("live_status") == "is_upcoming":
            raise announced(info)
        super().raise_no_formats(info, forced, msg=msg)

    def dl(self, name: str, info: dict[str, Any], *_: object) -> Any:
        """Download one format natively. Raises UnsafeLink, NoMedia or LiveNow for one that can't be."""
        scheme = urlsplit(info.get("url") or "").scheme.lower()
        if scheme not in SCHEMES:
            raise UnsafeLink(f"media with the scheme {scheme[:20]!r}")
        if info.get("is_live"):
            raise LiveNow("a running stream")
        protocol = determine_protocol(info)
        downloader = self.DOWNLOADERS.get(protocol)
        if downloader is None:
            raise NoMedia(f"media with the protocol {protocol[:40]!r}")
        fetcher = downloader(self, self.params)
        for hook in self._progress_hooks:
            fetcher.add_progress_hook(hook)
        info = {**info, "protocol": protocol, "section_start": None, "section_end": None}
        if info.get("http_headers") is None:
            info["http_headers"] = self._calc_headers(info)
        return fetcher.download(name, info)


def parameters(order: Order, logger: object) -> dict[str, Any]:
    """yt-dlp's parameters of one job: the site's wishes first, so that none of them outweighs ours."""
    wishes = {key: value for key, value in order.options.items() if key in OPTIONS}
    tries = order.limits.retries
    return {
        "noplaylist": True,
        "playlist_items": f"1:{LIST_ENTRIES}",
        **wishes,
        "allowed_extractors": [],
        "cachedir": order.players or False,
        "color": "no_color",
        "compat_opts": ["no-certifi"],
        "concurrent_fragment_downloads": 1,
        "enable_file_urls": False,
        "extractor_retries": tries,
        "file_access_retries": 0,
        "format": lambda context: context["formats"][-1:],  # we choose by id ourselves
        "fragment_retries": tries,
        "js_runtimes": {},
        "logger": logger,
        "nocheckcertificate": False,
        "noprogress": True,
        "overwrites": True,
        "proxy": order.proxy,
        "quiet": True,
        "remote_components": [],
        "retries": tries,
        "skip_unavailable_fragments": False,  # a film with holes is no success
        "socket_timeout": order.limits.socket_timeout_seconds,
        "updatetime": False,
    }


def _bounded(read: Any, promised: str | None) -> Any:
    """The read method with a bound for calls that name none."""

    def bounded(size: int | None = None) -> bytes:
        if size is not None or ((promised or "").isdigit() and int(promised or 0) <= PAGE_BYTES):
            return bytes(read(size))
        data = read(PAGE_BYTES + 1)
        if len(data) > PAGE_BYTES:
            raise TooLarge("a page that doesn't end", limit_mb=PAGE_BYTES >> 20)
        return bytes(data)

    return bounded
