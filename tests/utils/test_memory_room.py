"""What fits into memory besides what is used."""

from __future__ import annotations

import pytest

from utils.memory_room import MemoryRoom


@pytest.mark.parametrize(
    ("limit", "used", "need", "fits"),
    [
        (None, 60, 40, True),
        (None, 60, 41, False),
        (80, 60, 20, True),
        (80, 60, 21, False),
        (500, 60, 41, False),
        (None, None, 0, False),
    ],
)
def test_the_smaller_bound_counts(limit, used, need, fits):
    """The cap of 100 or the container's; nothing fits where use can't be told."""
    assert MemoryRoom(100, limit=lambda: limit, used=lambda: used)(need) is fits


def test_this_process_uses_something():
    """The real figures."""
    assert not MemoryRoom(1)(0)
    assert MemoryRoom(1 << 60, limit=lambda: None)(1)
