"""Sizes that a site doesn't tell: out of answers that came anyway, else asked of the servers that have the files."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils.networking import normalize_url

from platforms.extractor.fetching import is_playable, items_of, within
from platforms.extractor.formats import qualities
from platforms.extractor.offers import PICTURE_FILES, read_offers
from platforms.extractor.trim import FORMATS, LARGEST
from utils import mp4

if TYPE_CHECKING:
    from yt_dlp.networking import Response

    from platforms.extractor.guard import GuardedYoutubeDL

#: Formats that are asked for, those of the menu first.
MOST_QUESTIONS: Final = 6
#: Each question is a tunnel, a TLS handshake and one round trip; three at a time take a third of that.
SIDE_BY_SIDE: Final = 3
#: What one silent server may take.
PATIENCE_SECONDS: Final = 3.0
#: The index of an MP4 that begins with it tells its length within that.
START_BYTES: Final = 4096
#: HEAD first; servers that refuse it, or leave the size out, bear a request for the first byte.
_WAYS: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (("HEAD", {}), ("GET", {"Range": "bytes=0-0"}))
#: statuses behind which another way leads no further
_FINAL: Final = frozenset({404, 410, 429})
_MEDIA: Final = re.compile(r"(?:audio|video|image)/|application/(?:mp4|ogg|octet-stream)|binary/", re.IGNORECASE)
_TEXT: Final = re.compile(r"text/|.*(?:mpegurl|xml|json|html)", re.IGNORECASE)
_MP4: Final = re.compile(r"(?:video|audio)/(?:mp4|x-m4[av]|quicktime)", re.IGNORECASE)
_WHOLE: Final = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]{1,15})")
_LENGTH: Final = re.compile(r"[0-9]{1,15}")
_PARTIAL: Final = 206


class Sizes:
    """Sizes for the menu of one item. Made before the extraction, so that it hears of the answers in it."""

    def __init__(self, ydl: GuardedYoutubeDL, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._ydl = ydl
        self._seconds = seconds
        self._clock = clock
        self._answers: dict[str, Response] = {}
        if seconds > 0:
            ydl.on_answer = self._note

    def fill(self, info: Mapping[str, Any]) -> None:
        """Put what can be found into the one item. Takes its time at most, never fails."""
        self._ydl.on_answer = None
        with suppress(Exception):
            items: Any = [item for item in items_of(info) if is_playable(item)]
            until = self._clock() + self._seconds
            if self._seconds > 0 and items and all(map(_is_file, items)):
                if len(items) == 1:
                    self._fill(items[0], until)
                else:
                    self._fill_post(items, until)
        for answer in self._answers.values():
            answer.close()

    def _note(self, request: Request, answer: Response) -> None:
        """Keep the answer that is a file itself: a page has no more than one or two of them."""
        if request.method == "GET" and len(self._answers) < MOST_QUESTIONS and _MEDIA.match(_kind(answer)):
            self._answers[answer.url] = answer

    def _fill(self, item: dict[str, Any], until: float) -> None:
        formats = (item.get("formats") or [item])[-FORMATS:]
        for each in formats:
            answer = self._answer(each)
            if answer is not None and each.get("protocol") in {"http", "https"}:
                each["filesize"] = each.get("filesize") or told(answer)
                item["duration"] = item.get("duration") or self._duration(answer, until - self._clock())
                answer.close()  # what else the server sends would only be thrown away
        asked = [each for each in _untold(item, formats) if self._answer(each) is None]
        for each, size in self._ask(asked[:MOST_QUESTIONS], until):
            each["filesize"] = size

    def _fill_post(self, items: list[dict[str, Any]], until: float) -> None:
        """What a post takes: its videos are asked first, then pictures; the other pictures are reckoned from those."""
        wanted = [(each, each.get("ext") in PICTURE_FILES) for item in items for each in _first_choice(item)]
        wanted.sort(key=lambda one: one[1])
        unsized = [each for each, _ in wanted if not each.get("filesize") and not each.get("filesize_approx")]
        for each, size in self._ask(unsized[:MOST_QUESTIONS], until):
            each["filesize"] = size
        pictures = [each for each, is_picture in wanted if is_picture]
        told = [each for each in pictures if each.get("filesize")]
        if told:
            share = sum(each["filesize"] for each in told) / sum(map(_weight, told))
            for each in pictures:
                if not each.get("filesize"):
                    each["filesize_approx"] = each.get("filesize_approx") or int(share * _weight(each))

    def _answer(self, each: Mapping[str, Any]) -> Response | None:
        return self._answers.get(normalize_url(each.get("url") or ""))

    def _duration(self, answer: Response, seconds: float) -> float | None:
        """Of an MP4 with its index in front."""
        if not _MP4.match(_kind(answer)):
            return None
        with suppress(Exception), within(max(min(seconds, PATIENCE_SECONDS), 0.001)):
            return mp4.duration(answer.read(START_BYTES))
        return None

    def _ask(self, formats: list[dict[str, Any]], until: float) -> list[tuple[dict[str, Any], int]]:
        """Formats with their sizes, as many as answer in time."""
        waiting = deque(formats)
        found: list[tuple[dict[str, Any], int]] = []

        def work() -> None:
            while waiting and (left := until - self._clock()) > 0:
                with suppress(Exception):
                    each = waiting.popleft()
                    if size := ask(self._ydl, each, min(left, PATIENCE_SECONDS)):
                        found.append((each, size))

        # They end with the process: one that a server holds up isn't waited for.
        threads = [Thread(target=work, daemon=True) for _ in formats[:SIDE_BY_SIDE]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(until - self._clock(), 0))
        return list(found)


def _is_file(item: Mapping[str, Any]) -> bool:
    """Neither a running stream nor the mere address of an item."""
    return bool(item.get("formats") or item.get("format_id")) and not item.get("is_live")


def _untold(item: Mapping[str, Any], formats: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The formats of the menu whose size nobody can tell, in its order; then what else can be asked for by name."""
    short = {**item, "formats": formats}
    menu, extras = qualities(short, LARGEST)
    unsized = {offer.id for offer in read_offers(short) if offer.size is None and offer.direct}
    wanted = (one for quality in (*menu, *extras) for one in quality.format_id.split("+") if one in unsized)
    by_id = {str(each.get("format_id") or "0"): each for each in formats}
    return [by_id[one] for one in dict.fromkeys(wanted)]


