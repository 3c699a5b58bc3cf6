"""MP4 files from the outside: the order of their top-level atoms and their length, read without touching the media."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

#: A file with more top-level atoms than this is fragmented or broken; the order of moov and mdat is known long before.
MOST_ATOMS: Final = 1000
_HEADER: Final = struct.Struct(">I4s")
_LARGE: Final = struct.Struct(">Q")
#: version of mvhd -> where time scale and duration stand in it, and the duration that means unknown
_TIMES: Final = {0: (struct.Struct(">12xII"), 2**32 - 1), 1: (struct.Struct(">20xIQ"), 2**64 - 1)}


@dataclass(frozen=True, slots=True)
class Atom:
    """A top-level atom: its four letters, where it starts and how long it is, header included (bytes)."""

    kind: str
    offset: int
    size: int


def atoms(path: Path) -> Iterator[Atom]:
    """The top-level atoms in file order, at most MOST_ATOMS; ends where the structure stops making sense."""
    with path.open("rb") as file:
        yield from _atoms(file, path.stat().st_size)


def needs_faststart(path: Path) -> bool:
    """Whether the index (moov) stands behind the media (mdat), so that a player must load all before it can start."""
    for atom in atoms(path):
        if atom.kind == "moov":
            return False
        if atom.kind == "mdat":
            return any(later.kind == "moov" for later in atoms(path))
    return False


def duration(start: bytes) -> float | None:
    """Seconds, told by the first few thousand bytes of a file; None where its index isn't among them."""
    for kind in ("moov", "mvhd"):
        found = next((atom for atom in _atoms(BytesIO(start), len(start)) if atom.kind == kind), None)
        if found is None:
            return None
        start = start[found.offset + _HEADER.size : found.offset + found.size]
    shape, unknown = _TIMES.get(start[0] if start else 0, _TIMES[0])
    if len(start) < shape.size:
        return None
    scale, ticks = shape.unpack_from(start)
    return ticks / scale if scale and 0 < ticks < unknown else None


def _atoms(file: BinaryIO, end: int) -> Iterator[Atom]:
    offset = 0
    for _ in range(MOST_ATOMS):
        file.seek(offset)
        header = file.read(_HEADER.size + _LARGE.size)
        if len(header) < _HEADER.size:
            return
        size, kind = _HEADER.unpack_from(header)
        least = _HEADER.size
        if size == 1:  # ISO/IEC 14496-12, 4.2: a 64-bit size follows
            least += _LARGE.size
            size = _LARGE.unpack_from(header, _HEADER.size)[0] if len(header) == least else 0
        elif size == 0:  # reaches to the end of the file
            size = end - offset
        if size < least:
            return
        yield Atom(kind.decode("latin-1"), offset, size)
        offset += size
        if offset >= end:
            return
