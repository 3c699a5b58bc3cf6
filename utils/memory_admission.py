"""Who may start when: children wait in line until what they need fits beside what others need and use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from utils.errors import Busy, MemoryShort

if TYPE_CHECKING:
    from utils.memory_needs import Needs
    from utils.memory_pools import Pools, Reservation

#: jobs that run for long; everything else is short and somebody looks at the screen meanwhile
JOBS: Final = frozenset({"fetch", "record"})
#: short calls that may pass a job at the head of the line before it is strictly its turn
OVERTAKES: Final = 16
#: children that may wait at the same time
BOUND: Final = 256

#: Told how many stand before; again when that changes.
OnWait = Callable[[int], None]


class Lease:
    """A place in memory for one child, from its admission to its end.

    `number` rises with every lease; `used_bytes` and `peak_bytes`: as far as looks have shown them.
    """

    def __init__(self, number: int, kind: str, need_bytes: int, reservation: Reservation) -> None:
        self.number = number
        self.kind = kind
        self.need_bytes = need_bytes
        self.used_bytes = 0
        self.peak_bytes = 0
        self.evicted = False
        self.group: int | None = None
        self.reservation = reservation
        self._end: Callable[[], None] | None = None

    @property
    def unused_bytes(self) -> int:
        """What it is still expected to take."""
        return max(0, self.need_bytes - self.used_bytes)

    @property
    def evictable(self) -> bool:
        """Whether its child runs and can be ended."""
        return self._end is not None and not self.evicted

    def attach(self, group: int, end: Callable[[], None]) -> None:
        """Its child runs: the process group that is measured, and what ends it where memory runs short."""
        self.group = group
        self._end = end

    def arrived(self, size_bytes: int) -> None:
        """So much of the need was for something that stands beside the child and is in use by now."""
        self.need_bytes = max(0, self.need_bytes - size_bytes)

    def saw(self, used_bytes: int, *, learn: bool = True) -> None:
        """A look showed that; `learn`: it was the child's own."""
        self.used_bytes = used_bytes
        if learn:
            self.peak_bytes = max(self.peak_bytes, used_bytes)

    def told(self, peak_bytes: int) -> None:
        """The child itself says what its peak was; nobody believes more than four times what was reckoned with."""
        self.peak_bytes = max(self.peak_bytes, min(peak_bytes, 4 * max(self.need_bytes, self.used_bytes)))

    def evict(self) -> None:
        """End the child; its holder is told by the end of it."""
        assert self._end is not None
        self.evicted = True
        self._end()


@dataclass(eq=False, slots=True)
class Waiter:
    """One in the line."""

    kind: str
    need_bytes: int
    granted: asyncio.Future[Lease]
    on_wait: OnWait | None
    overtaken: int = 0
    told: int = -1


class Admission:
    """The line. `room`: bytes that may still be taken besides what is used now.

    First come, first served, with two exceptions: a short call may pass a waiting job a bounded number of times, and
    whoever is first is let in when nothing runs, however large it is, as long as there is any room at all.
    """

    def __init__(self, room: Callable[[], int], needs: Needs, pools: Pools, bound: int = BOUND) -> None:
        self.leases: dict[int, Lease] = {}
        self.needs = needs
        self.counted = dict.fromkeys(("admitted", "waited", "refused"), 0)
        self._room = room
        self._pools = pools
        self._bound = bound
        self._waiting: list[Waiter] = []
        self._numbers = count(1)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._waiting)

    async def acquire(
        self, kind: str, *, more_bytes: int = 0, wait_seconds: float, on_wait: OnWait | None = None
    ) -> Lease:
        """Wait for a place; whoever gets it calls `release`. `more_bytes`: needed besides the kind's own need.

        Raises MemoryShort after `wait_seconds` or where all are refused, and Busy where too many wait.
        """
        if len(self._waiting) >= self._bound:
            self.counted["refused"] += 1
            raise Busy("too many wait for memory", mine=False, bound=self._bound)
        granted: asyncio.Future[Lease] = asyncio.get_running_loop().create_future()
        waiter = Waiter(kind, self.needs.of(kind) + more_bytes, granted, on_wait)
        try:
            self._waiting.append(waiter)
            self.pump()
            if not granted.done():
                self.counted["waited"] += 1
            async with asyncio.timeout(wait_seconds):
                return await granted
        except BaseException as error:
            self._leave(waiter)
            if isinstance(error, TimeoutError):
                self.counted["refused"] += 1
                raise MemoryShort(f"no room for {kind} within {wait_seconds:g} s") from None
            raise

    def refuse_all(self, why: str) -> None:
        """Nobody in line would ever get a place: tell them now."""
        for waiter in self._waiting:
            if not waiter.granted.done():
                self.counted["refused"] += 1
                waiter.granted.set_exception(MemoryShort(why))

    def try_acquire(self, kind: str, need_bytes: int) -> Lease | None:
        """A place at once or not at all, for what a child with a place of its own starts besides."""
        return self._grant(kind, need_bytes) if self.fits(need_bytes) else None

    def release(self, lease: Lease) -> None:
        """The child is gone; its peak is learned, and the next in line may start."""
        if self.leases.pop(lease.number, None) is None:
            return
        lease.reservation.release()
        self.needs.observe(lease.kind, lease.peak_bytes)
        self.pump()

    def fits(self, need_bytes: int) -> bool:
        """Whether so much would fit beside all that those inside may still take."""
        room = self._room()  # first: it may look, and those inside are known better then
        return need_bytes + sum(lease.unused_bytes for lease in self.leases.values()) <= room

    def pump(self) -> None:
        """Let in whoever can be."""
        # whoever was cancelled a moment ago hasn't left the line itself yet
        self._waiting = [waiter for waiter in self._waiting if not waiter.granted.done()]
        while self._waiting and (waiter := self._next()) is not None:
            self._waiting.remove(waiter)
            waiter.granted.set_result(self._grant(waiter.kind, waiter.need_bytes))
        for before, waiter in enumerate(self._waiting):
            if waiter.on_wait is not None and waiter.told != before:
                waiter.told = before
                try:
                    waiter.on_wait(before)
                except Exception as error:  # noqa: BLE001  # raised where it waits, not at whoever has moved the line
                    waiter.granted.set_exception(error)

    def saw(self, groups: Mapping[int, int], foreign: Iterable[str] = ()) -> None:
        """Take in a look: bytes by process group. `foreign`: kinds whose runs count into another one's group."""
        learn = not any(lease.kind in foreign for lease in self.leases.values())
        for lease in self.leases.values():
            if lease.group is not None:
                lease.saw(groups.get(lease.group, 0), learn=learn)

    def _next(self) -> Waiter | None:
        head = self._waiting[0]
        if self.fits(head.need_bytes) or (not self.leases and self._room() > 0):
            return head
        if head.kind in JOBS and head.overtaken < OVERTAKES:
            call = next((waiter for waiter in self._waiting if waiter.kind not in JOBS), None)
            if call is not None and self.fits(call.need_bytes):
                head.overtaken += 1
                return call
        return None

    def _grant(self, kind: str, need_bytes: int) -> Lease:
        self.counted["admitted"] += 1
        lease = Lease(next(self._numbers), kind, need_bytes, self._pools.reserve(kind, need_bytes))
        self.leases[lease.number] = lease
        return lease

    def _leave(self, waiter: Waiter) -> None:
        """Out of the line; a place that came in the same moment goes back."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            self.pump()
        elif not waiter.granted.cancelled() and waiter.granted.exception() is None:
            self.release(waiter.granted.result())
