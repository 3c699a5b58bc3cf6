"""The hybrid cache: levels, bounds, contests, expiry, damage."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from utils.cache import REFRESH_BOUND, SWEEP_SECONDS, HybridCache
from utils.cache_disk import WAITING_BYTES, file_bytes
from utils.cache_entry import KEY_BYTES, Entry
from utils.cache_memory import entry_bytes

BODY = b"x" * 100
#: what an entry of a short key costs in memory and on disk
COST = entry_bytes("k1", Entry(BODY, 0, 1))
RECORD = file_bytes("k1", len(Entry(BODY, 0, 1).sealed("k1")))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def entry(clock: Clock, body: bytes = BODY, seconds: float = 60, **more) -> Entry:
    return Entry(body, clock(), seconds, **more)


@asynccontextmanager
async def opened(folder: Path, clock: Clock, memory: int = 10, disk: int = 40) -> AsyncIterator[HybridCache]:
    """A cache with room for so many entries of BODY."""
    cache = HybridCache(folder, memory_bytes=memory * COST, disk_bytes=disk * RECORD, clock=clock)
    await cache.start()
    try:
        yield cache
    finally:
        await cache.stop()


def body_of(cache: HybridCache, key: str) -> bytes | None:
    found = cache.get(key)
    return found.body if found else None


async def written(cache: HybridCache) -> None:
    """Nothing waits for the disk any more."""
    while cache._disk._pending:
        await asyncio.sleep(0)


def places(cache: HybridCache) -> tuple[int, int]:
    figures = cache.figures()
    return figures["memory"]["entries"], figures["disk"]["entries"]


async def test_an_entry_comes_back_from_memory_and_is_over_in_time(tmp_path, clock):
    """Hit, miss after its time, and nothing is left of it."""
    async with opened(tmp_path, clock) as cache:
        cache.put("k1", entry(clock, stale_seconds=5))
        assert body_of(cache, "k1") == BODY
        clock.now += 64
        late = cache.get("k1")
        assert late is not None
        assert not late.fresh(clock())
        clock.now += 1
        assert cache.get("k1") is None
        assert cache.get("k2") is None
        assert places(cache) == (0, 0)
        figures = cache.figures()
        assert (figures["hits_memory"], figures["misses"], figures["expired"]) == (2, 2, 1)
        assert figures["hit_rate"] == 0.5


async def test_the_least_recent_moves_to_disk_and_comes_up_again(tmp_path, clock):
    """An entry that is asked for again displaces one that isn't."""
    async with opened(tmp_path, clock, memory=10) as cache:
        for number in range(10):
            cache.put(f"k{number}", entry(clock))
        cache.get("n0")
        cache.put("n0", entry(clock, b"y" * 100))
        assert places(cache) == (10, 1)
        for _ in range(3):
            assert body_of(cache, "k0") == BODY
        figures = cache.figures()
        assert figures["hits_disk"] == 2
        assert figures["hits_memory"] == 1
        assert figures["promotions"] == 1
        assert places(cache) == (10, 1)


async def test_what_is_asked_for_often_stays_in_memory(tmp_path, clock):
    """A newcomer that nobody asked for more often goes to disk, however many there are."""
    async with opened(tmp_path, clock, memory=10, disk=20) as cache:
        for number in range(8):
            cache.put(f"k{number}", entry(clock))
            cache.get(f"k{number}")
        for number in range(100):
            cache.get(f"{number:02}")
            cache.put(f"{number:02}", entry(clock))
        before = cache.figures()["hits_memory"]
        assert all(cache.get(f"k{number}") for number in range(8))
        assert cache.figures()["hits_memory"] == before + 8
        assert cache.figures()["refused"] > 0


async def test_a_disk_that_is_full_gives_up_the_seldom_asked(tmp_path, clock):
    """The contest decides on disk too, and the bound holds."""
    async with opened(tmp_path, clock, memory=8, disk=10) as cache:
        for number in range(10):
            cache.put(f"k{number}", entry(clock, priority="low"))
        for _ in range(3):
            cache.get("n0")
        cache.put("n0", entry(clock, priority="low"))
        assert cache.figures()["evictions"] == 1
        assert cache.get("n0") is not None
        assert cache.get("k0") is None


