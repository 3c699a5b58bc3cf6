"""Streamable: clips as its API describes them; an id is a kind and a number ("clip1")."""

from __future__ import annotations

from typing import ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica

MEDIA_HOST: Final = "cdn-cf-east.streamable.com"
KINDS: Final = ("clip", "busy", *STATUSES)
RUNGS: Final = (("mp4", "mux_720.mp4", 1280, 720), ("mp4-mobile", "mux_360.mp4", 640, 360))


class Streamable(Replica):
    hosts: ClassVar = ("streamable.com", "ajax.streamable.com", MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        return {kind: f"https://streamable.com/{kind}1" for kind in KINDS}

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host == MEDIA_HOST:
            return self.serve(name) if self.shelf.has(name) else None
        if request.host != "ajax.streamable.com":
            return None
        kind = kind_of(name)
        files = {
            rung: {
                "url": f"//{MEDIA_HOST}/video/{file}",
                "width": width,
                "height": height,
                "size": self.medium(file).size_bytes,
                "framerate": 10,
            }
            for rung, file, width, height in RUNGS
        }
        told = {"title": f"Replica {name}", "duration": float(SECONDS), "thumbnail_url": f"//{MEDIA_HOST}/thumb.jpg"}
        return refusal(kind) or answer_json(told | {"status": 1 if kind == "busy" else 2, "files": files})
