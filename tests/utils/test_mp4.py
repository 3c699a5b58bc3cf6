"""The order of atoms in MP4 files, whole, broken and hostile."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.mp4 import MOST_ATOMS, Atom, atoms, duration, needs_faststart


def atom(kind: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


def large(kind: bytes, size: int) -> bytes:
    return struct.pack(">I4sQ", 1, kind, size)


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (b"", []),
        (b"\0\0\0", []),
        (atom(b"ftyp", b"isom") + atom(b"moov") + atom(b"mdat", b"12345"), ["ftyp", "moov", "mdat"]),
        (atom(b"ftyp") + large(b"mdat", 20) + b"1234" + atom(b"moov"), ["ftyp", "mdat", "moov"]),
        (atom(b"ftyp") + atom(b"mdat", b"to the end", size=0), ["ftyp", "mdat"]),
        (atom(b"ftyp") + atom(b"odd!", size=4) + atom(b"moov"), ["ftyp"]),
        (atom(b"ftyp") + large(b"mdat", 8) + atom(b"moov"), ["ftyp"]),
        (atom(b"ftyp") + atom(b"mdat", size=1), ["ftyp"]),
        (atom(b"ftyp") + large(b"mdat", 1 << 63) + b"x", ["ftyp", "mdat"]),
        (atom(b"ftyp") + b"junk", ["ftyp"]),
    ],
)
def test_atoms(tmp_path, content, kinds):
    """32-bit, 64-bit and open sizes are understood; reading ends where they make no sense."""
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    assert [found.kind for found in atoms(path)] == kinds


def test_places(tmp_path):
    """Each atom tells where it starts and how long it is."""
    path = tmp_path / "x.mp4"
    path.write_bytes(atom(b"ftyp", b"isom") + large(b"mdat", 20) + b"1234")
    assert list(atoms(path)) == [Atom("ftyp", 0, 12), Atom("mdat", 12, 20)]


def test_atoms_are_bounded(tmp_path):
    """A file of nothing but tiny atoms is not read to its end."""
    path = tmp_path / "x.mp4"
    path.write_bytes(atom(b"free") * (MOST_ATOMS + 10))
    assert len(list(atoms(path))) == MOST_ATOMS


@pytest.mark.parametrize(
    ("kinds", "needed"),
    [
        ([b"ftyp", b"moov", b"mdat"], False),
        ([b"ftyp", b"mdat", b"moov"], True),
        ([b"ftyp", b"free", b"mdat", b"mdat", b"moov"], True),
        ([b"ftyp", b"moov", b"moof", b"mdat", b"moof", b"mdat"], False),
        ([b"ftyp", b"mdat"], False),
        ([b"RIFF"], False),
        ([], False),
    ],
)
def test_needs_faststart(tmp_path, kinds, needed):
    """Only where the index stands behind the media; a file without one or of another kind has nothing to move."""
    path = tmp_path / "x"
    path.write_bytes(b"".join(atom(kind, b"body") for kind in kinds))
    assert needs_faststart(path) == needed


@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory, content):
    """No file makes it fail."""
    path = tmp_path_factory.getbasetemp() / "any.mp4"
    path.write_bytes(content)
    assert needs_faststart(path) in {True, False}


def header(version: int, scale: int, ticks: int) -> bytes:
    """The body of an mvhd."""
    if version == 1:
        return struct.pack(">B3xQQIQ", 1, 0, 0, scale, ticks)
    return struct.pack(">B3xIIII", version, 0, 0, scale, ticks)


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (atom(b"ftyp", b"isom") + atom(b"moov", atom(b"mvhd", header(0, 1000, 4500))), 4.5),
        (atom(b"ftyp") + atom(b"free") + atom(b"moov", atom(b"mvhd", header(1, 90_000, 180_000))), 2.0),
        (atom(b"ftyp") + atom(b"moov", atom(b"mvhd", header(0, 1000, 4500)), size=1 << 20), 4.5),
        (atom(b"ftyp") + atom(b"mdat", b"x", size=1 << 20), None),
        (atom(b"moov", atom(b"mvhd", header(0, 0, 4500))), None),
        (atom(b"moov", atom(b"mvhd", header(0, 1000, 0))), None),
        (atom(b"moov", atom(b"mvhd", header(0, 1000, 2**32 - 1))), None),
        (atom(b"moov", atom(b"mvhd", header(0, 1000, 4500)[:-1])), None),
        (atom(b"moov", atom(b"mvhd")), None),
        (atom(b"moov"), None),
        (b"", None),
    ],
)
def test_duration(content, seconds):
    """Told where the index is within reach, whatever of it is missing behind its head."""
    assert duration(content) == seconds


@given(st.binary(max_size=200))
def test_duration_of_anything(content):
    """No bytes hurt."""
    found = duration(atom(b"moov", content))
    assert found is None or found > 0
