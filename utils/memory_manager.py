"""The memory governor: watches what the whole tree uses, admits children by need, gives way before the kernel kills."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from utils.cgroups import GroupMemory, group_memory
from utils.health import Health, of_task
from utils.logs import get_logger
from utils.memory_admission import Admission, Lease, OnWait
from utils.memory_levels import Hysteresis, Level
from utils.memory_needs import MEBIBYTE, Needs
from utils.memory_pools import Pools
from utils.memory_relief import Relief, WeakCallbacks
from utils.process_memory import TreeMemory, tree_memory, tree_rss

if TYPE_CHECKING:
    from utils.settings import Memory

log = get_logger()
#: a look that is younger still holds
FRESH_SECONDS: Final = 0.2
#: between two looks where memory is high, so that the critical level is met in time
TIGHT_SECONDS: Final = 0.25
#: looks may take one part in so many of the time, however slow this machine is
SPARING: Final = 100
#: how much more than was reckoned with, or seen, a child is taken for that ended for want of memory
STARVED_FACTOR: Final = 1.5
#: measured in the groups of those who run them
FOREIGN: Final = frozenset({"javascript"})
OnLevel = Callable[[Level, Level], None]


@dataclass(frozen=True, slots=True)
class Looks:
    """Where the figures come from: the tree in full, a cheap bound of it, the control group."""

    tree: Callable[[], TreeMemory | None] = tree_memory
    bound: Callable[[], int | None] = tree_rss
    group: Callable[[], GroupMemory | None] = group_memory


@dataclass(frozen=True, slots=True)
class Reading:
    """One look. `used_bytes`: of the tree, at most that after a cheap look; None where it can't be told."""

    cap_bytes: int
    used_bytes: int | None = None
    rss_bytes: int | None = None
    processes: int = 0
    group: GroupMemory | None = None

    @property
    def share(self) -> float:
        """Of the cap or of the group's limit, whichever is fuller."""
        group = self.group
        of_group = group.used_bytes / group.limit_bytes if group and group.limit_bytes else 0.0
        return max((self.used_bytes or 0) / self.cap_bytes, of_group)

    def room(self, ceiling: float) -> int:
        """Bytes below that share of the cap and of the group's limit; use that can't be told counts as none."""
        rooms = [int(ceiling * self.cap_bytes) - (self.used_bytes or 0)]
        if self.group is not None:
            rooms.append(int(ceiling * self.group.limit_bytes) - self.group.used_bytes)
        return min(rooms)


