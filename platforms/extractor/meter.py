"""Progress of one download: the sum over its parts, the size cap, and reports at a bounded pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from utils.errors import TooLarge

REPORT_SECONDS: Final = 0.2
#: Weight of the newest speed in the moving average.
SPEED_WEIGHT: Final = 0.3
#: An estimate is believed only when it is that many times the limit; the count of bytes is always believed.
ESTIMATE_MARGIN: Final = 2.0
MEBIBYTE: Final = 1 << 20

#: Takes the fields of platforms.shapes.Progress.
Report = Callable[[Mapping[str, Any]], None]


class Meter:
    """Counts the parts of one file (video, then audio), one after the other."""

    def __init__(self, report: Report, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._max_bytes = max_bytes
        self._clock = clock
        self._sizes: list[int | None] = []
        self._part = 0
        self._counted = 0  # bytes of the parts that are complete
        self._last_report: float | None = None
        self._last_bytes = 0
        self._speed: float | None = None

    def expect(self, exact: Sequence[int | None], guesses: Sequence[int | None]) -> None:
        """Further parts with what the site says of their sizes. Raises TooLarge where the exact ones are too much."""
        self._check(self._counted + sum(size for size in exact if size is not None))
        self._sizes += [size if size is not None else guess for size, guess in zip(exact, guesses, strict=True)]

    def on_download(self, state: Mapping[str, Any]) -> None:
        """yt-dlp's progress hook. Raises TooLarge."""
        done = _count(state.get("downloaded_bytes")) or 0
        total = _count(state.get("total_bytes"))
        estimate = _count(state.get("total_bytes_estimate"))
        self._check(self._counted + max(done, total or 0))
        if estimate is not None and self._counted + estimate > self._max_bytes * ESTIMATE_MARGIN:
            self._check(self._counted + estimate)
        if total or estimate:
            self._sizes[self._part] = max(done, total or estimate or 0)
        self._tell("downloading", self._counted + done, self._total())

    def part_done(self, size: int) -> None:
        """The next part begins; `size` is that of the file on disk."""
        self._counted += size
        self._sizes[self._part] = size
        self._part += 1
        self._check(self._counted)
        self._last_report = None  # the end of a part is always told
        self._tell("downloading", self._counted, self._total())

    def skip_to(self, part: int) -> None:
        """That part begins; those before it that aren't done don't come."""
        self._sizes[self._part : part] = [0] * (part - self._part)
        self._part = max(self._part, part)

    def on_media(self, phase: str, total: int | None) -> Callable[[float, int], None]:
        """Progress hook for ffmpeg in that phase: bytes written of about `total`."""
        self._speed = None
        self._last_report = None
        self._tell(phase, 0, total)
        return lambda _seconds, written: self._tell(phase, written, total if total and written <= total else None)

    def enter(self, phase: str) -> None:
        """A phase without figures."""
        self._report({"phase": phase})

    def _total(self) -> int | None:
        known = [size for size in self._sizes if size is not None]
        return sum(known) if len(known) == len(self._sizes) else None

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            raise TooLarge(
                f"{size} of {self._max_bytes} bytes",
                size_mb=round(size / MEBIBYTE, 1),
                limit_mb=round(self._max_bytes / MEBIBYTE, 1),
            )

    def _tell(self, phase: str, done: int, total: int | None) -> None:
        now = self._clock()
        if self._last_report is not None:
            passed = now - self._last_report
            if passed < REPORT_SECONDS:
                return
            speed = max(0, done - self._last_bytes) / passed
            self._speed = speed if self._speed is None else SPEED_WEIGHT * speed + (1 - SPEED_WEIGHT) * self._speed
        self._last_report, self._last_bytes = now, done
        left = total - done if total is not None and total >= done else None
        self._report(
            {
                "phase": phase,
                "done_bytes": done,
                "total_bytes": total,
                "speed": self._speed,
                "eta_seconds": left / self._speed if left is not None and self._speed else None,
            }
        )


def _count(value: object) -> int | None:
    """A number of bytes; None for anything that isn't one."""
    return int(value) if isinstance(value, (int, float)) and 0 <= value < float("inf") else None
