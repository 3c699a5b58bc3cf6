"""The governor with figures that a test sets."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from utils.cgroups import GroupMemory
from utils.config import load_settings
from utils.errors import MemoryShort
from utils.memory_levels import Level
from utils.memory_manager import TIGHT_SECONDS, Looks, MemoryManager, Reading
from utils.process_memory import TreeMemory

MB = 1 << 20
SETTINGS = replace(
    load_settings({}).memory, cap_mb=200, probe_mb=20, fetch_mb=50, idle_seconds=10, busy_seconds=1, wait_seconds=5
)


class Ground:
    """A tree of a parent with `own` MB, a child per lease with what `children` says by group; a clock."""

    def __init__(self, **settings):
        self.own = 60
        self.children = {}
        self.limit = None
        self.known = True
        self.now = 0.0
        self.cost = 0.0
        self.looks = 0
        self.collected = 0
        self.events = []
        self.memory = MemoryManager(
            replace(SETTINGS, **settings),
            looks=Looks(self._tree, self._bound, self._group),
            clock=lambda: self.now,
            collect=self._collect,
        )

    @property
    def used(self):
        return self.own + sum(self.children.values())

    def _tree(self):
        self.looks += 1
        self.now += self.cost
        if not self.known:
            return None
        groups = {group: int(mb * MB) for group, mb in self.children.items()}
        return TreeMemory(1 + len(groups), int(self.used * 1.2 * MB), int(self.used * MB), groups)

    def _bound(self):
        return int(self.used * 1.2 * MB) if self.known else None

    def _group(self):
        return GroupMemory(int(self.limit[0] * MB), int(self.limit[1] * MB)) if self.limit else None

    def _collect(self):
        self.collected += 1
        return 0

    def heard(self, before, after):
        self.events.append((before, after))

    def check(self, seconds=1.0):
        self.now += seconds
        self.memory.check()
        return self.memory.level


class Child:
    """Holds a place until `done` is set; ended by the governor it leaves by itself."""

    def __init__(self, ground, kind="fetch", mb=50, group=0):
        self.ground, self.kind, self.mb = ground, kind, mb
        self.group = group or 100 + id(self)
        self.done = asyncio.Event()
        self.lease = None
        self.task = asyncio.create_task(self.run())

    async def run(self):
        async with self.ground.memory.admit(self.kind) as lease:
            self.lease = lease
            lease.attach(self.group, self.done.set)
            self.ground.children[self.group] = self.mb
            await self.done.wait()
            del self.ground.children[self.group]

    @property
    def runs(self):
        return self.lease is not None and not self.task.done()


async def settle():
    for _ in range(8):
        await asyncio.sleep(0)


async def children(ground, *sizes, kind="fetch"):
    made = []
    for number, mb in enumerate(sizes):
        made.append(Child(ground, kind, mb, number + 1))
        await settle()
    return made


async def leave(made):
    for child in made:
        child.task.cancel()
    await asyncio.wait([child.task for child in made])


async def test_as_many_run_as_fit_below_the_critical_level():
    """60 of 200 are used, 190 may be: two fetches of 50 fit, the third waits until one is gone."""
    ground = Ground()
    made = await children(ground, 50, 50, 50)
    assert [child.runs for child in made] == [True, True, False]
    assert ground.memory.figures()["waiting"] == 1
    made[0].done.set()
    await settle()
    assert [child.runs for child in made] == [False, True, True]
    assert ground.used <= 190
    await leave(made[1:])


async def test_a_wait_that_is_too_long_ends_in_one_sentence():
    """Nothing is left of it."""
    ground = Ground()
    made = await children(ground, 50, 50)
    with pytest.raises(MemoryShort):
        async with ground.memory.admit("fetch", wait_seconds=0):
            raise AssertionError
    assert ground.memory.figures()["waiting"] == 0
    await leave(made)


async def test_levels_are_told_to_who_still_listens():
    """A listener that breaks hurts nobody, one that is gone isn't called; each change is told once."""
    ground = Ground()

    class Other:
        def heard(self, *_):
            raise ValueError

    other = Other()
    ground.memory.on_level("broken", other.heard)
    ground.memory.on_level("ours", ground.heard)
    for own, level in ((60, 0), (161, 1), (161, 1), (191, 2), (60, 0)):
        ground.own = own
        assert ground.check() == level
    assert ground.events == [(0, 1), (1, 2), (2, 0)]
    del other
    ground.own = 161
    ground.check()
    assert ground.events[-1] == (Level.NORMAL, Level.HIGH)


