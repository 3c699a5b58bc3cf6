"""The order of atoms in MP4 files, whole, broken and hostile."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.mp4 import MOST_ATOMS, Atom, atoms, needs_faststart


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
