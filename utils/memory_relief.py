"""What is done where memory runs short: caches give back, then the youngest job is ended."""

from __future__ import annotations

import gc
import inspect
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from utils.logs import get_logger

if TYPE_CHECKING:
    from utils.memory_admission import Lease

log = get_logger()
F = TypeVar("F", bound=Callable[..., Any])
#: between two rounds of shedding; what is shed fills up again only by use
SHED_SECONDS: Final = 10.0
#: who is ended first: the highest, and among equals the youngest; what was recorded of a stream can't be had again
RANKS: Final = {"fetch": 2, "record": 0}
RANK: Final = 1

#: Told how many bytes may be kept; the bytes that were given back.
Shed = Callable[[int], int]


class WeakCallbacks(Generic[F]):
    """Functions that don't keep their owner alive: whoever wants to be called holds on to the owner itself."""

    def __init__(self) -> None:
        self._held: dict[str, weakref.ref[F]] = {}

    def add(self, name: str, callback: F) -> None:
        """One function or bound method per name; a later one takes the place."""
        bound = inspect.ismethod(callback)
        self._held[name] = weakref.WeakMethod(callback) if bound else weakref.ref(callback)

    def living(self) -> list[tuple[str, F]]:
        """Those whose owner still lives."""
        found = [(name, held()) for name, held in self._held.items()]
        self._held = {name: self._held[name] for name, callback in found if callback is not None}
        return [(name, callback) for name, callback in found if callback is not None]


class Relief:
    """`collect`: the garbage collector; `clock`: monotonic seconds."""

    def __init__(self, *, collect: Callable[[], int] = gc.collect, clock: Callable[[], float] = time.monotonic) -> None:
        self.sheds: WeakCallbacks[Shed] = WeakCallbacks()
        self.counted = dict.fromkeys(("sheds", "shed_bytes", "evictions"), 0)
        self._collect = collect
        self._clock = clock
        self._shed_at: float | None = None

    def shed(self) -> bool:
        """Have caches give back and garbage collected; False where that was done a moment ago."""
        now = self._clock()
        if self._shed_at is not None and now - self._shed_at < SHED_SECONDS:
            return False
        self._shed_at = now
        freed = 0
        for name, callback in self.sheds.living():
            try:
                freed += callback(0)
            except Exception:  # one that fails must not keep the others from giving
                log.exception("memory.shed_failed", cache=name)
        self._collect()
        self.counted["sheds"] += 1
        self.counted["shed_bytes"] += freed
        log.warning("memory.shed", freed_bytes=freed)
        return True

    def evict(self, leases: Iterable[Lease], *, full: bool) -> bool:
        """End the youngest job; False where there is none to end, or the last one is still ending.

        One that is alone may use all there is: it is ended only where memory is `full`.
        """
        leases = list(leases)
        running = [lease for lease in leases if lease.evictable]  # not the JavaScript that one of them has started
        if any(lease.evicted for lease in leases) or not running or (len(running) == 1 and not full):
            return False
        victim = max(running, key=lambda lease: (RANKS.get(lease.kind, RANK), lease.number))
        self.counted["evictions"] += 1
        log.warning("memory.evicted", kind=victim.kind, used_bytes=victim.used_bytes)
        victim.evict()
        return True