async def test_the_limit_of_the_group_counts_where_it_is_lower():
    """Also what others in the group use; a group that is full is critical however small our tree is."""
    ground = Ground()
    ground.limit = (100, 50)
    assert ground.check() is Level.NORMAL
    assert ground.memory.figures()["cap_mb"] == 100
    assert not ground.memory.room_for(46 * MB)
    assert ground.memory.room_for(35 * MB)
    ground.limit = (1000, 960)
    assert ground.check() is Level.CRITICAL
    figures = ground.memory.figures()
    assert (figures["cap_mb"], figures["cgroup"]) == (200, {"used_mb": 960, "limit_mb": 1000})


async def test_critical_memory_sheds_first():
    """Where that is enough nobody is ended."""
    ground = Ground()

    class Cache:
        def shrink(self, target_bytes):
            ground.own -= 40
            return 40 * MB - target_bytes

    cache = Cache()
    ground.memory.shed_with("cache", cache.shrink)
    made = await children(ground, 50, 50)
    ground.own = 95
    assert ground.check() is Level.HIGH
    figures = ground.memory.figures()
    assert (figures["sheds"], figures["shed_bytes"], figures["evictions"], ground.collected) == (1, 40 * MB, 0, 1)
    assert [child.runs for child in made] == [True, True]
    await leave(made)


async def test_then_the_youngest_goes_and_nobody_starts_meanwhile():
    """A greedy child: the other one lives on; a newcomer waits until there is room again."""
    ground = Ground()
    made = await children(ground, 50, 50)
    ground.children[1] = 90
    ground.now += 1
    newcomer = Child(ground, "probe", 20, 9)
    await settle()
    assert ground.check() is Level.CRITICAL
    assert made[1].lease.evicted
    assert not made[0].lease.evicted
    assert not newcomer.runs
    await settle()
    assert [child.runs for child in (*made, newcomer)] == [True, False, True]
    assert ground.memory.figures()["evictions"] == 1
    await leave([made[0], newcomer])


async def test_a_kind_that_starves_is_taken_to_need_more_up_to_what_there_is():
    """The kernel was faster than the watchdog; a neighbour's memory is no need of the child's own."""
    ground = Ground()
    for _ in range(6):
        (child,) = await children(ground, 50)
        ground.memory.starved(child.lease)
        await leave([child])
    figures = ground.memory.figures()
    room = 0.95 * 200 - 60
    assert figures["starved"] == 6
    assert room < figures["needs"]["fetch"]["need_mb"] <= round(1.15 * room, 1)


async def test_a_starved_child_teaches_what_was_reckoned_with_and_half_as_much_again():
    """As long as so much could be had."""
    ground = Ground()
    (child,) = await children(ground, 20)
    ground.memory.starved(child.lease)
    await leave([child])
    assert ground.memory.figures()["needs"]["fetch"]["need_mb"] == round(1.15 * 1.5 * 50, 1)


async def test_a_child_that_starved_beside_another_could_have_had_the_others_part_too():
    """Its bound is what one has alone, not what was left; and what was seen of it counts where that was more."""
    ground = Ground()
    made = await children(ground, 50, 50)
    made[1].lease.saw(90 * MB)
    ground.memory.starved(made[1].lease)
    await leave(made[1:])
    assert ground.memory.figures()["needs"]["fetch"]["need_mb"] == round(1.15 * (0.95 * 200 - 60), 1)
    await leave(made[:1])


async def test_alone_it_is_ended_only_above_the_cap():
    """Between the critical level and the cap the one job goes on."""
    ground = Ground()
    made = await children(ground, 50)
    ground.children[1] = 135
    assert ground.check() is Level.CRITICAL
    assert not made[0].lease.evicted
    ground.children[1] = 141
    ground.check()
    assert made[0].lease.evicted
    await asyncio.wait([made[0].task])


async def test_above_the_critical_level_nobody_starts_even_alone():
    """Caches give back first; that may be enough."""
    ground = Ground()

    class Cache:
        def shrink(self, target_bytes):
            ground.own -= 20
            return 20 * MB - target_bytes

    cache = Cache()
    ground.memory.shed_with("cache", cache.shrink)
    ground.own = 196
    (made,) = await children(ground, 50)
    assert not made.runs
    assert ground.check() is Level.HIGH
    await settle()
    assert made.runs
    await leave([made])


async def test_a_bot_that_is_too_large_itself_says_so_in_time():
    """A download would wait for an hour for others to end, but there are none; the line is open again afterwards."""
    ground = Ground(wait_seconds=60)
    ground.own = 191
    (made,) = await children(ground, 50)
    for _ in range(60):
        ground.check()
    await settle()
    assert not made.task.done()
    assert ground.memory._rest_seconds() == TIGHT_SECONDS
    ground.check()
    with pytest.raises(MemoryShort):
        await made.task
    ground.check()
    figures = ground.memory.figures()
    assert (figures["waiting"], figures["refused"], figures["admitted"]) == (0, 1, 0)
    ground.own = 60
    ground.check()
    (made,) = await children(ground, 50)
    assert made.runs
    await leave([made])


