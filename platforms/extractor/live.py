"""Record a running HLS stream: its renditions side by side, until there is enough of it, then one file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from platforms.extractor.fetching import choose, items_of
from platforms.extractor.fit import Fitter, Parts
from platforms.extractor.live_offers import HLS
from platforms.extractor.live_track import Track
from platforms.extractor.trim import fitting_info
from utils.errors import LiveEnded, LiveNow, MemoryShort, NoMedia, Stalled, TooLarge

if TYPE_CHECKING:
    from platforms.extractor.guard import GuardedYoutubeDL
    from platforms.extractor.protocol import Order

REPORT_SECONDS: Final = 0.5
#: tries to make a file of what was recorded, which can't be had again, and the rest between two of them
FITS: Final = 4
FIT_REST_SECONDS: Final = 5.0
#: A stream that comes slower than it plays is given up after so much more time than was asked for.
SLOWEST: Final = 1.5
#: The parent hears of us at least so often within its patience.
SHARE_OF_PATIENCE: Final = 3
#: windows are read from so many segments before their end, as RFC 8216 wants players to do
EDGE: Final = 3


class Line(Protocol):
    """The way to the parent (`platforms.extractor.child.Channel`)."""

    def progress(self, fields: dict[str, Any]) -> None:
        """A report."""

    def enough(self, seconds: float) -> bool:
        """Wait so long at most for the word that ends the recording."""


class Recorder:
    """One recording in its folder. `clock` in seconds; while it records the line's `enough` is its only way to wait."""

    def __init__(
        self,
        order: Order,
        ydl: GuardedYoutubeDL,
        fitter: Fitter,
        line: Line,
        clock: Callable[[], float] = time.monotonic,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._order = order
        self._folder = Path(order.folder)
        self._ydl = ydl
        self._fitter = fitter
        self._line = line
        self._clock = clock
        self._sleep = sleep
        self._reported = float("-inf")
        self._heard_at: float | None = None

    def run(self, most_bytes: int) -> dict[str, Any]:
        """{"info": the trimmed info of now, "files": the fields of the one file}.

        Raises LiveEnded for a stream that is over, LiveNow for one in another form, Stalled where nothing came at all,
        TooLarge where a first segment doesn't end.
        """
        self._line.progress({"phase": "probing"})
        info = self._ydl.extract_info(self._order.url, download=False)
        item = next(iter(items_of(info)), None) if info else None
        if item is None:
            raise NoMedia("nothing to record")
        if not (item.get("is_live") or item.get("live_status") == "is_live"):
            raise LiveEnded("the stream is over")
        offered = {**item, "formats": [each for each in item.get("formats") or () if each.get("protocol") in HLS]}
        if not offered["formats"]:
            raise LiveNow("no HLS")
        formats = choose(offered, self._order.format_id, strict=True)
        tracks = [self._track(number, {**item, **each}) for number, each in enumerate(formats)]
        self._record(tracks)
        sources = [track.close(self._fitter.ffmpeg) for track in tracks]
        whole = {**item, "duration": None}  # what some sites tell is the age of the stream
        file = self._fit(Parts(sources, formats, None, whole))
        return {"info": fitting_info(info, most_bytes), "files": [file]}

    def _fit(self, parts: Parts) -> dict[str, Any]:
        """The fields of the file; where the kernel has ended ffmpeg for want of memory, it is tried again."""
        for _ in range(FITS - 1):
            try:
                return self._fitter.fit("1", parts, self._order)
            except MemoryShort:
                self._sleep(FIT_REST_SECONDS)
        return self._fitter.fit("1", parts, self._order)

    def _track(self, number: int, fmt: dict[str, Any]) -> Track:
        patience = self._order.patience_seconds
        return Track(self._ydl, fmt, self._folder / f"1-{number}", patience / SHARE_OF_PATIENCE, self._clock)

    def _record(self, tracks: Sequence[Track]) -> None:
        """Take in what comes until the time or the bytes are used up, the stream is over, or somebody has enough."""
        for track in tracks:
            track.load()
        begin_together(tracks)
        began = self._clock()
        self._report(tracks)
        while not self._is_enough(tracks, began):
            behind = min((track for track in tracks if track.waiting), key=lambda track: track.seconds, default=None)
            if behind is not None:
                behind.take(lambda arrived: self._goes_on(tracks, began, arrived))
            for track in tracks:
                track.load_if_due()
            self._report(tracks)
            if self._heard(0 if any(track.waiting for track in tracks) else self._pause(tracks)):
                break
        self._report(tracks, last=True)
        if not all(track.seconds for track in tracks):
            for trouble in (track.trouble for track in tracks):
                if isinstance(trouble, TooLarge):
                    raise trouble
            raise Stalled(f"nothing came at all: {[str(track.trouble) for track in tracks]}")

    def _is_enough(self, tracks: Sequence[Track], began: float) -> bool:
        wanted, now = self._order.record_seconds, self._clock()
        taken = sum(track.bytes for track in tracks)
        return (
            all(track.seconds >= wanted or track.over for track in tracks)
            or taken + max(track.largest for track in tracks) > self._order.max_bytes
            or self._is_late(began)
            or now - max(track.news_at for track in tracks) > self._patience(tracks)
        )

    def _goes_on(self, tracks: Sequence[Track], began: float, arrived: int) -> bool:
        """Whether a segment of which so many bytes have come is still waited for: one may be endless, or trickle."""
        self._report(tracks)
        self._heard(0)
        has_some = all(track.seconds for track in tracks)
        if arrived + sum(track.bytes for track in tracks) > self._order.max_bytes:
            if not has_some:
                raise TooLarge("one segment", limit_mb=self._order.max_bytes >> 20)
            return False
        if self._heard_at is not None and (has_some or self._clock() - self._heard_at > self._order.patience_seconds):
            return False
        return not self._is_late(began)

    def _heard(self, seconds: float) -> bool:
        """Whether somebody has said that it is enough, now or before."""
        if self._heard_at is None and self._line.enough(seconds):
            self._heard_at = self._clock()
        return self._heard_at is not None

    def _is_late(self, began: float) -> bool:
        return self._clock() - began > SLOWEST * self._order.record_seconds + self._order.patience_seconds

    def _patience(self, tracks: Sequence[Track]) -> float:
        """How long nothing new may come: a stream that pauses goes on, one that is dead doesn't."""
        return max(self._order.patience_seconds, *(EDGE * track.target for track in tracks))

    def _pause(self, tracks: Sequence[Track]) -> float:
        """Until a playlist is to be read again; never so long that the parent takes us for dead."""
        due = min(track.due_at for track in tracks) - self._clock()
        return max(0.0, min(due, self._order.patience_seconds / SHARE_OF_PATIENCE))

    def _report(self, tracks: Sequence[Track], *, last: bool = False) -> None:
        now = self._clock()
        if now - self._reported < REPORT_SECONDS and not last:
            return
        self._reported = now
        self._line.progress(
            {
                "phase": "recording",
                "done_bytes": sum(track.bytes for track in tracks),
                "done_seconds": min(track.seconds for track in tracks),
                "total_seconds": self._order.record_seconds,
            }
        )


def begin_together(tracks: Sequence[Track]) -> None:
    """Let all begin with the segment of one number where all have it, so that picture and sound stay together."""
    starts = [track.edge(EDGE) for track in tracks]
    common = max((start for start in starts if start is not None), default=None)
    if common is not None and all(track.has(common) for track in tracks):
        starts = [common] * len(tracks)
    for track, start in zip(tracks, starts, strict=True):
        track.begin(start)
