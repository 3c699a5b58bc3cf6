"""Douyin: clips and photo posts as the web client's own request tells them; the last digits decide (`ITEMS`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import REST_SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import stills

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = 7_300_000_000_000_000_000
ITEMS: Final[Mapping[str, int]] = {"clip": 1, "photos": 13, "cookies": 401, "many": 429, "down": 503}
PHOTOS: Final = 3
PHOTO_HOST: Final = "p3-pc-sign.douyinpic.com"
MEDIA_HOST: Final = "v26-web.douyinvod.com"


class Douyin(Replica):
    hosts: ClassVar = ("www.douyin.com", "www.iesdouyin.com", "v.douyin.com", PHOTO_HOST, MEDIA_HOST)

    def samples(self) -> dict[str, str]:
        place = {"photos": "note"}
        return {
            name: f"https://www.douyin.com/{place.get(name, 'video')}/{BASE + number}" for name, number in ITEMS.items()
        } | {"short": "https://v.douyin.com/iRNBho6/"}

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2]
        if request.host in {PHOTO_HOST, MEDIA_HOST}:
            return self.serve(name) if self.shelf.has(name) else None
        if request.host == "v.douyin.com":
            return redirect(f"https://www.iesdouyin.com/share/note/{BASE + ITEMS['photos']}/?region=CN")
        if request.path != "/aweme/v1/web/aweme/detail/":
            return text("<html><title>Douyin</title></html>")
        item = int(request.first("aweme_id", "0")) - BASE
        if item in {429, 503}:
            return Reply(item, (("Retry-After", str(REST_SECONDS)),) if item == 429 else ())
        if item not in {ITEMS["clip"], ITEMS["photos"]}:
            return answer_json({})
        return answer_json({"aweme_detail": self._item(item)})

    def _item(self, item: int) -> dict[str, Any]:
        music = {"uri": f"https://{MEDIA_HOST}/m/music.mp3", "url_list": [f"https://{MEDIA_HOST}/m/music.mp3"]}
        post: dict[str, Any] = {
            "aweme_id": str(BASE + item),
            "desc": "Replica post #goldcrest",
            "author": {"nickname": "Goldcrest", "uid": "7", "sec_uid": "MS4"},
            "music": {"title": "Test tone", "author": "Goldcrest", "duration": SECONDS},
            "statistics": {},
            "video": {"duration": SECONDS * 1000},
        }
        if item == ITEMS["photos"]:
            images = [
                {"url_list": [f"https://{PHOTO_HOST}/{each.name}"], "width": each.width, "height": each.height}
                for each in stills(self.shelf, PHOTOS, skip=7)
            ]
            return post | {"images": images, "video": {"duration": 0, "play_addr": music}}
        address = {
            "uri": "v0200",
            "url_list": [f"https://{MEDIA_HOST}/v/portrait.mp4"],
            "width": 576,
            "height": 1024,
            "data_size": self.medium("portrait.mp4").size_bytes,
        }
        post["video"] |= {"play_addr": address, "width": 576, "height": 1024}
        return post