class MemoryManager:
    """A part. Works without its watchdog too: it then looks when somebody asks for room.

    The cap is the setting, or the control group's limit where that is lower. `clock`: monotonic seconds.
    """

    def __init__(
        self,
        settings: Memory,
        *,
        looks: Looks | None = None,
        clock: Callable[[], float] = time.monotonic,
        collect: Callable[[], int] = gc.collect,
    ) -> None:
        self._settings = settings
        self._looks = looks or Looks()
        self._clock = clock
        self._ceiling = settings.critical_percent / 100
        self._level = Hysteresis(settings.high_percent / 100, self._ceiling)
        self._reading = Reading(settings.cap_mb * MEBIBYTE)
        self._looked_at: float | None = None
        self._look_seconds = 0.0
        self._looked = dict.fromkeys(("full", "cheap"), 0)
        self._peak_bytes = 0
        self._starved = 0
        self._listeners: WeakCallbacks[OnLevel] = WeakCallbacks()
        self._relief = Relief(collect=collect, clock=clock)
        self._stirred = asyncio.Event()
        self._hopeless_since: float | None = None
        self._watchdog: asyncio.Task[None] | None = None
        self.pools = Pools()
        guesses = {kind: getattr(settings, f"{kind}_mb") * MEBIBYTE for kind in ("probe", "fetch", "record", "read")}
        self._admission = Admission(self._room, Needs(guesses), self.pools)

    @property
    def level(self) -> Level:
        """As of the last look."""
        return self._level.level

    async def start(self) -> None:
        """Begin to watch."""
        self._watchdog = asyncio.create_task(self._watch(), name="memory watchdog")

    async def stop(self) -> None:
        """End the watch."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.wait({self._watchdog})

    def health(self) -> Health:
        """Whether somebody watches."""
        return of_task(self._watchdog, "memory watchdog")

    @asynccontextmanager
    async def admit(
        self,
        kind: str,
        *,
        more_bytes: int = 0,
        wait_seconds: float | None = None,
        on_wait: OnWait | None = None,
    ) -> AsyncIterator[Lease]:
        """Wait until a child of that kind fits, and keep its place until it is gone.

        `wait_seconds`: the setting's, unless given; `on_wait`: told how many stand before it. Raises MemoryShort, Busy.
        """
        wait_seconds = self._settings.wait_seconds if wait_seconds is None else wait_seconds
        self._stirred.set()  # the watchdog looks as soon as this one has begun or waits
        lease = await self._admission.acquire(kind, more_bytes=more_bytes, wait_seconds=wait_seconds, on_wait=on_wait)
        try:
            yield lease
        finally:
            self._looked_at = None  # what it used is free now
            self._admission.release(lease)

    def room_for(self, need_bytes: int) -> bool:
        """Whether so many bytes more would fit now; never where use can't be told."""
        return self._admission.fits(need_bytes) and self._reading.used_bytes is not None

    def reserve(self, kind: str, need_bytes: int) -> Callable[[], None] | None:
        """Set aside bytes for something that a child starts besides itself; what gives them back, None: no room."""
        lease = self._admission.try_acquire(kind, need_bytes) if self.room_for(need_bytes) else None
        return None if lease is None else lambda: self._admission.release(lease)

    def starved(self, lease: Lease) -> None:
        """Its child has ended for want of memory: it needs more than was reckoned with.

        At most what it could have alone: beside others, also beside strangers in the control group, any child starves.
        """
        self._starved += 1
        self._look(full=True)
        others = sum(other.used_bytes for other in self._admission.leases.values() if other is not lease)
        alone = self._reading.room(self._ceiling) + lease.used_bytes + others
        lease.told(min(int(STARVED_FACTOR * max(lease.need_bytes, lease.peak_bytes)), alone))

    def on_level(self, name: str, callback: OnLevel) -> None:
        """Have a function or bound method called with (old, new) level; its owner isn't kept alive by that."""
        self._listeners.add(name, callback)

    def shed_with(self, name: str, callback: Callable[[int], int]) -> None:
        """Have `callback(bytes to keep) -> bytes given back` called where memory is critical; held weakly as well."""
        self._relief.sheds.add(name, callback)

    def check(self) -> None:
        """Look, tell a new level, make room where that is needed, let in who fits."""
        self._look()
        if self.level is Level.CRITICAL:
            if self._relief.shed():
                self._look()
            if self.level is Level.CRITICAL:
                self._relief.evict(self._admission.leases.values(), full=self._reading.share >= 1)
        self._admission.pump()
        self._refuse_hopeless()

    def figures(self) -> dict[str, Any]:
        """For /status, with a look of its own."""
        self._look(full=True)
        reading = self._reading
        return {
            "level": self.level.name.lower(),
            "used_mb": _mb(reading.used_bytes),
            "cap_mb": _mb(reading.cap_bytes),
            "share_percent": round(100 * reading.share, 1),
            "peak_mb": _mb(self._peak_bytes),
            "rss_mb": _mb(reading.rss_bytes),
            "processes": reading.processes,
            "cgroup": {"used_mb": _mb(reading.group.used_bytes), "limit_mb": _mb(reading.group.limit_bytes)}
            if reading.group
            else None,
            "pools": self.pools.figures(),
            "needs": self._admission.needs.figures(),
            "running": len(self._admission.leases),
            "waiting": self._admission.waiting,
            **self._admission.counted,
            **self._relief.counted,
            "starved": self._starved,
            "heap": {"blocks": sys.getallocatedblocks(), "gc_pending": gc.get_count(), "gc": gc.get_stats()},
            "looks": {**self._looked, "last_ms": round(1000 * self._look_seconds, 2)},
        }

    async def _watch(self) -> None:
        while True:
            try:
                self.check()
            except Exception:  # the edge of the watchdog: it must live as long as the process
                log.exception("memory.watch_failed")
            self._stirred.clear()
            try:
                async with asyncio.timeout(self._rest_seconds()):
                    await self._stirred.wait()
            except TimeoutError:
                continue

    def _refuse_hopeless(self) -> None:
        """Nothing runs and still nobody may start: the process itself takes too much, and who waits is told in time."""
        if self._admission.leases or not self._admission.waiting:
            self._hopeless_since = None
        elif self._hopeless_since is None:
            self._hopeless_since = self._clock()
        elif self._clock() - self._hopeless_since >= self._settings.wait_seconds:
            log.warning("memory.hopeless", share_percent=round(100 * self._reading.share, 1))
            self._hopeless_since = None
            self._admission.refuse_all("what runs besides workers takes all that may be used")

    def _rest_seconds(self) -> float:
        """Until the next look: soon where it is tight, seldom where nothing goes on, never so often that it costs."""
        if not self._admission.leases and not self._admission.waiting:
            return self._settings.idle_seconds
        tight = self.level > Level.NORMAL
        return max(TIGHT_SECONDS if tight else self._settings.busy_seconds, SPARING * self._look_seconds)

    def _room(self) -> int:
        """For the admission: nothing while it is critical.

        Where nothing runs the critical level itself is the border, without the gap: use may never fall below that gap.
        """
        if self._looked_at is None or self._clock() - self._looked_at >= FRESH_SECONDS:
            self._look(full=True)
        held_back = self.level is Level.CRITICAL and self._admission.leases
        return 0 if held_back else self._reading.room(self._ceiling)

    def _look(self, *, full: bool = False) -> None:
        began = self._clock()
        group = self._looks.group()
        cap_bytes = self._settings.cap_mb * MEBIBYTE
        if group is not None:
            cap_bytes = min(cap_bytes, group.limit_bytes)
        reading = None if full or self._admission.leases else self._cheap(cap_bytes, group)
        self._looked["cheap" if reading else "full"] += 1
        self._reading = reading or self._full(cap_bytes, group)
        self._looked_at = self._clock()
        self._look_seconds = self._looked_at - began
        before = self.level
        if (after := self._level.note(self._reading.share)) is not before:
            log.info("memory.level", level=after.name.lower(), share_percent=round(100 * self._reading.share, 1))
            for name, listener in self._listeners.living():
                try:
                    listener(before, after)
                except Exception:  # theirs, not ours
                    log.exception("memory.listener_failed", listener=name)

    def _cheap(self, cap_bytes: int, group: GroupMemory | None) -> Reading | None:
        """Where even the bound of what is used is well below the first level, nobody needs to know it exactly."""
        rss = self._looks.bound()
        reading = Reading(cap_bytes, rss, rss, group=group)
        well_below = self._settings.high_percent / 100 - 0.1
        return reading if rss is not None and reading.share < well_below else None

    def _full(self, cap_bytes: int, group: GroupMemory | None) -> Reading:
        tree = self._looks.tree()
        if tree is None:
            return Reading(cap_bytes, group=group)
        self._admission.saw(tree.groups, FOREIGN)
        self._peak_bytes = max(self._peak_bytes, tree.pss_bytes)
        return Reading(cap_bytes, tree.pss_bytes, tree.rss_bytes, tree.processes, group)


def _mb(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else round(size_bytes / MEBIBYTE, 1)
