"""Caches give back, the youngest is ended."""

from __future__ import annotations

import pytest

from utils.memory_admission import Lease
from utils.memory_pools import Pool, Reservation
from utils.memory_relief import SHED_SECONDS, Relief, Shed, WeakCallbacks


class Cache:
    def __init__(self, gives=10):
        self.asked = []
        self.gives = gives

    def shrink(self, target_bytes):
        self.asked.append(target_bytes)
        if self.gives is None:
            raise OSError("disk")
        return self.gives


def lease(number, kind="fetch", *, attached=True):
    made = Lease(number, kind, 10, Reservation(Pool(), 10))
    if attached:
        made.attach(number, lambda: None)
    return made


def relief():
    now = [0.0]
    collected = []

    def collect():
        collected.append(1)
        return 0

    return Relief(collect=collect, clock=lambda: now[0]), now, collected


def test_caches_give_back_and_one_that_fails_stops_nobody():
    """Everybody is asked to keep nothing, garbage is collected, what came free is counted."""
    relieved, _, collected = relief()
    caches = Cache(10), Cache(None), Cache(5)
    for number, cache in enumerate(caches):
        relieved.sheds.add(str(number), cache.shrink)
    assert relieved.shed()
    assert [cache.asked for cache in caches] == [[0]] * 3
    assert (relieved.counted["sheds"], relieved.counted["shed_bytes"], len(collected)) == (1, 15, 1)


def test_not_again_at_once():
    """What was shed a moment ago can't give more."""
    relieved, now, _ = relief()
    assert [relieved.shed(), relieved.shed()] == [True, False]
    now[0] = SHED_SECONDS
    assert relieved.shed()


def test_callbacks_keep_nobody_alive():
    """Methods and functions are held weakly; a later one takes a name over."""
    callbacks: WeakCallbacks[Shed] = WeakCallbacks()
    cache, other = Cache(), Cache()

    def function(_):
        return 0

    callbacks.add("method", cache.shrink)
    callbacks.add("method", other.shrink)
    callbacks.add("function", function)
    assert [name for name, _ in callbacks.living()] == ["method", "function"]
    del other, function
    assert callbacks.living() == []


@pytest.mark.parametrize(
    ("leases", "victim"),
    [
        ([(1, "fetch"), (2, "fetch"), (3, "probe")], 2),
        ([(1, "probe"), (2, "probe"), (3, "record")], 2),
        ([(1, "record"), (2, "record")], 2),
    ],
)
def test_the_youngest_download_goes_first_a_recording_last(leases, victim):
    """What was recorded of a stream can't be had again."""
    relieved, _, _ = relief()
    running = [lease(*each) for each in leases]
    assert relieved.evict(running, full=False)
    assert [each.number for each in running if each.evicted] == [victim]


def test_one_at_a_time():
    """As long as the last one's memory isn't back nobody else is ended."""
    relieved, _, _ = relief()
    running = [lease(1), lease(2)]
    assert relieved.evict(running, full=True)
    assert not relieved.evict(running, full=True)
    assert relieved.counted["evictions"] == 1


def test_alone_it_may_use_all_there_is():
    """It is ended only where memory is full; one without a child yet can't be."""
    relieved, _, _ = relief()
    alone = lease(1)
    assert not relieved.evict([alone], full=False)
    assert relieved.evict([alone], full=True)
    assert not relieved.evict([lease(1, attached=False), lease(2, attached=False)], full=True)
    assert not relieved.evict([], full=True)


def test_what_it_runs_besides_is_no_second_job():
    """JavaScript has a place of its own, but a probe that has started it is still alone."""
    relieved, _, _ = relief()
    alone, javascript = lease(1, "probe"), lease(2, "javascript", attached=False)
    assert not relieved.evict([alone, javascript], full=False)
    assert relieved.evict([alone, javascript], full=True)
    assert alone.evicted
