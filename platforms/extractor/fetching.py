"""Download what an order asks for: the chosen formats one after the other, within the size cap, under our own names."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from platforms.extractor.album import BETWEEN, MOST_FILES, NOTHING
from platforms.extractor.fit import Fitter, Parts
from platforms.extractor.offers import PICTURE_FILES
from platforms.extractor.sparing import check_some_left, ends_all, verdict
from platforms.extractor.trim import fitting_info
from utils.errors import CutOff, DiskFull, NoMedia, UnknownQuality

if TYPE_CHECKING:
    from platforms.extractor.guard import GuardedYoutubeDL
    from platforms.extractor.meter import Meter
    from platforms.extractor.protocol import Order

THUMBNAIL_BYTES: Final = 5 << 20
THUMBNAIL_SECONDS: Final = 15.0
#: A picture at least that wide is enough for a thumbnail of 320 px.
THUMBNAIL_WIDTH: Final = 320
#: bytes of a pixel in an ordinary JPEG
PIXEL_BYTES: Final = 0.2
_CHUNK_BYTES: Final = 1 << 16


T = TypeVar("T")
#: place in the post, from 1; the item; the formats to fetch of it
Choice = tuple[int, Mapping[str, Any], list[dict[str, Any]]]


class Fetcher:
    """One fetch in its folder."""

    def __init__(self, order: Order, ydl: GuardedYoutubeDL, fitter: Fitter, meter: Meter) -> None:
        self._order = order
        self._folder = Path(order.folder)
        self._ydl = ydl
        self._fitter = fitter
        self._meter = meter
        self._missing: dict[int, BaseException] = {}
        ydl.add_progress_hook(meter.on_download)

    def run(self, most_bytes: int) -> dict[str, Any]:
        """{"info": the trimmed info of now, in at most so many bytes; "files": the fields of each; "missing": …}.

        Of a post what can be had: the rest is told in "missing" with place and error code. Raises where nothing can.
        """
        self._meter.enter("probing")
        info = self._ydl.extract_info(self._order.url, download=False)
        if not info:
            raise NoMedia("nothing was extracted")
        check_some_left(info)
        items = self._chosen(info)
        if not items:
            raise next(iter(self._missing.values()), NoMedia("a list without a single item to fetch"))
        formats = [each for _, _, chosen in items for each in chosen]
        self._meter.expect([_size(each, "filesize") for each in formats], [_guess(each) for each in formats])
        self._check_space(formats)
        files = self._files(items)
        if not files:
            raise next(iter(self._missing.values()))
        missing = [{"position": place, "code": verdict(error).code} for place, error in sorted(self._missing.items())]
        return {"info": fitting_info(info, most_bytes), "files": files, "missing": missing}

    def _files(self, items: list[Choice]) -> list[dict[str, Any]]:
        """All that come: first everything is downloaded, then made fit."""
        parts: list[tuple[int, Parts]] = []
        ended = 0
        for place, item, chosen in items:
            if (got := self._sparing(place, self._parts, place, item, chosen)) is not None:
                parts.append((place, got))
            ended += len(chosen)
            self._meter.skip_to(ended)
        fitted = (self._sparing(place, self._fitter.fit, str(place), each, self._order) for place, each in parts)
        return [file for file in fitted if file is not None]

    def _chosen(self, info: Mapping[str, Any]) -> list[Choice]:
        """What to fetch: each item with the formats that the order names for it, the best where it names none."""
        ids = [*self._order.format_id.split(BETWEEN), *[""] * MOST_FILES]
        named = zip(islice(items_of(info), MOST_FILES), ids, strict=False)
        found: list[Choice] = []
        for place, (item, format_id) in enumerate(named, 1):
            if format_id == NOTHING:
                continue
            if is_playable(item):
                found.append((place, item, choose(item, format_id, strict=not found)))
            else:
                self._missing[place] = item.get("spared") or NoMedia("an item without anything to fetch")
        return found

    def _sparing(self, place: int, step: Callable[..., T], *given: Any) -> T | None:
        """A step for one item; None where only that one fails, whose remains are removed."""
        try:
            return step(*given)
        except Exception as error:
            if ends_all(error):
                raise
            self._missing[place] = error
            for left in (*self._folder.glob(f"{place}-*"), *self._folder.glob(f"{place}.*")):
                left.unlink(missing_ok=True)
            return None

    def _parts(self, number: int, item: Mapping[str, Any], formats: list[dict[str, Any]]) -> Parts:
        """All of one item as it comes from the site."""
        sources = [self._download(f"{number}-{part}.part", {**item, **each}) for part, each in enumerate(formats)]
        picture = None if formats[0].get("ext") in PICTURE_FILES else self._thumbnail(f"{number}-picture.part", item)
        return Parts(sources, formats, picture, item)

    def _download(self, name: str, info: dict[str, Any]) -> Path:
        path = self._folder / name
        info.pop("requested_formats", None)
        self._ydl.dl(str(path), info)
        if not path.is_file() or not path.stat().st_size:
            raise CutOff("the download ended without a file")
        self._meter.part_done(path.stat().st_size)
        return path

    def _check_space(self, formats: list[dict[str, Any]]) -> None:
        """Raises DiskFull before the first byte where the parts can't fit."""
        needed = sum(_size(each, "filesize") or 0 for each in formats)
        if needed > shutil.disk_usage(self._folder).free:
            raise DiskFull(f"{needed} bytes don't fit")

    def _thumbnail(self, name: str, item: Mapping[str, Any]) -> Path | None:
        """The site's picture of the item; None where it has none or doesn't hand it out soon. Never fails a job."""
        url = thumbnail_url(item)
        if url is None:
            return None
        path = self._folder / name
        with suppress(Exception), within(THUMBNAIL_SECONDS):
            save(self._ydl, url, path, THUMBNAIL_BYTES)
            return path
        path.unlink(missing_ok=True)
        return None


