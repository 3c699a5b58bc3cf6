"""Levels of memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.memory_levels import Hysteresis, Level

N, H, C = Level


@pytest.mark.parametrize(
    ("shares", "levels"),
    [
        ([0.1, 0.79, 0.8, 0.76, 0.75, 0.74], [N, N, H, H, H, N]),
        ([0.95, 0.91, 0.89, 0.76, 0.7], [C, C, H, H, N]),
        ([0.99, 0.1, 0.9, 1.4], [C, N, H, C]),
    ],
)
def test_up_at_the_border_and_down_only_below_it(shares, levels):
    """A share that trembles around a border doesn't change the level with every look."""
    level = Hysteresis(0.8, 0.95, 0.05)
    assert [level.note(share) for share in shares] == levels
    assert level.level is levels[-1]


@given(st.lists(st.floats(0, 2)))
def test_never_lower_than_what_the_share_alone_says(shares):
    """Hysteresis only ever holds a level up."""
    level = Hysteresis(0.8, 0.95, 0.05)
    for share in shares:
        assert level.note(share) >= (C if share >= 0.95 else H if share >= 0.8 else N)
        assert level.level <= (C if share >= 0.9 else H if share >= 0.75 else N)
