"""Xiaohongshu: notes with pictures or a clip in the first state of their page; the last two digits decide (`NOTES`)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from tests.sites.messages import Reply, Request, redirect, text
from tests.sites.recipes import SECONDS
from tests.sites.refusals import STATUSES, refusal
from tests.sites.routes import Replica
from tests.sites.stills import stills

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE: Final = "https://www.xiaohongshu.com"
FRONT: Final = "6411cf9900000000000000"
PHOTO_HOST: Final = "sns-webpic-qc.xhscdn.com"
VIDEO_HOST: Final = "sns-video-bd.xhscdn.com"
NOTES: Final[Mapping[str, str]] = {
    "clip": "01",
    "photo": "11",
    "photos": "13",
    **{word: f"e{number}" for number, word in enumerate(STATUSES)},
}
PHOTOS: Final[Mapping[str, int]] = {NOTES["photo"]: 1, NOTES["photos"]: 3}


class Xiaohongshu(Replica):
    hosts: ClassVar = ("www.xiaohongshu.com", "xhslink.com", PHOTO_HOST, VIDEO_HOST)

    def samples(self) -> dict[str, str]:
        return {name: f"{SITE}/explore/{FRONT}{end}?xsec_token=A" for name, end in NOTES.items()} | {
            "short": "https://xhslink.com/a/AbCdEf123",
        }

    async def answer(self, request: Request) -> Reply | None:
        name = request.path.rpartition("/")[2].partition("!")[0]
        if request.host in {PHOTO_HOST, VIDEO_HOST}:
            return self.serve(name) if self.shelf.has(name) else None
        if request.host == "xhslink.com":
            return redirect(f"{SITE}/discovery/item/{FRONT}{NOTES['photos']}?xsec_token=A&app_platform=x")
        match = re.fullmatch(rf"/(?:explore|discovery/item)/{FRONT}(\w\w)", request.path)
        if not match:
            return None
        word = next((word for word, end in NOTES.items() if end == match[1]), "")
        return refusal(word) or self._page(FRONT + match[1], match[1])

    def _page(self, note_id: str, end: str) -> Reply:
        images = [
            {
                "urlDefault": f"https://{PHOTO_HOST}/2024/{each.name}!nd_dft_wgth_webp_3",
                "urlPre": f"https://{PHOTO_HOST}/2024/thumb.webp!nd_prv_wgth_webp_3",
                "width": each.width,
                "height": each.height,
            }
            for each in stills(self.shelf, PHOTOS.get(end, 1), skip=5)
        ]
        note: dict[str, Any] = {
            "title": "Replica note",
            "desc": "Made by a test source #goldcrest",
            "imageList": images,
        }
        if end not in PHOTOS:
            stream = {
                "masterUrl": f"https://{VIDEO_HOST}/stream/portrait.mp4",
                "width": 576,
                "height": 1024,
                "duration": SECONDS * 1000,
                "videoCodec": "h264",
                "audioCodec": "aac",
            }
            note["video"] = {"media": {"stream": {"h264": [stream]}}}
        state = json.dumps({"note": {"noteDetailMap": {note_id: {"note": note}}}})
        return text(f"<html><script>window.__INITIAL_STATE__={state}</script></html>")
