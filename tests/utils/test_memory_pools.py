"""Who holds memory."""

from __future__ import annotations

from utils.memory_pools import OTHER, Pools


class Cache:
    used_bytes = 7


def test_reservations_add_up_and_come_back_once():
    """A second release gives nothing back; the peak stays."""
    pools = Pools()
    first = pools.reserve("fetch", 100)
    with pools.reserve("fetch", 50):
        assert pools.figures() == {"fetch": {"bytes": 150, "peak_bytes": 150, "holders": 2}}
    first.release()
    first.release()
    assert pools.figures() == {"fetch": {"bytes": 0, "peak_bytes": 150, "holders": 0}}


def test_names_are_bounded():
    """Further ones share a pool; further gauges aren't kept."""
    pools, cache = Pools(bound=2), Cache()
    for name in "abcd":
        pools.reserve(name, 1)
        pools.watch(f"gauge {name}", cache, lambda held: held.used_bytes)
    assert {name: pool["bytes"] for name, pool in pools.figures().items()} == {
        "a": 1,
        "b": 1,
        OTHER: 2,
        "gauge a": 7,
        "gauge b": 7,
    }
    pools.watch("gauge b", cache, lambda held: held.used_bytes + 1)
    assert pools.figures()["gauge b"] == {"bytes": 8}


def test_an_owner_that_is_gone_is_forgotten():
    """Being watched keeps nobody alive."""
    pools, cache = Pools(), Cache()
    pools.watch("cache", cache, lambda held: held.used_bytes)
    assert pools.figures() == {"cache": {"bytes": 7}}
    del cache
    assert pools.figures() == {}
