"""Who holds memory: named pools, some told by reservations, some by asking their owner."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")
#: further names share one pool
BOUND: Final = 32
OTHER: Final = "other"


@dataclass(slots=True)
class Pool:
    """What stands under one name: bytes reserved now and at most, by how many holders."""

    reserved_bytes: int = 0
    peak_bytes: int = 0
    holders: int = 0


class Reservation:
    """Bytes that somebody has set aside; `release` (or leaving it as a context manager) gives them back, once."""

    def __init__(self, pool: Pool, size_bytes: int) -> None:
        self._pool: Pool | None = pool
        self.size_bytes = size_bytes
        pool.reserved_bytes += size_bytes
        pool.holders += 1
        pool.peak_bytes = max(pool.peak_bytes, pool.reserved_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give back; a second call does nothing."""
        if self._pool is not None:
            self._pool.reserved_bytes -= self.size_bytes
            self._pool.holders -= 1
            self._pool = None


class Pools:
    """At most `bound` names of each sort."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._pools: dict[str, Pool] = {}
        self._gauges: dict[str, Callable[[], int | None]] = {}

    def reserve(self, name: str, size_bytes: int) -> Reservation:
        """Note that so many bytes are set aside."""
        if name not in self._pools and len(self._pools) >= self._bound:
            name = OTHER
        return Reservation(self._pools.setdefault(name, Pool()), size_bytes)

    def watch(self, name: str, owner: T, measure: Callable[[T], int]) -> None:
        """Ask the owner of a pool how much it holds whenever figures are wanted; it isn't kept alive by that."""
        if len(self._gauges) < self._bound or name in self._gauges:
            held = weakref.ref(owner)
            self._gauges[name] = lambda: None if (alive := held()) is None else measure(alive)

    def figures(self) -> dict[str, dict[str, Any]]:
        """For /status, by name: `bytes`, and for reservations `peak_bytes` and `holders`."""
        found: dict[str, dict[str, Any]] = {
            name: {"bytes": pool.reserved_bytes, "peak_bytes": pool.peak_bytes, "holders": pool.holders}
            for name, pool in self._pools.items()
        }
        for name, measure in list(self._gauges.items()):
            if (size := measure()) is None:
                del self._gauges[name]
            else:
                found[name] = {"bytes": size}
        return found