async def test_below_the_critical_level_there_is_progress_always():
    """A process that never falls below the gap under the level still lets one worker run at a time."""
    ground = Ground()
    ground.own = 191
    assert ground.check() is Level.CRITICAL
    ground.own = 185
    ground.now += 1
    made = await children(ground, 50, 50)
    assert ground.memory.level is Level.CRITICAL
    assert [child.runs for child in made] == [True, False]
    ground.own = 130
    made[0].done.set()
    await settle()
    assert made[1].runs
    await leave([made[1]])


async def test_unknown_use_admits_by_needs_alone():
    """Other systems have no such figures; nothing risky is admitted there."""
    ground = Ground()
    ground.known = False
    made = await children(ground, 50, 50, 50, 50)
    assert [child.runs for child in made] == [True, True, True, False]
    assert not ground.memory.room_for(0)
    assert ground.memory.reserve("javascript", 1) is None
    assert ground.memory.figures()["used_mb"] is None
    await leave(made)


async def test_what_a_child_starts_besides_has_a_place_too():
    """JavaScript: set aside while it runs."""
    ground = Ground()
    release = ground.memory.reserve("javascript", 100 * MB)
    assert release is not None
    assert ground.memory.figures()["pools"]["javascript"]["bytes"] == 100 * MB
    assert not ground.memory.room_for(31 * MB)
    assert ground.memory.reserve("javascript", 100 * MB) is None
    release()
    release()
    assert ground.memory.room_for(130 * MB)


async def test_idle_looks_are_cheap():
    """Nothing runs and memory is far from the first level: only the cheap bound is read."""
    ground = Ground()
    ground.check()
    assert ground.looks == 0
    ground.own = 130
    ground.check()
    assert ground.looks == 1
    ground.known = False
    ground.check()
    assert ground.looks == 2


async def test_a_look_soon_after_another_is_saved():
    """A burst of calls doesn't read the whole tree for each."""
    ground = Ground()
    made = await children(ground, *[5] * 4, kind="probe")
    before = ground.looks
    ground.memory.room_for(1)
    ground.memory.room_for(1)
    assert ground.looks == before
    ground.now += 1
    ground.memory.room_for(1)
    assert ground.looks == before + 1
    await leave(made)


async def test_how_often_it_looks():
    """Seldom while nothing runs, once a second with workers, more often where it is tight, never at a high cost."""
    ground = Ground()
    assert ground.memory._rest_seconds() == 10
    made = await children(ground, 45, 45)
    ground.check()
    assert ground.memory._rest_seconds() == 1
    ground.own = 75
    ground.check()
    assert ground.memory._rest_seconds() == TIGHT_SECONDS
    ground.cost = 0.05
    ground.check()
    assert ground.memory._rest_seconds() == pytest.approx(5.0)
    await leave(made)


async def test_the_watchdog_looks_by_itself_and_survives_a_look_that_breaks():
    """A child that grows is ended without anybody asking; an error costs one look."""
    ground = Ground(idle_seconds=0.001, busy_seconds=0.001)
    failures = []

    def broken():
        failures.append(1)
        raise OSError("/proc")

    whole = ground.memory._looks
    ground.memory._looks = Looks(group=broken)
    await ground.memory.start()
    async with asyncio.timeout(10):
        while len(failures) < 2:
            await asyncio.sleep(0.001)
        ground.memory._looks = whole
        made = await children(ground, 50, 50)
        ground.children[1] = 140
        while not made[1].lease.evicted:
            await asyncio.sleep(0.001)
    await leave(made)
    await ground.memory.stop()


async def test_who_has_to_wait_wakes_the_watchdog():
    """Caches give back at once, not at the next look of an idle bot, which may be ten seconds away."""
    ground = Ground()

    class Cache:
        def shrink(self, _target_bytes):
            ground.own = 60
            return 0

    cache = Cache()
    ground.memory.shed_with("cache", cache.shrink)
    await ground.memory.start()
    await settle()
    assert ground.memory.health().ok
    ground.own = 196
    (made,) = await children(ground, 50)
    await settle()
    assert made.runs
    await leave([made])
    await ground.memory.stop()


async def test_a_part_that_never_started_stops():
    """The command line uses it without a watchdog too."""
    await Ground().memory.stop()


def test_a_reading_without_any_figure():
    """Nothing used, all free."""
    assert Reading(100).share == 0
    assert Reading(100).room(0.5) == 50


def test_the_real_figures():
    """This very process."""
    figures = MemoryManager(SETTINGS).figures()
    assert 5 < figures["used_mb"] <= figures["rss_mb"] + 1
    assert figures["heap"]["blocks"] > 1000
    assert set(figures["needs"]) == {"probe", "fetch", "record", "read"}
