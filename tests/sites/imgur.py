"""Imgur: single files, albums and gallery posts as its API tells them; an id is a kind and a number ("clip001")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, kind_of, refusal
from tests.sites.routes import Replica
from tests.sites.stills import stills

if TYPE_CHECKING:
    from collections.abc import Mapping

API_HOST: Final = "api.imgur.com"
MEDIA_HOST: Final = "i.imgur.com"
#: what an album holds: p for a picture, v for a clip
ALBUMS: Final[Mapping[str, str]] = {"set": "ppp", "twenty": "p" * 20, "mixed": "pvp", "clips": "vv"}
SINGLE: Final = ("clip", "photo", *STATUSES)


class Imgur(Replica):
    hosts: ClassVar = ("imgur.com", API_HOST, MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        site = "https://imgur.com"
        return {kind: f"{site}/{kind}001" for kind in SINGLE} | {
            **{f"album_{kind}": f"{site}/a/{kind}001" for kind in ALBUMS},
            "album_gone": f"{site}/a/gone001",
            "gallery": f"{site}/gallery/clip001",
            "file": f"https://{MEDIA_HOST}/clip001.gifv",
        }

    async def answer(self, request: Request) -> Reply | None:
        item, _, ending = request.path.rpartition("/")[2].partition(".")
        if request.host == API_HOST:
            area = request.path.split("/")[-2]
            return refusal(kind_of(item)) or (self._single(item) if area == "media" else self._album(item))
        if request.host != MEDIA_HOST:
            return text("<html><title>Imgur</title></html>")
        if ending == "gifv":
            return text('<html><head><meta property="og:title" content="Replica file"></head></html>')
        name = self._file(item)
        return self.serve(name) if name.endswith(ending) else None

    def _single(self, item: str) -> Reply:
        return answer_json({"id": item, "title": "Replica file", "media": [self._media(item)]})

    def _album(self, item: str) -> Reply:
        kind = kind_of(item)
        if kind not in ALBUMS:
            return answer_json({"id": item, "is_album": False, "title": "Replica post", "media": [self._media(item)]})
        pictures = stills(self.shelf, len(ALBUMS[kind]))
        media = [
            self._media(each.name.partition(".")[0].replace("_", "") if letter == "p" else f"clip{place:03d}")
            for place, (letter, each) in enumerate(zip(ALBUMS[kind], pictures, strict=True))
        ]
        told = {"id": item, "is_album": True, "title": "Replica album", "image_count": len(media), "media": media}
        return answer_json(told)

    def _media(self, item: str) -> dict[str, Any]:
        name = self._file(item)
        ending = name.rpartition(".")[2]
        clip = ending == "mp4"
        known = {each.name: each for each in stills(self.shelf, 20)}
        width, height = (known[name].width, known[name].height) if name in known else (640, 360)
        return {
            "id": item,
            "type": "video" if clip else "image",
            "ext": ending,
            "mime_type": f"{'video' if clip else 'image'}/{ending.replace('jpg', 'jpeg')}",
            "url": f"https://{MEDIA_HOST}/{item}.{ending}",
            "width": width,
            "height": height,
            "size": self.medium(name).size_bytes,
            "metadata": {"is_animated": clip, "has_sound": clip, "duration": SECONDS if clip else 0, "title": ""},
        }

    def _file(self, item: str) -> str:
        """The file of the shelf behind an id."""
        if match := re.fullmatch(r"still(\d\d)", item):
            return next(each.name for each in stills(self.shelf, 20) if each.name.startswith(f"still_{match[1]}"))
        return "mux_360.mp4" if kind_of(item) == "clip" else "photo.jpg"