async def test_what_is_over_wins_no_contest(tmp_path, clock):
    """Favourites of last week, on both levels, keep no newcomer out."""
    async with opened(tmp_path, clock, memory=8, disk=8) as cache:
        for number in range(16):
            for _ in range(5):
                cache.get(f"{number:02}")
            cache.put(f"{number:02}", entry(clock, seconds=20 if number % 3 else 10))
        assert places(cache) == (8, 8)
        clock.now += 20
        for number in range(16):
            cache.put(f"n{number:x}", entry(clock))
            assert body_of(cache, f"n{number:x}") == BODY
        assert places(cache) == (8, 8)
        assert cache.figures()["refused"] == 0


async def test_a_hit_on_disk_takes_the_place_of_what_is_over(tmp_path, clock):
    """However often that one was asked for."""
    async with opened(tmp_path, clock, memory=8) as cache:
        for number in range(8):
            cache.put(f"k{number}", entry(clock, seconds=10))
            for _ in range(9):
                cache.get(f"k{number}")
        cache.put("d0", entry(clock, priority="low"))
        clock.now += 10
        for _ in range(2):
            cache.get("d0")
        assert cache.figures()["promotions"] == 1
        assert cache.figures()["expired"] == 1


async def test_what_is_over_is_swept_now_and_then(tmp_path, clock):
    """Also what nobody ever asks for again, and at the start what the last process left."""
    async with opened(tmp_path, clock) as cache:
        for number in range(10):
            cache.put(f"k{number}", entry(clock, seconds=10, priority="high"))
        cache.put("d0", entry(clock, seconds=10, priority="low"))
        cache.put("d1", entry(clock, seconds=2 * SWEEP_SECONDS, priority="low"))
        clock.now += SWEEP_SECONDS - 1
        cache.put("n0", entry(clock, seconds=2 * SWEEP_SECONDS))
        assert places(cache) == (10, 11)  # it took the place of one that was over
        clock.now += 1
        cache.put("n0", entry(clock, seconds=2 * SWEEP_SECONDS))
        assert places(cache) == (1, 1)
        assert cache.figures()["expired"] == 11
    clock.now += SWEEP_SECONDS
    async with opened(tmp_path, clock) as cache:
        assert places(cache) == (0, 1)
        assert cache.figures()["expired"] == 1


async def test_a_key_that_cannot_be_kept_costs_no_other_one(tmp_path, clock):
    """Too long or no Unicode: refused; what is written in the same moment is kept."""
    async with opened(tmp_path, clock, memory=0) as cache:
        for key in ("k1", "half of a pair: \ud800", "k" * (KEY_BYTES + 1), "k2"):
            cache.put(key, entry(clock))
        await written(cache)
        assert [key for key in ("k1", "k2") if cache.get(key)] == ["k1", "k2"]
        assert cache.get("half of a pair: \ud800") is None
        figures = cache.figures()
        assert (figures["refused"], figures["disk"]["entries"], figures["disk"]["troubles"]) == (2, 2, 0)


async def test_placement_by_priority(tmp_path, clock):
    """Low begins on disk, normal in memory, high in both."""
    async with opened(tmp_path, clock) as cache:
        cache.put("k1", entry(clock, priority="low"))
        assert places(cache) == (0, 1)
        cache.put("k2", entry(clock))
        assert places(cache) == (1, 1)
        cache.put("k3", entry(clock, priority="high"))
        assert places(cache) == (2, 2)
        cache.shrink(0)
        assert places(cache) == (0, 3)
        for _ in range(2):
            assert cache.get("k3") is not None
        assert places(cache) == (1, 3)


async def test_placement_by_size(tmp_path, clock):
    """What takes more than an eighth of a level isn't kept there."""
    async with opened(tmp_path, clock, memory=10, disk=80) as cache:
        cache.put("k1", entry(clock, b"z" * 2 * COST))
        assert places(cache) == (0, 1)
        for _ in range(3):
            assert cache.get("k1") is not None
        assert places(cache) == (0, 1)
        cache.put("k1", entry(clock, b"z" * 11 * RECORD))
        assert places(cache) == (0, 0)
        assert cache.get("k1") is None
        assert cache.figures()["refused"] == 1


