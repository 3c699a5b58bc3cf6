"""Pace of calls."""

import pytest

from bot.gate import Gate
from utils.errors import TelegramRefused


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self):
        self.now = 100.0
        self.slept = []

    def clock(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def gate(time):
    return Gate(time.clock, time.sleep)


async def test_it_starts_open(gate, time):
    """Nothing waits while Telegram refused nothing."""
    for _ in range(100):
        await gate.enter(0)
        gate.passed()
    assert time.slept == []
    assert gate.slowness == 1


async def test_a_flood_wait_closes_it_for_a_second_more(gate, time):
    """Calls with patience wait, those without are refused at once with the time that is left."""
    gate.refused(10)
    with pytest.raises(TelegramRefused) as refused:
        await gate.enter(5)
    assert refused.value.detail == "FLOOD_WAIT"
    assert refused.value.retry_after_seconds == 11
    await gate.enter(60)
    assert time.slept == [11]
    gate.refused(3)
    gate.refused(1)  # a shorter one doesn't open it earlier
    await gate.enter(60)
    assert time.slept[-1] == 4


async def test_the_rate_halves_and_creeps_back(gate, time):
    """Each refusal doubles the distance of two calls up to a bound; calls that pass shorten it, in the end to none."""
    gate.refused(0)
    await gate.enter(60)
    await gate.enter(60)
    assert time.slept == [1, 0.05]
    slow = [gate.slowness]
    for _ in range(20):
        gate.refused(0)
        slow.append(gate.slowness)
    assert slow == sorted(slow)
    assert slow[:2] == [2, 3]
    assert slow[-1] == 101
    for _ in range(200):
        gate.passed()
    assert gate.slowness == 1
