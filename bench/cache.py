"""The hybrid cache beside its neighbours in one run: times of a hit, and hit rates on a Zipf(1.0) replay.

`python -m bench.cache` prints JSON; exit code 1 where a figure misses its gate. The neighbours are measured where they
are installed (requirements-bench.txt): cachetools, theine, diskcache alone.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from bench.rows import Row, row
from bench.start import report
from utils.cache import HybridCache
from utils.cache_disk import ROW_BYTES
from utils.cache_entry import Entry
from utils.cache_memory import ENTRY_BYTES

ITEMS: Final = 10_000
REQUESTS: Final = 100_000
MEMORY_SHARE, DISK_SHARE = 0.05, 0.20
BODY: Final = b"x" * 200
ROUNDS: Final = 20
KEYS_TIMED: Final = 200
LASTING_SECONDS: Final = 1e6
#: what the issue asks of the replay, and how near the best fixed choice it must come
RATE_GATE, RATE_GOAL = 0.785, 0.81
MICROSECOND: Final = 1e6


def replay(seed: int) -> list[int]:
    """Requests for items by rank, 0 the most popular."""
    weights = list(accumulate(1 / (rank + 1) for rank in range(ITEMS)))
    return random.Random(seed).choices(range(ITEMS), cum_weights=weights, k=REQUESTS)  # dice of a bench


async def opened(folder: Path, memory_items: float, disk_items: float) -> HybridCache:
    """A cache with room for so many entries of BODY under keys of five characters."""
    memory = int(memory_items * (ENTRY_BYTES + 5 + len(BODY)))
    disk = int(disk_items * (len(Entry(BODY, 0, 1).packed()) + ROW_BYTES))
    cache = HybridCache(folder, memory_bytes=memory, disk_bytes=disk)
    await cache.start()
    return cache


async def hybrid_rate(asked: Iterable[int], folder: Path) -> dict[str, Any]:
    """Figures of our cache after the replay."""
    cache = await opened(folder, ITEMS * MEMORY_SHARE, ITEMS * DISK_SHARE)
    for at, rank in enumerate(asked):
        key = f"{rank:05}"
        if cache.get(key) is None:
            cache.put(key, Entry(BODY, time.time(), LASTING_SECONDS))
        if at % 50 == 0:
            await asyncio.sleep(0)
    figures = cache.figures()
    await cache.stop()
    return figures


def lru_rate(asked: Iterable[int], room: int) -> float:
    """Hit rate of plain LRU with the room of both levels."""
    kept: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for rank in asked:
        if rank in kept:
            hits += 1
            kept.move_to_end(rank)
        else:
            kept[rank] = None
            if len(kept) > room:
                kept.popitem(last=False)
    return hits / REQUESTS


def theine_rate(asked: Iterable[int], room: int) -> float | None:
    """Hit rate of theine's W-TinyLFU with the same room; None where it isn't installed."""
    if find_spec("theine") is None:
        return None
    from theine import Cache

    cache: Any = Cache(room)
    hits = 0
    for rank in asked:
        _, found = cache.get(rank)
        hits += found
        if not found:
            cache.set(rank, BODY)
    cache.close()
    return hits / REQUESTS


def hit_rates() -> tuple[list[Row], dict[str, Any]]:
    """The replay through ours, plain LRU, theine and the best fixed choice, of the same room."""
    room = int(ITEMS * (MEMORY_SHARE + DISK_SHARE))
    ours, lru, best, theine = [], [], [], []
    for seed in (1, 2, 3):
        asked = replay(seed)
        with tempfile.TemporaryDirectory() as folder:
            ours.append(asyncio.run(hybrid_rate(asked, Path(folder)))["hit_rate"])
        lru.append(lru_rate(asked, room))
        best.append(sum(rank < room for rank in asked) / REQUESTS)
        theine.append(theine_rate(asked, room))
    from_best = [mine - fixed for mine, fixed in zip(ours, best, strict=True)]
    over_lru = [mine - plain for mine, plain in zip(ours, lru, strict=True)]
    rows = [
        row("zipf hit rate", ours, "ratio", gate=RATE_GATE, goal=RATE_GOAL, higher_is_better=True),
        row("zipf hit rate above plain LRU", over_lru, "ratio", gate=0.0, goal=0.02, higher_is_better=True),
        row(
            "zipf hit rate above the best fixed choice",
            from_best,
            "ratio",
            gate=-0.05,
            goal=-0.04,
            higher_is_better=True,
        ),
    ]
    known = [rate for rate in theine if rate is not None]
    beside = {"lru": statistics.median(lru), "best_fixed": statistics.median(best)}
    return rows, {**beside, "theine": statistics.median(known) if known else None}


def timed(get: Callable[[str], object], keys: list[str]) -> float:
    """Microseconds of one get, the median over rounds."""
    samples = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for key in keys:
            get(key)
        samples.append((time.perf_counter() - began) / len(keys) * MICROSECOND)
    return statistics.median(samples)


async def own_times(folder: Path) -> tuple[float, float]:
    """Microseconds of a hit in memory and of one on disk."""
    keys = [f"{number:05}" for number in range(KEYS_TIMED)]
    memory = await opened(folder / "memory", 2 * KEYS_TIMED, 10)
    for key in keys:
        memory.put(key, Entry(BODY, time.time(), LASTING_SECONDS))
    in_memory = timed(memory.get, keys)
    await memory.stop()
    for _ in range(2):  # the second opening finds everything written
        disk = await opened(folder / "disk", 0, 10 * KEYS_TIMED)
        for key in keys:
            if disk.get(key) is None:
                disk.put(key, Entry(BODY, time.time(), LASTING_SECONDS))
        if disk.figures()["hits_disk"] < KEYS_TIMED:
            await disk.stop()
    on_disk = timed(disk.get, keys)
    await disk.stop()
    return in_memory, on_disk


def neighbours_times(folder: Path) -> dict[str, float | None]:
    """Microseconds of a hit of the libraries around us."""
    import diskcache

    keys = [f"{number:05}" for number in range(KEYS_TIMED)]
    found: dict[str, float | None] = {"cachetools LRUCache": None, "cachetools TTLCache": None, "theine": None}
    with diskcache.Cache(str(folder)) as disk:
        for key in keys:
            disk.set(key, BODY)
        found["diskcache"] = timed(disk.get, keys)
    if find_spec("cachetools") is not None:
        import cachetools

        neighbours: dict[str, Any] = {
            "cachetools LRUCache": cachetools.LRUCache(2 * KEYS_TIMED),
            "cachetools TTLCache": cachetools.TTLCache(2 * KEYS_TIMED, LASTING_SECONDS),
        }
        for name, cache in neighbours.items():
            cache.update(dict.fromkeys(keys, BODY))
            found[name] = timed(cache.get, keys)
    if find_spec("theine") is not None:
        from theine import Cache

        theine: Any = Cache(2 * KEYS_TIMED)
        for key in keys:
            theine.set(key, BODY)
        found["theine"] = timed(theine.get, keys)
        theine.close()
    return found


def measure() -> list[Row]:
    """Rows with gates, then what the neighbours did in the same run."""
    memory, disk, beside = [], [], {}
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            in_memory, on_disk = asyncio.run(own_times(Path(folder)))
            beside = neighbours_times(Path(folder) / "beside")
        memory.append(in_memory)
        disk.append(on_disk)
    rows = [
        row("hit in memory", memory, "us", gate=5, goal=3),
        row("hit on disk", disk, "us", gate=200, goal=100),
    ]
    rates, fixed = hit_rates()
    told = {"us": beside, "ratio": fixed}
    return [*rows, *rates] + [
        {"name": f"{name}, beside", "value": value, "unit": unit, "pass": None}
        for unit, values in told.items()
        for name, value in values.items()
    ]


if __name__ == "__main__":
    sys.exit(report(measure))
