"""How often a download may be put back."""

from __future__ import annotations

from typing import Any

import pytest

from services.flights import Flight
from services.put_backs import BOUND, PutBacks
from utils.errors import GoldcrestError, MemoryShort, Private

KEY = ("site:1", "best", "")
SHORT = MemoryShort()


@pytest.fixture
def put_backs():
    """Flights without jobs ask nobody for anything."""
    nobody: Any = None
    return PutBacks(nobody, nobody, nobody, nobody, memory=2)


async def met(put_backs: PutBacks, *errors: GoldcrestError | None, key: tuple[str, str, str] = KEY) -> list[str]:
    """What a download fails with that meets one error after the other; "" where it waits again or went well."""
    found = [await put_backs.put_back(Flight(key, {}), error) for error in errors]
    return [error.code if error else "" for error in found]


async def test_so_often_in_a_row_and_then_no_more(put_backs):
    """The next time begins to count anew; an end in between does too."""
    assert await met(put_backs, SHORT, SHORT, SHORT) == ["", "", "out_of_memory"]
    assert put_backs.why(KEY) is None
    assert await met(put_backs, SHORT) == [""]
    assert put_backs.why(KEY).code == "memory_short"
    assert await met(put_backs, None, SHORT, SHORT, Private(), SHORT) == ["", "", "", "private", ""]


async def test_what_is_remembered_is_bounded(put_backs):
    """The oldest begins anew."""
    for number in range(BOUND + 1):
        assert await met(put_backs, SHORT, key=(str(number), "best", "")) == [""]
    assert not put_backs.why(("0", "best", ""))
    assert put_backs.why(("1", "best", ""))