def items_of(info: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The item itself, or the first entries of a list."""
    if "entries" not in info:
        yield info
        return
    yield from islice((entry for entry in info["entries"] or () if entry), MOST_FILES)


def is_playable(item: Mapping[str, Any]) -> bool:
    """Whether there is something to fetch."""
    return "missing" not in item and bool(item.get("formats") or item.get("url"))


def choose(info: Mapping[str, Any], format_id: str, *, strict: bool) -> list[dict[str, Any]]:
    """The formats with these ids ("136+140"), the best one for an empty id.

    Raises UnknownQuality where the site doesn't offer one any more; `strict=False` takes the best one instead.
    """
    offered = info.get("formats") or [info]
    by_id = {each.get("format_id"): each for each in offered}
    wanted = [by_id.get(one) for one in format_id.split("+")]
    found = [each for each in wanted if each is not None]
    if len(found) == len(wanted):
        return found
    if format_id and strict:
        raise UnknownQuality(f"format {format_id} is not on offer now")
    return [offered[-1]]


def thumbnail_url(item: Mapping[str, Any]) -> str | None:
    """The smallest picture that is large enough, else the one that the site calls its thumbnail."""
    sized = [each for each in item.get("thumbnails") or () if (each.get("width") or 0) >= THUMBNAIL_WIDTH]
    best = min(sized, key=lambda each: each["width"], default=None)
    return best["url"] if best else item.get("thumbnail")


def save(ydl: GuardedYoutubeDL, url: str, path: Path, most_bytes: int) -> str:
    """Copy a small resource into a file; its content type. Raises CutOff where it is larger or empty."""
    written = 0
    with ydl.urlopen(url) as response, path.open("wb") as file:
        while chunk := response.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > most_bytes:
                raise CutOff(f"more than {most_bytes} bytes")
            file.write(chunk)
        if not written:
            raise CutOff("nothing came")
        return str(response.headers.get("Content-Type") or "")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the main thread when it takes longer, even out of a read that trickles."""

    def on_alarm(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before: Any = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _guess(fmt: Mapping[str, Any]) -> int | None:
    """The site's estimate; for a picture what its pixels usually take, so that a post's progress has a whole."""
    guess = _size(fmt, "filesize_approx")
    if guess is None and fmt.get("ext") in PICTURE_FILES:
        return int((_size(fmt, "width") or 0) * (_size(fmt, "height") or 0) * PIXEL_BYTES) or None
    return guess


def _size(fmt: Mapping[str, Any], key: str) -> int | None:
    size = fmt.get(key)
    return int(size) if isinstance(size, (int, float)) and size > 0 else None
