"""The folder in which workers keep YouTube's player scripts as a former run has prepared them; bounded."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

#: A prepared script takes some 3 MB; the site changes it about once a day and serves a few at a time.
MOST_BYTES: Final = 24 << 20
MOST_FILES: Final = 64


class PlayerFolder:
    """yt-dlp writes here and never removes anything, so this does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> Path:
        """The folder, made where it is missing, without the files that are too many, the oldest first."""
        self._folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        found = []
        for parent, _, names in os.walk(self._folder):
            for name in names:
                try:
                    state = Path(parent, name).lstat()
                except FileNotFoundError:  # a worker's own script, gone by now
                    continue
                found.append((state.st_mtime, state.st_size, Path(parent, name)))
        kept_bytes = 0
        for number, (_, size, path) in enumerate(sorted(found, reverse=True), 1):
            kept_bytes += size
            if number > MOST_FILES or kept_bytes > MOST_BYTES:
                path.unlink(missing_ok=True)
        return self._folder