def _first_choice(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The formats that the best choice of an item names."""
    menu, _ = qualities(item, LARGEST)
    ids = menu[0].format_id.split("+") if menu else []
    return [each for each in item.get("formats") or () if str(each.get("format_id") or "0") in ids]


def _weight(picture: Mapping[str, Any]) -> int:
    """By what the files of pictures differ in size: their pixels, those of an ordinary one where they aren't told."""
    return int(picture.get("width") or 1080) * int(picture.get("height") or 1350)


def ask(ydl: GuardedYoutubeDL, each: Mapping[str, Any], seconds: float) -> int | None:
    """The size that the server of a format tells without sending it. Raises RequestError."""
    headers = {**(each.get("http_headers") or {}), "Accept-Encoding": "identity"}
    for method, more in _WAYS:
        request = Request(each["url"], method=method, headers={**headers, **more}, extensions={"timeout": seconds})
        try:
            with ydl.urlopen(request) as answer:
                size = told(answer)
        except HTTPError as error:
            error.close()
            if error.status in _FINAL:
                return None
            continue
        if size:
            return size
    return None


def told(answer: Response) -> int | None:
    """The whole size of the file that an answer brings or stands for; None for a page."""
    if _TEXT.match(_kind(answer)) or answer.headers.get("Content-Encoding", "identity") != "identity":
        return None
    if answer.status == _PARTIAL:
        size = _WHOLE.fullmatch(answer.headers.get("Content-Range", ""))
        return int(size[1]) if size else None
    size = _LENGTH.fullmatch(answer.headers.get("Content-Length", ""))
    return int(size[0]) or None if size else None


def _kind(answer: Response) -> str:
    return str(answer.headers.get("Content-Type") or "")
