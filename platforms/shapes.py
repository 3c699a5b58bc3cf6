"""What crosses the border of a site: links, media, qualities, orders, fetched files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

QUALITY_HEIGHTS = (4320, 2160, 1440, 1080, 720, 480, 360, 240, 144)
AUDIO_QUALITIES = ("audio", "mp3", "m4a", "opus")
#: what sound alone is sent in
SOUND_CONTAINERS = ("mp3", "m4a", "opus")
#: every word that `-q`, a button and the REST API accept
QUALITY_KEYS = ("best", "worst", "no_watermark", *(f"{height}p" for height in QUALITY_HEIGHTS), *AUDIO_QUALITIES)

ITEM_KINDS = ("video", "short", "reel", "clip", "live", "story", "photo", "carousel", "track", "item")
LIST_KINDS = ("playlist", "channel", "user", "search", "tag", "sound", "stories")


@dataclass(frozen=True, slots=True)
class Link:
    """A link that a site has claimed.

    `url`: normalised, what is fetched; `text`: as it stood in the message; `canonical`: the key under which files are
    stored: two spellings of one item share it. Items: `platform:id`; lists: `platform:kind:id`; generic:
    `generic:<normalised url>`. `short`: must be resolved through the egress proxy before it has an id.
    """

    url: str
    canonical: str
    platform: str
    kind: str
    id: str
    text: str = ""
    short: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """One button of the menu, or one more word that can be asked for.

    `key` is one of QUALITY_KEYS; `height` in pixels of the shorter side's class (None for audio); `codec` like "h264",
    "vp9", "aac"; `size_bytes` the sum of video and audio (None: unknown); `fits`: not larger than Telegram's limit as
    far as known; `format_id`: yt-dlp's explicit ids ("136+140"), never a search expression; `ext`: container to expect;
    `approximate`: the size is reckoned from bit rates or is the site's own estimate.
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


@dataclass(frozen=True, slots=True)
class Media:
    """What a probe found out.

    `qualities` stand best first, audio last; empty where only `kind` tells something. `extras`: what may be asked for
    by name though no menu shows it (worst, no_watermark, mp3, m4a, opus).
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


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a running child. `phase`: probing, downloading, merging or fitting. Sizes in bytes, speed per s."""

    phase: str
    done_bytes: int = 0
    total_bytes: int | None = None
    speed: float | None = None
    eta_seconds: float | None = None


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
class Fetched:
    """Result of a fetch: the item as the site described it then, and its files (one for now, several for carousels)."""

    media: Media
    files: tuple[FetchedFile, ...]


ProgressSink = Callable[[Progress], None]


class Extractor(Protocol):
    """What a site needs of the extractor host (`platforms.extractor.host.ExtractorHost`)."""

    async def extract(self, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """yt-dlp's trimmed info dict of one item. `options`: yt-dlp parameters. Raises a GoldcrestError."""

    async def fetch(self, order: FetchOrder, on_progress: ProgressSink) -> dict[str, Any]:
        """Download, merge and fit into `order.folder`. Returns {"info": …, "files": [FetchedFile fields…]}."""

    async def resolve(self, url: str) -> str:
        """Follow redirects of a short link (bounded hops, each checked by egress); the final URL."""


@dataclass(frozen=True, slots=True)
class FetchOrder:
    """What a child is to fetch. `audio`: "", "mp3", "m4a" or "opus" to convert to (stream copy where it already is)."""

    url: str
    folder: Path
    format_id: str
    options: Mapping[str, Any]
    max_bytes: int
    audio: str = ""
    title: str = ""