async def test_entries_outlive_a_restart(tmp_path, clock):
    """What was in memory at the stop comes from disk after the start; a smaller bound is kept at once."""
    async with opened(tmp_path, clock) as cache:
        for number in range(10):
            cache.put(f"k{number}", entry(clock))
    async with opened(tmp_path, clock) as cache:
        assert places(cache) == (0, 10)
        assert body_of(cache, "k7") == BODY
    async with opened(tmp_path, clock, disk=8) as cache:
        assert places(cache)[1] == 8


async def test_a_clock_that_is_set_back_loses_entries_but_never_keeps_them_for_ever(tmp_path, clock):
    """An entry from the future is over, in memory and on disk."""
    async with opened(tmp_path, clock) as cache:
        cache.put("k1", entry(clock))
        cache.put("k2", entry(clock, priority="low"))
        clock.now -= 10
        assert cache.get("k1") is None
        assert cache.get("k2") is None
        assert places(cache) == (0, 0)


async def test_shrinking_gives_memory_back_and_keeps_the_entries(tmp_path, clock):
    """What memory gives up lies on disk; what still waits for it, and its place in the index, isn't called free."""
    async with opened(tmp_path, clock) as cache:
        for number in range(10):
            cache.put(f"k{number}", entry(clock))
        before = cache.used_bytes
        freed = cache.shrink(4 * COST)
        assert freed == max(0, before - cache.used_bytes) < 6 * COST
        assert places(cache) == (4, 6)
        assert cache.shrink(4 * COST) == 0
        await written(cache)
        assert cache.used_bytes < before
        assert cache.used_bytes == cache.figures()["held_bytes"] > 4 * COST


