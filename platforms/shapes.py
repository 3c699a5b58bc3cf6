"""What crosses the border of a site: links, media, qualities, orders, fetched files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio

    from platforms.parts import Part

QUALITY_HEIGHTS = (4320, 2160, 1440, 1080, 720, 480, 360, 240, 144)
#: heights at which a film with a high dynamic range is a choice of its own
HDR_HEIGHTS = (4320, 2160, 1440, 1080)
AUDIO_QUALITIES = ("audio", "mp3", "m4a", "opus")
#: what sound alone is sent in
SOUND_CONTAINERS = ("mp3", "m4a", "opus")
#: every word that `-q`, a button and the REST API accept
QUALITY_KEYS = (
    *("best", "worst", "no_watermark", "originals"),
    *(f"{height}p" for height in QUALITY_HEIGHTS),
    *(f"{height}p_hdr" for height in HDR_HEIGHTS),
    *AUDIO_QUALITIES,
)

ITEM_KINDS = ("video", "short", "reel", "clip", "live", "story", "stories", "photo", "carousel", "track", "item")
LIST_KINDS = ("playlist", "channel", "user", "search", "tag", "sound")
#: kinds that stand in the canonical key: what they name may be named like an item
KEYED_KINDS = (*LIST_KINDS, "stories")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that a site has claimed.

    `url`: normalised, what is fetched; `text`: as it stood in the message; `canonical`: the key under which files are
    stored: two spellings of one item share it. Items: `platform:id`; lists: `platform:kind:id`; generic:
    `generic:<normalised url>`. `short`: must be resolved through the egress proxy before it has an id.
    `start_seconds`, `end_seconds`: the place in the item that the link points to, if any.
    """

    url: str
    canonical: str
    platform: str
    kind: str
    id: str
    text: str = ""
    short: bool = False
    start_seconds: float | None = None
    end_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """One button of the menu, or one more word that can be asked for.

    `key` is one of QUALITY_KEYS; `height` in pixels of the shorter side's class (None for audio); `codec` like "h264",
    "vp9", "aac"; `size_bytes` the sum of video and audio (None: unknown); `fits`: not larger than Telegram's limit as
    far as known; `format_id`: yt-dlp's explicit ids ("136+140"), never a search expression; `ext`: container to expect;
    `approximate`: the size is reckoned from bit rates or is the site's own estimate. `bits`: per second, 0 unknown.
    `dynamic_range`: "SDR", "HDR10", "HLG" or another of yt-dlp's names, "" for sound; `fps`: 0 unknown.
    """

    key: str
    label: str
    height: int | None
    codec: str
    size_bytes: int | None
    fits: bool
    format_id: str
    ext: str = "mp4"
    approximate: bool = False
    bits: int = 0
    dynamic_range: str = ""
    fps: int = 0


