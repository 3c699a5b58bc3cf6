"""Recognising the secret file, or any piece of it, in whatever a download has left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.sites.harness import Sites

PIECE_BYTES: Final = 48
STEP_BYTES: Final = 499
#: Fewer different bytes than that are padding or a box header, which many files share.
VARIETY: Final = 16


class Marks:
    """Pieces from all over the secret that stand in no file which the hostile site serves openly."""

    def __init__(self, sites: Sites) -> None:
        secret = sites.secret.read_bytes()
        public = b"".join(sites.media.path(name).read_bytes() for name in ("mux_144.mp4", "hls/144_0.ts"))
        places = range(0, len(secret) - PIECE_BYTES, STEP_BYTES)
        pieces = (secret[place : place + PIECE_BYTES] for place in places)
        self._pieces = tuple(piece for piece in pieces if piece not in public and len(set(piece)) > VARIETY)
        assert self.found([sites.secret])
        assert len(self._pieces) > 50

    def found(self, paths: Iterable[Path]) -> list[str]:
        """Names of the files that hold a piece."""
        return [path.name for path in paths if path.is_file() and self._within(path.read_bytes())]

    def _within(self, data: bytes) -> bool:
        return any(piece in data for piece in self._pieces)
