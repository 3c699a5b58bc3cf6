"""Who may start when."""

from __future__ import annotations

import asyncio

import pytest

from utils.errors import Busy, MemoryShort
from utils.memory_admission import OVERTAKES, Admission
from utils.memory_needs import Needs
from utils.memory_pools import Pools


class Ground:
    """An admission whose room a test sets; needs: 20 of a probe, 50 of a fetch."""

    def __init__(self, room=100, bound=256):
        self.room = room
        self.pools = Pools()
        self.line = Admission(lambda: self.room, Needs({"probe": 20, "fetch": 50}), self.pools, bound)
        self.order = []

    async def enter(self, kind="fetch", *, seconds=60.0, name="", **more):
        lease = await self.line.acquire(kind, wait_seconds=seconds, **more)
        self.order.append(name or kind)
        return lease

    async def queue(self, *kinds):
        """One task for each, in that order, as far as they come."""
        tasks = []
        for number, kind in enumerate(kinds):
            tasks.append(asyncio.create_task(self.enter(kind, name=f"{kind} {number}")))
            await settle()
        return tasks


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def end(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_what_fits_starts_and_the_next_waits_for_room():
    """Two fetches of 50 fill 100; the third starts when one of them is gone."""
    ground = Ground()
    tasks = await ground.queue("fetch", "fetch", "fetch")
    assert ground.line.waiting == 1
    assert ground.pools.figures()["fetch"]["bytes"] == 100
    ground.line.release(tasks[0].result())
    ground.line.release(tasks[0].result())
    await settle()
    assert tasks[2].done()
    assert ground.line.counted == {"admitted": 3, "waited": 1, "refused": 0}


async def test_what_is_used_already_is_not_reckoned_twice():
    """A look shows 40 of the 50; room that is left then is for others but for 10."""
    ground = Ground()
    (task,) = await ground.queue("fetch")
    lease = task.result()
    lease.attach(77, lambda: None)
    ground.line.saw({77: 40, 1: 9})
    ground.room = 60
    assert ground.line.fits(50)
    assert not ground.line.fits(51)
    ground.line.saw({})
    assert not ground.line.fits(11)


async def test_the_first_is_let_in_when_nothing_runs():
    """However large it is, where there is any room at all."""
    ground = Ground(room=0)
    tasks = await ground.queue("fetch", "probe")
    assert ground.line.waiting == 2
    ground.room = 1
    ground.line.pump()
    await settle()
    assert [task.done() for task in tasks] == [True, False]
    ground.line.release(tasks[0].result())
    await settle()
    assert tasks[1].done()


async def test_short_calls_pass_a_waiting_job_a_bounded_number_of_times():
    """People look at the screen meanwhile; in the end the job has its turn."""
    ground = Ground(room=75)
    (running, waiting) = await ground.queue("fetch", "fetch")
    for _ in range(OVERTAKES):
        ground.line.release(await ground.enter("probe"))
    (late,) = await ground.queue("probe")
    assert not late.done()
    ground.line.release(running.result())
    await settle()
    assert ground.order[-2:] == ["fetch 1", "probe 0"]
    assert waiting.done()


async def test_calls_never_pass_calls():
    """Among equals the order is the order."""
    ground = Ground(room=75)
    await ground.queue("fetch", "probe", "probe", "probe")
    assert ground.order == ["fetch 0", "probe 1"]
    assert ground.line.waiting == 2
    assert not ground.line.fits(10)


async def test_a_wait_has_an_end():
    """One sentence then, and nobody stands in line any more."""
    ground = Ground()
    (running,) = await ground.queue("fetch")
    ground.room = 0
    with pytest.raises(MemoryShort):
        await ground.enter("probe", seconds=0)
    assert ground.line.waiting == 0
    assert ground.line.counted["refused"] == 1
    assert running.done()


async def test_all_can_be_refused():
    """Whoever has left already isn't told; the line is empty then."""
    ground = Ground(room=50)
    tasks = await ground.queue("fetch", "fetch", "fetch")
    tasks[1].cancel()
    ground.line.refuse_all("hopeless")
    await asyncio.wait(tasks)
    with pytest.raises(MemoryShort, match="hopeless"):
        await tasks[2]
    assert tasks[1].cancelled()
    assert (ground.line.waiting, ground.line.counted["refused"]) == (0, 1)


async def test_the_line_has_a_bound():
    """More are refused at once."""
    ground = Ground(room=50, bound=1)
    tasks = await ground.queue("fetch", "fetch")
    with pytest.raises(Busy):
        await ground.enter("fetch")
    await end(tasks[1:])


async def test_who_leaves_the_line_makes_way():
    """A large one at the head gives up: the small one behind it starts, without any change of room."""
    ground = Ground(room=60)
    await ground.queue("probe")
    big = asyncio.create_task(ground.enter("probe", more_bytes=500))
    small = asyncio.create_task(ground.enter("probe"))
    await settle()
    assert not small.done()
    await end([big])
    await settle()
    assert small.done()
    assert ground.line.waiting == 0


async def test_a_place_that_comes_with_the_cancellation_goes_back():
    """Both in the same turn of the loop."""
    ground = Ground(room=50)
    tasks = await ground.queue("fetch", "fetch")
    ground.line.release(tasks[0].result())  # grants the second ...
    tasks[1].cancel()  # ... which is cancelled before it hears of it
    await asyncio.wait({tasks[1]})
    assert tasks[1].cancelled()
    assert ground.line.leases == {}
    assert ground.pools.figures()["fetch"]["bytes"] == 0


async def test_a_wait_tells_how_many_stand_before_it():
    """Once per change."""
    ground = Ground(room=50)
    told: list[int] = []
    tasks = await ground.queue("fetch", "fetch")
    waiting = asyncio.create_task(ground.enter("fetch", on_wait=told.append))
    await settle()
    ground.line.pump()
    await end([tasks[1]])
    assert told == [1, 0]
    await end([waiting])


async def test_what_stands_beside_a_child_counts_until_it_is_there():
    """The preloaded process is paid for by who starts it, and used like anything else from then on."""
    ground = Ground()
    lease = await ground.enter("fetch", more_bytes=30)
    assert lease.need_bytes == 80
    lease.arrived(30)
    assert lease.need_bytes == 50


async def test_peaks_are_learned_at_the_end():
    """As seen or as told, whichever is more; what a child tells is believed within reason."""
    ground = Ground()
    for told in (60, 10**9):
        lease = await ground.enter("fetch")
        lease.attach(5, lambda: None)
        ground.line.saw({5: 70})
        lease.told(told)
        assert lease.peak_bytes == (70 if told == 60 else 4 * max(lease.need_bytes, 70))
        ground.line.release(lease)
    assert ground.line.needs.figures()["fetch"]["measured"] == 2


async def test_what_a_child_runs_under_another_name_is_not_its_own():
    """While JavaScript runs in some child's group nothing is learned from looks."""
    ground = Ground()
    lease = await ground.enter("probe")
    lease.attach(5, lambda: None)
    side = ground.line.try_acquire("javascript", 10)
    assert side is not None
    ground.line.saw({5: 60}, foreign={"javascript"})
    assert (lease.used_bytes, lease.peak_bytes) == (60, 0)
    assert ground.line.try_acquire("javascript", 1000) is None
    ground.line.release(side)
    ground.line.saw({5: 15}, foreign={"javascript"})
    assert lease.peak_bytes == 15


async def test_a_waiter_whose_callback_raises_hears_it_itself_and_leaves_the_line():
    """Neither the one before it that leaves nor the one behind it is hurt, and no place is given to nobody."""
    ground = Ground(room=50)
    (running,) = await ground.queue("fetch")

    def broken(before):
        if not before:
            raise ValueError("first at last")

    first = asyncio.create_task(ground.enter("fetch"))
    await settle()
    second = asyncio.create_task(ground.enter("fetch", on_wait=broken))
    third = asyncio.create_task(ground.enter("fetch"))
    await settle()
    await end([first])
    with pytest.raises(ValueError, match="first at last"):
        await second
    assert ground.line.waiting == 1
    ground.line.release(running.result())
    await settle()
    assert third.done()
    assert list(ground.line.leases) == [third.result().number]


async def test_a_callback_that_raises_at_once_leaves_nobody_in_line():
    """What its owner reserved would never come back."""
    ground = Ground(room=50)
    (running,) = await ground.queue("fetch")

    def broken(_before):
        raise ValueError("at once")

    for _ in range(2):
        with pytest.raises(ValueError, match="at once"):
            await ground.enter("fetch", on_wait=broken)
    ground.line.release(running.result())
    assert ground.line.waiting == 0
    assert ground.line.leases == {}


async def test_a_waiter_whose_callback_raised_has_no_place_to_give_back():
    """The line may move on before it has heard of the error itself."""
    ground = Ground(room=50)
    (running,) = await ground.queue("fetch")
    told = []

    def broken(before):
        told.append(before)
        if len(told) > 1:
            raise ValueError

    first = asyncio.create_task(ground.enter("fetch"))
    await settle()
    second = asyncio.create_task(ground.enter("fetch", on_wait=broken))
    await settle()
    first.cancel()
    await asyncio.wait({first})
    ground.line.pump()
    await asyncio.wait({second})
    assert told == [1, 0]
    assert ground.line.waiting == 0
    assert list(ground.line.leases) == [running.result().number]


async def test_a_look_that_raises_leaves_nobody_in_line():
    """The next one finds the line as it was."""
    ground = Ground()
    (running,) = await ground.queue("fetch")
    whole, ground.line._room = ground.line._room, lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        await ground.enter("probe")
    ground.line._room = whole
    assert ground.line.waiting == 0
    assert list(ground.line.leases) == [running.result().number]
