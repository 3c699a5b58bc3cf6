"""How often a download may be put back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from services.flights import Flight
from services.put_backs import BOUND, MEMORY_REST_SECONDS, PutBacks
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


async def test_each_rest_is_longer():
    """Not at all the first time."""
    rests: list[float] = []

    class Queue:
        async def put_back(self, _job, seconds):
            rests.append(seconds)

    class Writer:
        async def written(self, write):
            return await write()

    nobody: Any = None
    queue: Any = Queue()
    writer: Any = Writer()
    job: Any = SimpleNamespace(id="j", key=KEY)
    put_backs = PutBacks(queue, writer, nobody, nobody, memory=3)
    for _ in range(3):
        assert await put_backs.put_back(Flight(KEY, {"j": job}), SHORT) is None
    assert rests == [0.0, MEMORY_REST_SECONDS, 2 * MEMORY_REST_SECONDS]


async def test_what_is_remembered_is_bounded(put_backs):
    """The oldest begins anew."""
    for number in range(BOUND + 1):
        assert await met(put_backs, SHORT, key=(str(number), "best", "")) == [""]
    assert not put_backs.why(("0", "best", ""))
    assert put_backs.why(("1", "best", ""))
