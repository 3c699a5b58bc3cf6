"""Many callers of one key share one run."""

import asyncio

import pytest

from utils.single_flight import SingleFlight


async def test_callers_of_one_key_share_a_run_and_others_do_not():
    """Two callers, one run; another key and a later call run anew."""
    flights: SingleFlight[int] = SingleFlight()
    gate, runs = asyncio.Event(), []

    async def make() -> int:
        runs.append(1)
        await gate.wait()
        return len(runs)

    first, second, other = (asyncio.create_task(flights.run(key, make)) for key in ("a", "a", "b"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    assert await first == await second
    await other
    assert len(runs) == 2
    await flights.run("a", make)
    assert len(runs) == 3


async def test_an_error_reaches_every_caller():
    """Nobody waits for ever and nothing is kept."""
    flights: SingleFlight[int] = SingleFlight()

    async def make() -> int:
        await asyncio.sleep(0)
        raise ValueError("no")

    results = await asyncio.gather(flights.run(1, make), flights.run(1, make), return_exceptions=True)
    assert [str(error) for error in results] == ["no", "no"]


async def test_the_run_is_cancelled_when_the_last_caller_leaves():
    """One impatient caller doesn't stop the other; the last one does."""
    flights: SingleFlight[int] = SingleFlight()
    began, ended = asyncio.Event(), asyncio.Event()

    async def make() -> int:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 1

    first, second = (asyncio.create_task(flights.run("a", make)) for _ in range(2))
    await began.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not ended.is_set()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert ended.is_set()
