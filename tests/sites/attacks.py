"""A hostile site: every reply tries to make a downloader touch the canary's private address or another job's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tests.sites import bait, lures
from tests.sites.disguises import smuggled
from tests.sites.messages import Reply, Request, text
from tests.sites.routes import Replica

if TYPE_CHECKING:
    from tests.sites.media import Shelf


class Attacks(Replica):
    """`aim` is known once the canary listens; links of `samples()` by path without suffix ("net/live_rtsp")."""

    hosts: ClassVar = (bait.HOST,)

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._table: bait.Baits = {}
        self._aim: bait.Aim | None = None

    @property
    def aim(self) -> bait.Aim:
        assert self._aim is not None, "take_aim() first"
        return self._aim

    def take_aim(self, aim: bait.Aim) -> None:
        """Build the replies."""
        self._aim = aim
        self._table = bait.all_baits(aim)

    def samples(self) -> dict[str, str]:
        # Plain http: ffmpeg, which has no reason to trust the test authority, gets to see the bait as well.
        site = f"http://{bait.HOST}"
        links = {path.rpartition(".")[0]: f"{site}/{path}" for path in self._table}
        return links | {"net/smuggled_link": smuggled(f"{site}/good.mp4", f"http://{self.aim.place}")}

    def private_links(self) -> dict[str, str]:
        """Links that lead straight to the canary, by the name of their disguise."""
        return self.aim.disguises()

    async def answer(self, request: Request) -> Reply | None:
        match request.path:
            case lures.LIVE:
                return text(lures.media_playlist("/good.ts", live=True), lures.HLS_TYPE)
            case "/good.ts":
                return self.serve("hls/144_0.ts")
            case "/good.mp4":
                return self.serve("mux_144.mp4")
        return self._table.get(request.path.removeprefix("/"))
