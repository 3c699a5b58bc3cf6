"""How far an upload is: bytes of several files added up, with speed and time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from platforms.shapes import Progress

if TYPE_CHECKING:
    from platforms.shapes import ProgressSink

#: the speed is that of the last seconds, so that it follows the line and doesn't jump with each part
WINDOW_SECONDS: Final = 8.0


class Meter:
    """`total_bytes`: of all files together; each is counted by the callback that `begin` gives."""

    def __init__(
        self, total_bytes: int, on_progress: ProgressSink, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total_bytes
        self._on_progress = on_progress
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque([(clock(), 0)])

    def begin(self, offset_bytes: int) -> Callable[[int, int], None]:
        """Count one file; `offset_bytes`: what the files before it have."""

        def on_bytes(done: int, _total: int) -> None:
            self._tell(offset_bytes + done)

        return on_bytes

    def _tell(self, done: int) -> None:
        now = self._clock()
        while len(self._marks) > 1 and self._marks[0][0] < now - WINDOW_SECONDS:
            self._marks.popleft()
        began, before = self._marks[0]
        self._marks.append((now, done))
        speed = (done - before) / (now - began) if now > began and done > before else None
        left = (self._total - done) / speed if speed else None
        self._on_progress(Progress("uploading", done, self._total, speed, left))
