"""Peak memory of a process tree, sampled: PSS, so that pages shared between processes count once."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Final, Self

from utils.process_memory import tree_bytes

INTERVAL_SECONDS: Final = 0.02


class Sampler:
    """A context manager that looks at a tree in a thread; `peak_bytes` is the largest sum it saw."""

    def __init__(self, pid: int, *, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self.peak_bytes = 0
        self.samples = 0
        self._pid = pid
        self._interval_seconds = interval_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory sampler", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self._interval_seconds):
            self.peak_bytes = max(self.peak_bytes, tree_bytes(self._pid) or 0)
            self.samples += 1
