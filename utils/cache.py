"""Hybrid cache: the often asked in memory, the rest on disk, both bounded in bytes and chosen by frequency."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from utils.cache_disk import DiskLevel
from utils.cache_entry import Entry
from utils.frequency import FrequencySketch
from utils.health import Health

#: what an entry costs in memory besides its key and body: object, headers of two strings, slot in the table
ENTRY_BYTES: Final = 350
#: no entry may take more than this part of a level
SHARE: Final = 8
#: requests per kept entry after which frequencies are halved, and the least of it
SAMPLE_FACTOR: Final = 20
SAMPLE_LEAST: Final = 1000
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


class HybridCache:
    """A part. An entry lies in memory or on disk, seldom in both.

    New entries go to memory. Where there is no room, the least recently used one moves to disk, unless it was asked
    for at least as often as the newcomer, which then goes to disk itself; the same contest decides about the last
    place on disk (TinyLFU). A hit on disk moves an entry up once it is asked for more often than memory's last.
    Priority "low" begins on disk, "high" is also written to disk at once. `stop` moves what memory holds to disk; after
    kill -9 the disk's level is left. `clock`: UTC epoch seconds.
    """

    def __init__(
        self, folder: Path, *, memory_bytes: int, disk_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        self.counted = Figures()
        self.used_bytes = 0
        self.clock = clock
        self._memory_bytes = memory_bytes
        self._memory: OrderedDict[str, Entry] = OrderedDict()
        self._disk = DiskLevel(folder, disk_bytes)
        self._frequency = FrequencySketch(SAMPLE_LEAST)
        self._refreshes: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Open the disk's level."""
        await self._disk.open()

    async def stop(self) -> None:
        """Keep what memory holds on disk and close it."""
        refreshes = list(self._refreshes.values())
        for task in refreshes:
            task.cancel()
        if refreshes:
            await asyncio.wait(refreshes)
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
                self._memory.move_to_end(key)
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
        if entry.priority == "high":
            self._to_disk(key, entry)
        if entry.priority == "low" or _cost(key, entry) * SHARE > self._memory_bytes:
            self._to_disk(key, entry)
        else:
            self._to_memory(key, entry)

    def remove(self, key: str) -> None:
        """Forget a key."""
        if (entry := self._memory.pop(key, None)) is not None:
            self.used_bytes -= _cost(key, entry)
        self._disk.remove(key)

    def shrink(self, target_bytes: int) -> int:
        """Move the least recently used to disk until memory holds no more than `target_bytes`; the bytes given back."""
        before = self.used_bytes
        while self._memory and self.used_bytes > target_bytes:
            self._demote(next(iter(self._memory)))
        return before - self.used_bytes

    def refresh(self, key: str, renew: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `renew` in the background, once per key at a time; skipped where too many run."""
        if key in self._refreshes or len(self._refreshes) >= REFRESH_BOUND:
            return
        task = asyncio.create_task(renew(), name=f"refresh {key}")
        self._refreshes[key] = task
        task.add_done_callback(lambda _: self._refreshes.pop(key))

    def figures(self) -> dict[str, Any]:
        """For /status: counts since the start, entries and bytes of each level, hit rate (None before the first)."""
        counted = asdict(self.counted)
        hits = self.counted.hits_memory + self.counted.hits_disk
        asked = hits + self.counted.misses
        return {
            **counted,
            "hit_rate": round(hits / asked, 4) if asked else None,
            "memory": {"entries": len(self._memory), "bytes": self.used_bytes, "bound_bytes": self._memory_bytes},
            "disk": {
                "entries": len(self._disk),
                "bytes": self._disk.used_bytes,
                "bound_bytes": self._disk.bound_bytes,
                "troubles": self._disk.troubles,
            },
        }

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
        cost = _cost(key, entry)
        if cost * SHARE > self._memory_bytes or self._frequency.count(key) < 2:  # noqa: PLR2004  # the second hit
            return False
        if self.used_bytes + cost <= self._memory_bytes:
            return True
        return self._frequency.count(key) > self._frequency.count(next(iter(self._memory)))

    def _to_memory(self, key: str, entry: Entry) -> None:
        cost = _cost(key, entry)
        while self.used_bytes + cost > self._memory_bytes:
            last = next(iter(self._memory))
            if self._frequency.count(key) <= self._frequency.count(last):
                self._to_disk(key, entry)
                return
            self._demote(last)
        self._memory[key] = entry
        self.used_bytes += cost

    def _demote(self, key: str) -> None:
        entry = self._memory.pop(key)
        self.used_bytes -= _cost(key, entry)
        self.counted.demotions += 1
        self._to_disk(key, entry)

    def _to_disk(self, key: str, entry: Entry) -> None:
        if key in self._disk:
            return
        record = entry.sealed(key)
        if not entry.usable(self.clock()) or len(record) * SHARE > self._disk.bound_bytes:
            self.counted.refused += 1
            return
        while not self._disk.room_for(len(record)):
            last = self._disk.oldest()
            if self._frequency.count(key) <= self._frequency.count(last):
                self.counted.refused += 1
                return
            self._disk.remove(last)
            self.counted.evictions += 1
        if not self._disk.write(key, record):
            self.counted.refused += 1


def _cost(key: str, entry: Entry) -> int:
    return len(key) + len(entry.body) + ENTRY_BYTES
