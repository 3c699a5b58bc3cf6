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


async def test_a_newcomer_waits_for_the_end_of_an_abandoned_run():
    """Two runs of one key never stand side by side, however long the first one takes to end."""
    flights: SingleFlight[int] = SingleFlight()
    began, may_end, running, most = asyncio.Event(), asyncio.Event(), [], []

    async def make() -> int:
        running.append(1)
        most.append(len(running))
        began.set()
        try:
            if len(most) == 1:
                await asyncio.Event().wait()
        finally:
            await may_end.wait()
            running.pop()
        return len(most)

    first = asyncio.create_task(flights.run("a", make))
    await began.wait()
    first.cancel()
    others = [asyncio.create_task(flights.run("a", make)) for _ in range(2)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert most == [1]
    may_end.set()
    assert await asyncio.gather(*others) == [2, 2]
    assert most == [1, 1]
    with pytest.raises(asyncio.CancelledError):
        await first
