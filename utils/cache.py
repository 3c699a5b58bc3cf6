"""Hybrid cache: the often asked in memory, the rest on disk, both bounded in bytes and chosen by frequency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from utils.cache_disk import DiskLevel, file_bytes
from utils.cache_entry import Entry, fit_key
from utils.cache_memory import MemoryLevel, entry_bytes
from utils.frequency import FrequencySketch
from utils.health import Health

__all__ = ["HybridCache"]

#: no entry may take more than this part of a level
SHARE: Final = 8
#: requests per kept entry after which frequencies are halved, and the least of it
SAMPLE_FACTOR: Final = 20
SAMPLE_LEAST: Final = 1000
#: between two sweeps of entries that are over
SWEEP_SECONDS: Final = 300.0
#: refreshes in the background at a time; further stale entries wait for their next hit
REFRESH_BOUND: Final = 8


@dataclass(slots=True)
class Figures:
    """What happened since the start.

    `stale`: hits among both levels that were past their freshness; `refused`: entries that were asked for too seldom,
    or are too large, to be kept.
    """

    hits_memory: int = 0
    hits_disk: int = 0
    misses: int = 0
    stale: int = 0
    negative: int = 0
    promotions: int = 0
    demotions: int = 0
    evictions: int = 0
    refused: int = 0
    expired: int = 0
    corrupt: int = 0


class Level(Protocol):
    """What a contest for room needs to know of a level."""

    def room_for(self, size_bytes: int) -> bool:
        """Whether so many bytes fit besides all others."""
        ...

    def oldest(self) -> tuple[str, float]:
        """The key that was not used for the longest time, and when it is over."""
        ...


class HybridCache:
    """A part. An entry lies in memory or on disk, seldom in both.

    New entries go to memory. Where there is no room, the least recently used one moves to disk, unless it was asked
    for at least as often as the newcomer, which then goes to disk itself; the same contest decides about the last
    place on disk (TinyLFU). One that is over wins no contest. A hit on disk moves an entry up once it is asked for more
    often than memory's last. Priority "low" begins on disk, "high" is also written to disk at once. `stop` moves what
    memory holds to disk; after kill -9 the disk's level is left. `clock`: UTC epoch seconds.
    """

    def __init__(
        self, folder: Path, *, memory_bytes: int, disk_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.counted = Figures()
        self.clock = clock
        self._memory = MemoryLevel(memory_bytes)
        self._disk = DiskLevel(folder, disk_bytes)
        self._frequency = FrequencySketch(SAMPLE_LEAST)
        self._swept_at = clock()
        self._refreshes: dict[str, asyncio.Task[None]] = {}

    @property
    def used_bytes(self) -> int:
        """All that it takes in memory: entries, the disk's index, and what waits for the disk."""
        return self._memory.used_bytes + self._disk.heap_bytes

    async def start(self) -> None:
        """Open the disk's level."""
        await self._disk.open()
        self._sweep()

    async def stop(self) -> None:
        """Keep what memory holds on disk and close it."""
        refreshes = list(self._refreshes.values())
        for task in refreshes:
            task.cancel()
        if refreshes:
            await asyncio.wait(refreshes)
        self._disk.closing = True
        self.shrink(0)
        await self._disk.close()

    def health(self) -> Health:
        """Whether its level on disk is open; memory's works in any case."""
        return Health() if self._disk.is_open else Health(ok=False, detail="nothing is kept on disk")

    def get(self, key: str) -> Entry | None:
        """The entry, fresh or stale; None where there is none."""
        self._frequency.add(key)
        entry = self._memory.get(key)
        if entry is not None:
            if entry.usable(self.clock()):
                self.counted.hits_memory += 1
                return entry
            self.counted.expired += 1
            self.remove(key)
        elif (entry := self._from_disk(key)) is not None:
            self.counted.hits_disk += 1
            return entry
        self.counted.misses += 1
        return None

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry where it belongs; one that was there under this key is over."""
        self.remove(key)
        self._frequency.sample = max(SAMPLE_LEAST, SAMPLE_FACTOR * (len(self._memory) + len(self._disk)))
        if not 0 <= self.clock() - self._swept_at < SWEEP_SECONDS:
            self._sweep()
        if not fit_key(key):
            self.counted.refused += 1
            return
        if entry.priority == "high":
            self._to_disk(key, entry)
        if entry.priority == "low" or entry_bytes(key, entry) * SHARE > self._memory.bound_bytes:
            self._to_disk(key, entry)
        else:
            self._to_memory(key, entry)

    def remove(self, key: str) -> None:
        """Forget a key."""
        self._memory.pop(key)
        self._disk.remove(key)

    def shrink(self, target_bytes: int) -> int:
        """Move the least recently used to disk until entries take no more than `target_bytes`; the bytes that are free.

        The disk takes only so much at once: those that were asked for most are handed over first.
        """
        before = self.used_bytes
        leaving = self._memory.beyond(target_bytes)
        for key in sorted(leaving, key=self._frequency.count, reverse=True):
            self._demote(key)
        return max(0, before - self.used_bytes)

    def refresh(self, key: str, renew: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `renew` in the background, once per key at a time; skipped where too many run."""
        if key in self._refreshes or len(self._refreshes) >= REFRESH_BOUND:
            return
        task = asyncio.create_task(renew(), name=f"refresh {key}")
        self._refreshes[key] = task
        task.add_done_callback(lambda _: self._refreshes.pop(key))

    def figures(self) -> dict[str, Any]:
        """For /status: counts since the start, entries and bytes of each level, hit rate (None before the first).

        `held_bytes`: see `used_bytes`.
        """
        counted = asdict(self.counted)
        hits = self.counted.hits_memory + self.counted.hits_disk
        asked = hits + self.counted.misses
        memory, disk = self._memory, self._disk
        return {
            **counted,
            "hit_rate": round(hits / asked, 4) if asked else None,
            "held_bytes": self.used_bytes,
            "memory": {"entries": len(memory), "bytes": memory.used_bytes, "bound_bytes": memory.bound_bytes},
            "disk": {
                "entries": len(disk),
                "bytes": disk.used_bytes,
                "bound_bytes": disk.bound_bytes,
                "troubles": disk.troubles,
            },
        }

    def _sweep(self) -> None:
        """Drop what is over on both levels; nobody may ever ask for it again."""
        self._swept_at = now = self.clock()
        for key in {*self._memory.over(now), *self._disk.over(now)}:
            self.counted.expired += 1
            self.remove(key)

    def _from_disk(self, key: str) -> Entry | None:
        record = self._disk.read(key)
        if record is None:
            return None
        entry = Entry.unsealed(key, record)
        if entry is None or not entry.usable(self.clock()):
            if entry is None:
                self.counted.corrupt += 1
            else:
                self.counted.expired += 1
            self._disk.remove(key)
            return None
        if self._deserves_memory(key, entry):
            self.counted.promotions += 1
            if entry.priority != "high":
                self._disk.remove(key)
            self._to_memory(key, entry)
        return entry

    def _deserves_memory(self, key: str, entry: Entry) -> bool:
        cost = entry_bytes(key, entry)
        if cost * SHARE > self._memory.bound_bytes or self._frequency.count(key) < 2:  # noqa: PLR2004  # the second hit
            return False
        return self._memory.room_for(cost) or self._wins(key, self._memory)

    def _wins(self, key: str, level: Level) -> bool:
        """Whether the level's last has to make way: it is over, or was asked for less often."""
        last, until = level.oldest()
        return until <= self.clock() or self._frequency.count(key) > self._frequency.count(last)

    def _make_room(self, key: str, level: Level, size_bytes: int, dismiss: Callable[[str], None]) -> bool:
        """Whether there is room for the key in that level, by contest with one after the other."""
        while not level.room_for(size_bytes):
            if not self._wins(key, level):
                return False
            dismiss(level.oldest()[0])
        return True

    def _to_memory(self, key: str, entry: Entry) -> None:
        if self._make_room(key, self._memory, entry_bytes(key, entry), self._demote):
            self._memory.put(key, entry)
        else:
            self._to_disk(key, entry)

    def _demote(self, key: str) -> None:
        entry = self._memory.pop(key)
        assert entry is not None
        if entry.usable(self.clock()):
            self.counted.demotions += 1
            self._to_disk(key, entry)
        else:
            self.counted.expired += 1
            self._disk.remove(key)

    def _to_disk(self, key: str, entry: Entry) -> None:
        if key in self._disk:
            return
        record = entry.sealed(key)
        size_bytes = file_bytes(key, len(record))
        kept = (
            entry.usable(self.clock())
            and size_bytes * SHARE <= self._disk.bound_bytes
            and self._make_room(key, self._disk, size_bytes, self._evict)
            and self._disk.write(key, record, entry.until)
        )
        if not kept:
            self.counted.refused += 1

    def _evict(self, key: str) -> None:
        self.counted.evictions += 1
        self._disk.remove(key)
