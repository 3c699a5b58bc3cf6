"""The hybrid cache as a state machine: whatever happens, never a wrong, late or unbounded entry."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from utils.cache import HybridCache
from utils.cache_entry import Entry

MEMORY, DISK = 6_000, 9_000
KEYS = st.sampled_from([f"key{number}" for number in range(40)])


class CacheMachine(RuleBasedStateMachine):
    """The model: for each key the last entry that was put; the cache may forget it, never change it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.now = 1_000_000.0
        self.truth: dict[str, Entry] = {}
        self.gets = 0
        self.cache = self._open()

    def _open(self) -> HybridCache:
        cache = HybridCache(self.folder, memory_bytes=MEMORY, disk_bytes=DISK, clock=lambda: self.now)
        self.loop.run_until_complete(cache.start())
        self.gets = 0
        return cache

    def _in_loop(self, work):
        async def run():
            return work()

        return self.loop.run_until_complete(run())

    @rule(
        key=KEYS,
        size=st.integers(0, 2_000),
        fresh=st.integers(0, 50),
        stale=st.integers(0, 50),
        priority=st.sampled_from(["low", "normal", "high"]),
    )
    def put(self, key, size, fresh, stale, priority):
        entry = Entry(bytes(size), self.now, fresh, stale, priority)
        self.truth[key] = entry
        self._in_loop(lambda: self.cache.put(key, entry))

    @rule(key=KEYS, times=st.integers(1, 4))
    def get(self, key, times):
        for _ in range(times):
            self.gets += 1
            found = self._in_loop(lambda: self.cache.get(key))
            if found is not None:
                assert found == self.truth[key]
                assert 0 <= self.now - found.born < found.fresh_seconds + found.stale_seconds

    @rule(key=KEYS)
    def remove(self, key):
        self.truth.pop(key, None)
        self._in_loop(lambda: self.cache.remove(key))
        self.gets += 1
        assert self._in_loop(lambda: self.cache.get(key)) is None

    @rule(target_bytes=st.integers(0, MEMORY))
    def shrink(self, target_bytes):
        def work():
            before = self.cache.used_bytes
            assert self.cache.shrink(target_bytes) == max(0, before - self.cache.used_bytes)
            assert self.cache.figures()["memory"]["bytes"] <= target_bytes

        self._in_loop(work)

    @rule(seconds=st.integers(-20, 60))
    def pass_time(self, seconds):
        self.now += seconds

    @rule()
    def restart(self):
        self.loop.run_until_complete(self.cache.stop())
        self.cache = self._open()

    @invariant()
    def bounds_hold(self):
        figures = self.cache.figures()
        assert 0 <= figures["memory"]["bytes"] <= MEMORY
        assert 0 <= figures["disk"]["bytes"] <= DISK
        assert (figures["memory"]["entries"] == 0) == (figures["memory"]["bytes"] == 0)
        assert figures["hits_memory"] + figures["hits_disk"] + figures["misses"] == self.gets
        assert (figures["disk"]["troubles"], figures["corrupt"]) == (0, 0)
        assert figures["held_bytes"] >= figures["memory"]["bytes"]

    def teardown(self):
        self.loop.run_until_complete(self.cache.stop())
        self.loop.close()
        shutil.rmtree(self.folder)


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(max_examples=16, stateful_step_count=40, deadline=None)
