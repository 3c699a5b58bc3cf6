"""A plain web server: media under /m/, pages that embed them under /page/, faults under /fault/, short links."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Final

from tests.sites.faults import Faults
from tests.sites.live import MASTERS, Broadcast
from tests.sites.messages import Reply, Request, answer_json, file, redirect, text
from tests.sites.routes import Replica

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sites.journal import Journal
    from tests.sites.media import Shelf

#: the name under which the origin is reached through the proxy
HOST: Final = "cdn.goldcrest-files.net"
#: what /m/ shows first; every medium of the shelf can be asked for
SHOWN: Final = (
    *("mux_144.mp4", "mux_360.mp4", "mux_720.mp4", "mux_1080.mp4", "portrait.mp4", "rotated.mp4", "anamorphic.mp4"),
    *("tail.mp4", "silent.mp4", "vp9_360.webm", "av1_360.mp4", "aac.m4a", "opus.webm", "music.mp3"),
    *("photo.jpg", "photo.png", "photo.webp", "bulk.mp4"),
    *("hls/master.m3u8", "hls_apart/master.m3u8", "dash/manifest.mpd"),
)
PAGES: Final[Mapping[str, str]] = {
    "og": '<title>Og page</title><meta property="og:title" content="A clip"><meta property="og:video" '
    'content="{base}/m/mux_360.mp4"><meta property="og:video:type" content="video/mp4">',
    "video": '<title>Video page</title><video><source src="/m/mux_144.mp4" type="video/mp4">'
    '<source src="/m/mux_360.mp4" type="video/mp4"></video>',
    "rungs": "<title>Page of all sorts</title><video>"
    '<source src="/m/mux_360.mp4" label="360p"><source src="/fault/no_head/clip.mp4" label="720p"></video>',
    "silent": '<title>Silent host</title><meta property="og:video" content="{base}/fault/no_reply/clip.mp4">',
    "hls": '<title>HLS page</title><video><source src="/m/hls/master.m3u8" type="application/x-mpegURL"></video>',
    "none": "<title>Nothing</title><p>Only words here.</p>",
    "jsonld": '<title>JSON-LD page</title><script type="application/ld+json">{linked}</script>',
}


class Origin(Replica):
    """Also reached directly, as http://127.0.0.1:<port>."""

    hosts: ClassVar = ("127.0.0.1", "localhost", "::1", HOST)

    def __init__(self, shelf: Shelf, journal: Journal, broadcast: Broadcast | None = None) -> None:
        super().__init__(shelf)
        self._broadcast = broadcast or Broadcast(shelf)
        self._journal = journal
        self.faults = Faults(shelf)

    def samples(self) -> dict[str, str]:
        """Paths below the origin's address; `self.base` is known to the server only."""
        shown = {name: f"/m/{name}" for name in SHOWN if self.shelf.has(name)}
        pages = {f"page_{name}": f"/page/{name}" for name in PAGES}
        pages |= {f"live_{form}": f"/live/{form}/master.m3u8" for form in MASTERS}
        return (
            shown | pages | self.faults.samples() | {"short": "/s/mux_360.mp4", "slow": "/slow/mux_720.mp4?seconds=20"}
        )

    async def answer(self, request: Request) -> Reply | None:
        area, _, rest = request.path.removeprefix("/").partition("/")
        match area:
            case "m" | "slow" if self._has(rest):
                return self._medium(area, rest, request)
            case "page" if rest in PAGES:
                return text(
                    "<html><head>" + PAGES[rest].format(base=request.base, linked=_linked(request)) + "</head></html>"
                )
            case "s":
                return redirect(f"/m/{rest}")
            case "live":
                return self._live(rest)
            case "fault":
                return await self.faults.answer(rest, request)
            case "control":
                return self._control(rest)
        return None

    def _has(self, name: str) -> bool:
        folder = name.rpartition("/")[0]
        return self.shelf.has(name) or folder in {"hls", "hls_apart", "dash"}

    def _medium(self, area: str, name: str, request: Request) -> Reply | None:
        try:
            medium = self.medium(name)
        except KeyError:
            return None
        pace = max(1, medium.size_bytes // request.number("seconds", 20)) if area == "slow" else None
        return file(medium.path, bytes_per_second=pace)

    def _live(self, rest: str) -> Reply | None:
        form, _, name = rest.partition("/")
        if form not in MASTERS:
            return None
        return self._broadcast.master(form) if name == "master.m3u8" else self._broadcast.answer(name)

    def _control(self, action: str) -> Reply | None:
        """For tests that run the server as a process of its own: the journal, and forgetting it."""
        match action:
            case "journal":
                return answer_json(self._journal.dump())
            case "clear":
                self._journal.clear()
                self.faults.clear()
                return answer_json({"ok": True})
        return None


def _linked(request: Request) -> str:
    video = {"@context": "https://schema.org", "@type": "VideoObject", "name": "Linked clip", "duration": "PT4S"}
    return json.dumps(video | {"contentUrl": f"{request.base}/m/mux_720.mp4"})
