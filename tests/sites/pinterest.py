"""Pinterest: pins as its API tells them, pictures in sizes, clips; the last digits of a pin decide (`PINS`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, answer_json, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import REST_SECONDS
from tests.sites.routes import Replica
from tests.sites.stills import Still, stills

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = 664_281_013_778_100_000
PINS: Final[Mapping[str, int]] = {
    "clip": 1,
    "story": 2,
    "photo": 11,
    "carousel": 13,
    "twenty": 20,
    "story_photos": 15,
    "gone": 404,
    "wall": 403,
    "login": 401,
    "many": 429,
    "down": 503,
}
SITE: Final = "https://www.pinterest.com"
PHOTO_HOST: Final = "i.pinimg.com"
VIDEO_HOST: Final = "v1.pinimg.com"


class Pinterest(Replica):
    """`/originals/` holds a picture as it was uploaded, every other folder a smaller JPEG."""

    hosts: ClassVar = ("www.pinterest.com", "pinterest.com", "pin.it", PHOTO_HOST, VIDEO_HOST)

    def samples(self) -> dict[str, str]:
        return {name: f"{SITE}/pin/{BASE + number}/" for name, number in PINS.items()} | {
            "short": "https://pin.it/4AbCdEfGh",
        }

    async def answer(self, request: Request) -> Reply | None:
        path = request.path
        name = path.rpartition("/")[2]
        match request.host:
            case "pin.it":
                return redirect(f"{SITE}/pin/{BASE + PINS['clip']}/sent/?invite_code=x&sfo=1")
            case "v1.pinimg.com":
                return self.serve(name if self.shelf.has(name) else f"hls/{name}")
            case "i.pinimg.com" if self.shelf.has(name):
                return self.serve(name if path.startswith("/originals/") else "thumb.jpg")
        if path == "/resource/PinResource/get/":
            return self._told(int(json.loads(request.first("data"))["options"]["id"]))
        return text("<html><title>Pinterest</title></html>") if path.startswith("/pin/") else None

    def _told(self, number: int) -> Reply:
        pin = number - BASE
        if pin in {404, 403, 401, 429, 503}:
            headers = (("Retry-After", str(REST_SECONDS)),) if pin == 429 else ()
            return answer_json({"resource_response": {"status": "failure", "http_status": pin}}, pin, headers)
        data = {"id": str(number), "title": "Replica pin", "closeup_attribution": {"full_name": "Goldcrest"}}
        return answer_json({"resource_response": {"status": "success", "data": data | self._content(pin)}})

    def _content(self, pin: int) -> dict[str, Any]:
        cover = {"images": _sizes(Still("photo.jpg", 1080, 1350))}
        if pin == PINS["photo"]:
            return cover
        if pin in {PINS["carousel"], PINS["twenty"]}:
            pictures = stills(self.shelf, 3 if pin == PINS["carousel"] else 20)
            slots = [{"id": str(place), "images": _sizes(each)} for place, each in enumerate(pictures)]
            return cover | {"carousel_data": {"carousel_slots": slots}}
        if pin == PINS["story_photos"]:
            pages = [{"blocks": [{"image": {"images": _sizes(each)}}]} for each in stills(self.shelf, 2)]
            return cover | {"story_pin_data": {"pages": pages}}
        if pin == PINS["story"]:
            return cover | {"story_pin_data": {"pages": [{"blocks": [{"video": _video()}]}]}}
        return cover | {"videos": _video()}


def _sizes(picture: Still) -> dict[str, Any]:
    small = {"url": f"https://{PHOTO_HOST}/236x/aa/{picture.name}", "width": 236, "height": 295}
    whole = {"url": f"https://{PHOTO_HOST}/originals/aa/{picture.name}"}
    return {"236x": small, "orig": whole | {"width": picture.width, "height": picture.height}}


def _video() -> dict[str, Any]:
    duration = {"duration": SECONDS * 1000, "thumbnail": f"https://{PHOTO_HOST}/236x/aa/photo.jpg"}
    rungs = {"V_720P": ("mux_720.mp4", 1280, 720), "V_HLSV4": ("master.m3u8", 1280, 720)}
    return {
        "video_list": {
            key: {"url": f"https://{VIDEO_HOST}/videos/aa/{name}", "width": width, "height": height} | duration
            for key, (name, width, height) in rungs.items()
        }
    }
