"""Faults of a web server on demand, each under its own path below /fault/; a trailing file name is for readers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tests.sites.messages import Headers, Reply, Request, file, late, redirect, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.sites.media import Shelf

CLIP: Final = "mux_720.mp4"
GIB: Final = 1 << 30
#: Fast enough to fill a disk in a test that forgets its limit slowly, slow enough to leave the machine usable.
ENDLESS_BYTES_PER_SECOND: Final = 20_000_000
MP4: Final[Headers] = (("Content-Type", "video/mp4"),)

SAMPLES: Final[Mapping[str, str]] = {
    "status_404": "/fault/status/404/clip.mp4",
    "status_403": "/fault/status/403/clip.mp4",
    "status_410": "/fault/status/410/clip.mp4",
    "status_451": "/fault/status/451/clip.mp4",
    "status_500": "/fault/status/500/clip.mp4",
    "status_503": "/fault/status/503/clip.mp4?retry_after=7",
    "status_429": "/fault/status/429/clip.mp4?retry_after=2",
    "flaky": "/fault/flaky/clip.mp4?times=2&code=503",
    "truncated": "/fault/truncated/clip.mp4",
    "stalled": "/fault/stalled/clip.mp4",
    "no_reply": "/fault/no_reply/clip.mp4",
    "late": "/fault/late/clip.mp4?seconds=10",
    "slow": "/fault/slow/clip.mp4?bytes_per_second=50000",
    "endless": "/fault/endless/clip.mp4",
    "huge": "/fault/huge/clip.mp4",
    "wrong_length_long": "/fault/wrong_length/clip.mp4?by=100000",
    "wrong_length_short": "/fault/wrong_length/clip.mp4?by=-100000",
    "redirects": "/fault/redirects/3",
    "redirect_loop": "/fault/redirect_loop/clip.mp4",
    "redirect_nowhere": "/fault/redirect_nowhere/clip.mp4",
    "html": "/fault/html/clip.mp4",
    "html_as_video": "/fault/html_as_video/clip.mp4",
    "text_as_video": "/fault/text_as_video/clip.mp4",
    "broken_video": "/fault/broken_video/clip.mp4",
    "empty": "/fault/empty/clip.mp4",
    "tail": "/fault/tail/clip.mp4",
    "no_head": "/fault/no_head/clip.mp4",
}


class Faults:
    """Keeps count of the requests per URL, for the faults that end after some."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._asked: Counter[str] = Counter()

    def samples(self) -> dict[str, str]:
        """A path for every fault, by name."""
        return {f"fault_{name}": path for name, path in SAMPLES.items()}

    def clear(self) -> None:
        """Flaky paths fail again from the start."""
        self._asked.clear()

    async def answer(self, rest: str, request: Request) -> Reply | None:
        """`rest` is the path behind /fault/."""
        name, _, more = rest.partition("/")
        if request.method != "HEAD":
            self._asked[request.url] += 1
        plain = self._of_status(name, more, request) or self._of_place(name, more) or self._of_kind(name)
        return plain or self._of_transfer(name, request)

    def _of_status(self, name: str, more: str, request: Request) -> Reply | None:
        if name == "no_head":
            return Reply(405) if request.method == "HEAD" else file(self._shelf.path(CLIP))
        after = request.first("retry_after")
        headers = (("Retry-After", after),) if after else ()
        if name == "status":
            return text("fault", "text/plain", int(more.partition("/")[0]), headers)
        if name == "flaky" and self._asked[request.url] <= request.number("times", 2):
            return Reply(request.number("code", 503), headers)
        return None

    def _of_place(self, name: str, more: str) -> Reply | None:
        match name:
            case "redirects":
                left = int(more.partition("/")[0])
                return redirect(f"/fault/redirects/{left - 1}" if left else f"/m/{CLIP}")
            case "redirect_loop":
                turn = "other" if more.endswith("clip.mp4") else "clip.mp4"
                return redirect(f"/fault/redirect_loop/{turn}")
            case "redirect_broken":
                return redirect("https://[::1")
            case "redirect_nowhere":
                return redirect("http://nowhere.goldcrest-lost.net/clip.mp4")
        return None

    def _of_kind(self, name: str) -> Reply | None:
        page = b"<!doctype html><html><head><title>Not a video</title></head><body>Please sign in.</body></html>"
        words = b"This is a text file, whatever its name says.\n" * 200
        match name:
            case "html":
                return Reply(200, (("Content-Type", "text/html"),), page)
            case "html_as_video":
                return Reply(200, MP4, page)
            case "text_as_video":
                return Reply(200, MP4, words)
            case "broken_video":
                start = self._clip()[:4096]
                return Reply(200, MP4, start + bytes(100_000))
            case "empty":
                return Reply(200, MP4, b"")
            case "tail":
                return file(self._shelf.path("tail.mp4"))
        return None

    def _of_transfer(self, name: str, request: Request) -> Reply | None:
        clip = self._clip()
        half = len(clip) // 2
        match name:
            case "flaky":
                return file(self._shelf.path(CLIP))
            case "truncated":
                return Reply(200, MP4, clip, stop_after=half, ending="cut")
            case "stalled":
                return Reply(200, MP4, clip, stop_after=half, ending="hang")
            case "no_reply":
                return Reply(silent=True)
            case "late":
                return late(file(self._shelf.path(CLIP)), request.number("seconds", 10))
            case "slow":
                return Reply(200, MP4, clip, bytes_per_second=request.number("bytes_per_second", 50_000))
            case "endless":
                return Reply(200, MP4, _forever(clip), bytes_per_second=ENDLESS_BYTES_PER_SECOND)
            case "huge":
                stated = (*MP4, ("Content-Length", str(5 * GIB)))
                return Reply(200, stated, _forever(clip), bytes_per_second=ENDLESS_BYTES_PER_SECOND)
            case "wrong_length":
                length = len(clip) + request.number("by", 100_000)
                return Reply(200, (*MP4, ("Content-Length", str(length))), clip, ending="cut")
        return None

    def _clip(self) -> bytes:
        return self._shelf.path(CLIP).read_bytes()


async def _forever(start: bytes) -> AsyncIterator[bytes]:
    yield start
    while True:
        yield bytes(1 << 20)