@dataclass(frozen=True, slots=True)
class Media:
    """What a probe found out.

    `qualities` stand best first, audio last; empty where only `kind` tells something. `extras`: what may be asked for
    by name though no menu shows it (worst, no_watermark, mp3, m4a, opus). `tags`: hashtags without their sign;
    `missing`: items of the post that can't be had, or that are more than one order takes.
    """

    platform: str
    id: str
    kind: str
    canonical: str
    url: str
    title: str
    qualities: tuple[Quality, ...]
    duration_seconds: float | None = None
    thumbnail: str | None = None
    uploader: str = ""
    is_live: bool = False
    extras: tuple[Quality, ...] = ()
    tags: tuple[str, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a running child. `phase`: queued, probing, downloading, recording, merging or fitting.

    Sizes in bytes, speed per s. `done_seconds`, `total_seconds`: of a running stream, recorded and asked for.
    `position`: how many stand before it while it waits for memory.
    """

    phase: str
    done_bytes: int = 0
    total_bytes: int | None = None
    speed: float | None = None
    eta_seconds: float | None = None
    done_seconds: float | None = None
    total_seconds: float | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A finished file in the job's folder, ready for Telegram.

    `kind`: video, audio, photo or document. Width and height in pixels as shown (rotation applied), None for audio.
    `thumbnail`: JPEG of at most 320 px and 200 kB beside the file, None where there is none to make.
    """

    path: Path
    size_bytes: int
    kind: str
    mime: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    thumbnail: Path | None = None
    title: str = ""
    performer: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """An item of a post that could not be had. `position`: its place in the post, from 1; `code`: of the error."""

    position: int
    code: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """Result of a fetch: the item as the site described it then, its files, and what of a post could not be had."""

    media: Media
    files: tuple[FetchedFile, ...]
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a list as the list tells it; nothing was asked about the item itself.

    `position`: counted from 1 in the whole list; `url`: as the site gives it, "" where it gives none (hidden items).
    """

    position: int
    url: str
    title: str
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a playlist, channel, mix, user, search, tag or album.

    `total`: items of the whole list, None where the site doesn't tell; `first`: position that was asked for; `entries`:
    those from there on, fewer than asked for at the end, none beyond it; `more`: something follows. `shelves`: other
    lists of a channel (its shorts, its streams), each with the position that it has among them.
    """

    platform: str
    kind: str
    canonical: str
    url: str
    title: str
    uploader: str
    total: int | None
    first: int
    entries: tuple[Entry, ...]
    more: bool
    shelves: tuple[Entry, ...] = ()


ProgressSink = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Way:
    """One way of asking a site, such as the client that we pretend to be.

    `options`: yt-dlp's parameters laid over the site's own, arguments for extractors put together. `needs`: tools
    without which there is no use in trying: "po_token" (proofs of origin), "javascript" (a runtime), "cookies" (an
    account); `uses`: tools that are handed along where they are at hand. `anonymous`: an account's cookies stay at
    home.
    """

    name: str
    options: Mapping[str, Any]
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """With whom a site has to do: whose cookies, through which proxy, as which browser.

    `cookies`: absolute path of a cookie file; `domains`: whose cookies of it may be sent, with all their subdomains,
    empty: those of the link's own host; `proxy`: http:// or socks5:// URL; `impersonate`: the browser whose TLS
    fingerprint is shown ("chrome", "safari-18.4"), "asked" only where the extractor wants one; `client`: yt-dlp's name
    of a YouTube player client. Empty: as everybody.
    """

    name: str
    cookies: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    user_agent: str = ""
    impersonate: str = ""
    client: str = ""
    domains: tuple[str, ...] = ()


#: this machine itself, without an account
ANONYMOUS = Identity("anonymous")


class Extractor(Protocol):
    """What a site needs of the extractor host (`platforms.extractor.host.ExtractorHost`)."""

    async def extract(self, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """yt-dlp's trimmed info dict of one item. `options`: yt-dlp parameters. Raises a GoldcrestError."""

    async def fetch(self, order: FetchOrder, on_progress: ProgressSink) -> dict[str, Any]:
        """Download, merge and fit into `order.folder`. Returns {"info", "files": [FetchedFile fields…], "missing"}."""

    async def resolve(self, url: str) -> str:
        """Follow redirects of a short link (bounded hops, each checked by egress); the final URL."""

    def by_ways(self, site: str, ways: tuple[Way, ...], poor: Callable[[Mapping[str, Any]], bool]) -> Extractor:
        """A view that asks in several ways until one is let in. `poor`: an answer that holds less than it should."""

    def as_identity(self, identity: Identity) -> Extractor:
        """The same, asking the site with that identity."""


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """What a child is to fetch.

    `audio`: "", "mp3", "m4a" or "opus" to convert to (stream copy where it already is). `originals`: pictures stay the
    very files that the site has and come as documents. `part`: what of the item is wanted, None for the whole;
    `enough`: set by whoever wants a recording to end now and keep what there is.
    """

    url: str
    folder: Path
    format_id: str
    options: Mapping[str, Any]
    max_bytes: int
    audio: str = ""
    title: str = ""
    originals: bool = False
    part: Part | None = None
    enough: asyncio.Event | None = None
