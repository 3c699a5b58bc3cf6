"""Every attack of the hostile site as data: path to reply.

The first part of a path says where it leads ("net": to the canary's private address, "file": to another job's file).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.sites import lures
from tests.sites.disguises import CANARY_NAMES, POISONED_NAMES, smuggled, spellings
from tests.sites.messages import Reply, redirect, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST: Final = "lure.goldcrest-attacks.net"
#: what ffmpeg opens if nobody stops it
SCHEMES: Final = (
    *(
        "rtsp",
        "rtsps",
        "rtmp",
        "rtmps",
        "rtmpt",
        "tcp",
        "tls",
        "udp",
        "rtp",
        "srtp",
        "gopher",
        "gophers",
        "ftp",
        "sftp",
    ),
    *("mmsh", "mmst", "icecast", "httpproxy", "srt", "unix", "ws", "wss"),
)
#: prefixes that dress an address up for ffmpeg
WRAPPERS: Final[Mapping[str, str]] = {
    "async": "async:",
    "cache": "cache:",
    "crypto": "crypto+",
    "hls": "hls+",
    "concat": "concat:",
    "subfile": "subfile,,start,0,end,99,,:",
}
REDIRECTS: Final = (301, 302, 303, 307, 308)

Baits = dict[str, Reply]


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the attacks point: the canary's address, its port, its port on 127.0.0.1, and the secret file."""

    host: str
    port: int
    plain_port: int
    secret: Path

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/clip.mp4"

    @property
    def secret_url(self) -> str:
        return f"file://{self.secret}"

    def disguises(self) -> dict[str, str]:
        """Links straight to the canary, in every spelling."""
        places = spellings(self.host, self.port, self.plain_port)
        return {name: f"http://{place}/clip.mp4" for name, place in places.items()}


def all_baits(aim: Aim) -> Baits:
    """The whole table."""
    streams = by_live_playlist(aim) | by_playlist(aim) | by_manifest(aim)
    return by_redirect(aim) | streams | by_page(aim) | by_name(aim) | by_resolver(aim)


def by_redirect(aim: Aim) -> Baits:
    """Status codes, disguised places, other schemes, several hops."""
    places = {f"to_{name}": redirect(quote(link, safe=":/@[]%")) for name, link in aim.disguises().items()}
    codes = {f"by_{status}": redirect(aim.url, status) for status in REDIRECTS}
    schemes = {f"to_{scheme}": redirect(f"{scheme}://{aim.place}/clip.mp4") for scheme in ("ftp", "gopher", "rtsp")}
    more = {
        "chain": redirect("/net/redirect_by_302.mp4"),
        "without_scheme": redirect(f"//{aim.place}/clip.mp4"),
        "by_refresh": text("<html></html>", headers=(("Refresh", f"0; url={aim.url}"),)),
    }
    found = {f"net/redirect_{name}.mp4": reply for name, reply in (places | codes | schemes | more).items()}
    return found | {"file/redirect.mp4": redirect(aim.secret_url)}


def by_live_playlist(aim: Aim) -> Baits:
    """Streams without an end: yt-dlp hands their addresses to ffmpeg as they stand."""
    schemes = {f"net/live_{scheme}.m3u8": lures.variants(f"{scheme}://{aim.place}/clip.mp4") for scheme in SCHEMES}
    wrapped = {f"net/live_by_{name}.m3u8": lures.variants(prefix + aim.url) for name, prefix in WRAPPERS.items()}
    more = {
        "net/live_variant.m3u8": lures.variants(aim.url),
        "net/live_segment.m3u8": lures.media_playlist(aim.url, live=True),
        "net/live_sound.m3u8": lures.variants(f"{lures.LIVE}?best", sound=f"rtsp://{aim.place}/sound"),
        "file/live_variant.m3u8": lures.variants(aim.secret_url),
        "file/live_path.m3u8": lures.variants(f"concat:{aim.secret}"),
        "file/live_segment.m3u8": lures.media_playlist(aim.secret_url, live=True),
    }
    return {path: text(body, lures.HLS_TYPE) for path, body in (schemes | wrapped | more).items()}


def by_playlist(aim: Aim) -> Baits:
    """Finished streams whose segments, keys or headers lie elsewhere."""
    found: dict[str, str] = {}
    for bait, url in (("net", aim.url), ("file", aim.secret_url)):
        notes = {
            "key": f'#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n',
            "sample_key": f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="{url}"\n',
            "map": f'#EXT-X-MAP:URI="{url}"\n',
        }
        found |= {f"{bait}/{name}.m3u8": lures.media_playlist("/good.ts", before=note) for name, note in notes.items()}
        found[f"{bait}/segment.m3u8"] = lures.media_playlist(url)
    return {path: text(body, lures.HLS_TYPE) for path, body in found.items()}


def by_manifest(aim: Aim) -> Baits:
    """DASH with a base or template that leads elsewhere."""
    found = {
        "net/rtsp_base.mpd": lures.dash(f"rtsp://{aim.place}/clip.mp4"),
        "file/path_base.mpd": lures.dash(str(aim.secret)),
    }
    for bait, url in (("net", aim.url), ("file", aim.secret_url)):
        found |= {
            f"{bait}/base.mpd": lures.dash(url),
            f"{bait}/live_base.mpd": lures.dash(url, live=True),
            f"{bait}/template.mpd": lures.numbered(url.rpartition("/")[0]),
            f"{bait}/entity.mpd": lures.with_entity(lures.dash("ENTITY"), url),
        }
    return {path: text(body, lures.DASH_TYPE) for path, body in found.items()}


def by_page(aim: Aim) -> Baits:
    """Pages, feeds and playlists that name the address where an extractor looks for media."""
    found: Baits = {}
    targets = (("net", "", aim.url), ("net", "_rtmp", f"rtmp://{aim.place}/app/clip"), ("file", "", aim.secret_url))
    for bait, suffix, url in targets:
        found |= {f"{bait}/page_{name}{suffix}.html": text(body) for name, body in lures.pages(url).items()}
        for name, (body, kind) in lures.documents(url).items():
            found[f"{bait}/{name}{suffix}.xml"] = text(body, kind)
    hidden = smuggled(f"http://{HOST}/good.mp4", f"http://{aim.place}")
    return found | {"net/page_smuggled.html": text(lures.pages(hidden)["linked_data"])}


def by_name(aim: Aim) -> Baits:
    """Texts that call themselves MP4."""
    found: Baits = {}
    for name, body in lures.disguised(str(aim.secret), aim.url).items():
        bait = "net" if name.endswith("_net") else "file"
        found[f"{bait}/as_video_{name}.mp4"] = text(body, lures.MP4_TYPE)
    return found


def by_resolver(aim: Aim) -> Baits:
    """Public-looking names behind which a resolver has private addresses."""
    places = [f"http://{name}:{aim.port}/clip.mp4" for name in (*POISONED_NAMES, *CANARY_NAMES)]
    found = {f"net/name_{place[7:].partition('.')[0]}.mp4": redirect(place) for place in places}
    target = f"http://{CANARY_NAMES[0]}:{aim.port}/clip.mp4"
    playlist = text(lures.media_playlist(target), lures.HLS_TYPE)
    return found | {"net/name_segment.m3u8": playlist, "net/name_page.html": text(lures.pages(target)["video_tag"])}