async def test_what_is_asked_for_most_is_handed_over_first(tmp_path, clock):
    """The disk takes only so much at once: under pressure it is the seldom asked that is lost."""
    large = bytes(WAITING_BYTES // 8)
    async with opened(tmp_path, clock, memory=10_000, disk=100_000) as cache:
        for number in range(12):
            cache.put(f"k{number}", entry(clock, large))
            for _ in range(1 + (number % 2)):
                cache.get(f"k{number}")
        freed = cache.shrink(0)
        kept = [number for number in range(12) if cache.get(f"k{number}")]
        assert set(kept) >= {1, 3, 5, 7, 9, 11}
        assert cache.figures()["refused"] == 12 - len(kept) > 0
        assert freed < (12 - len(kept) + 1) * len(large)


async def test_all_that_memory_held_is_kept_at_the_stop(tmp_path, clock):
    """Also where it is more than may wait for the disk otherwise."""
    async with opened(tmp_path, clock, memory=10_000, disk=100_000) as cache:
        for number in range(20):
            cache.put(f"k{number}", entry(clock, bytes(WAITING_BYTES // 8)))
    async with opened(tmp_path, clock, memory=10_000, disk=100_000) as cache:
        assert places(cache) == (0, 20)


async def test_a_forged_or_damaged_record_is_a_miss_and_removed(tmp_path, clock):
    """A wrong checksum, a cut record, another key's record, a pickle, a file: none is read, all are gone afterwards."""
    forged = {"checksum": b"\x02\x01\x00" + b"\x00" * 28 + b"body", "short": b"\x01", "key": entry(clock).sealed("k3")}
    async with opened(tmp_path, clock) as cache:
        for key in ("k1", "k2", "k3", *forged):
            cache.put(key, entry(clock, priority="low"))
    with sqlite3.connect(tmp_path / "cache.db") as database:
        for key, record in forged.items():
            database.execute("UPDATE Cache SET value = ? WHERE key = ?", (record, key))
        pickled = b"\x80\x04\x95"
        database.execute("UPDATE Cache SET value = ?, mode = 4 WHERE key = 'k1'", (pickled,))
        database.execute("UPDATE Cache SET filename = '/etc/passwd', mode = 2, value = NULL WHERE key = 'k2'")
        database.execute("INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 1, ?)", (pickled, b"x"))
    database.close()
    async with opened(tmp_path, clock) as cache:
        for key in ("k1", "k2", *forged):
            assert cache.get(key) is None
        assert cache.get("k3") is not None
        assert cache.figures()["corrupt"] == 3
        assert cache.figures()["disk"]["entries"] == 1


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal"])
async def test_a_broken_file_is_thrown_away(tmp_path, clock, name):
    """The cache begins anew and works."""
    async with opened(tmp_path, clock) as cache:
        cache.put("k1", entry(clock))
    (tmp_path / name).write_bytes(b"this was never a database" * 500)
    async with opened(tmp_path, clock) as cache:
        cache.get("k1")
        cache.put("k2", entry(clock, priority="low"))
        assert cache.get("k2") is not None


async def test_a_folder_that_cannot_be_made_costs_the_disk_level_only(tmp_path, clock):
    """Memory works; nothing raises."""
    (tmp_path / "file").write_text("in the way")
    async with opened(tmp_path / "file", clock, memory=10) as cache:
        for number in range(10):
            cache.put(f"k{number}", entry(clock))
            assert cache.get(f"k{number}") is not None
        cache.put("low", entry(clock, priority="low"))
        assert cache.get("low") is None
        assert not cache.health().ok
        figures = cache.figures()
        assert (figures["refused"], figures["disk"]["troubles"], figures["disk"]["bytes"]) == (1, 2, 0)


async def test_background_refreshes_are_bounded_and_one_a_key(tmp_path, clock):
    """A ninth waits for its next hit; those that run end with the cache."""
    started: list[str] = []

    def renew(key: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def run() -> None:
            started.append(key)
            await asyncio.Event().wait()

        return run

    async with opened(tmp_path, clock) as cache:
        for number in range(REFRESH_BOUND + 3):
            for _ in range(2):
                cache.refresh(f"k{number}", renew(f"k{number}"))
        await asyncio.sleep(0)
        assert started == [f"k{number}" for number in range(REFRESH_BOUND)]


KILLED = """
import asyncio, sys, time
from pathlib import Path
from utils.cache import HybridCache
from utils.cache_entry import Entry
async def main():
    cache = HybridCache(Path(sys.argv[1]), memory_bytes=20_000, disk_bytes=2_000_000)
    await cache.start()
    number = 0
    while True:
        cache.put(f"k{number % 500}", Entry(str(number % 500).encode() * 50, time.time(), 600, 0, "high"))
        number += 1
        if number == 1000: print("full", flush=True)
        await asyncio.sleep(0.0002)
asyncio.run(main())
"""


async def test_kill_minus_nine_leaves_a_cache_that_works(tmp_path):
    """Killed while it writes: what is there afterwards is whole, and it goes on."""
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"full\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        cache = HybridCache(tmp_path, memory_bytes=20_000, disk_bytes=2_000_000)
        await cache.start()
        found = [number for number in range(500) if (hit := cache.get(f"k{number}")) and _whole(hit, number)]
        assert found
        assert cache.figures()["corrupt"] == 0
        assert cache.figures()["disk"]["troubles"] == 0
        await cache.stop()


def _whole(hit: Entry, number: int) -> bool:
    assert hit.body == str(number).encode() * 50
    return True


async def test_popular_items_are_hit_as_often_as_a_good_choice_would(tmp_path, clock):
    """Zipf(1.0), 5 % in memory and 20 % on disk: near the best fixed choice, above LRU, and memory takes most of it."""
    items, requests = 2000, 20_000
    dice = random.Random(7)
    weights = list(accumulate(1 / (rank + 1) for rank in range(items)))
    asked = dice.choices(range(items), cum_weights=weights, k=requests)
    room = items // 4
    best = sum(number < room for number in asked) / requests
    async with opened(tmp_path, clock, memory=items // 20, disk=items // 5) as cache:
        for at, number in enumerate(asked):
            if cache.get(f"{number:02}") is None:
                cache.put(f"{number:02}", entry(clock, seconds=1e6))
            if at % 100 == 0:
                await asyncio.sleep(0)
        figures = cache.figures()
    lru = _lru_rate(asked, room)
    assert figures["hit_rate"] > lru + 0.01
    assert figures["hit_rate"] > best - 0.07
    assert figures["hits_memory"] > 3 * figures["hits_disk"]


def _lru_rate(asked: list[int], room: int) -> float:
    kept: dict[int, None] = {}
    hits = 0
    for number in asked:
        hits += number in kept
        kept.pop(number, None)
        kept[number] = None
        if len(kept) > room:
            del kept[next(iter(kept))]
    return hits / len(asked)
