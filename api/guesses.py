"""Wrong access keys: each visitor has a few, then one every so often; the log tells of them once a minute."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from utils.errors import TooFast
from utils.rate_rules import TokenBucket

log = structlog.get_logger()
#: wrong keys of one visitor: ten at once, two a minute after that
RULE: Final = TokenBucket(2, 60.0, 10)
#: visitors that are remembered; the one whose last wrong key is oldest is forgotten first
VISITORS: Final = 1000
LOG_SECONDS: Final = 60.0


class Guesses:
    """By visitor: when the next wrong key is allowed, and what the last one was.

    A browser that keeps an old cookie says the same wrong thing with every request; that is no new guess.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._visitors: OrderedDict[str, tuple[tuple[float, float], int]] = OrderedDict()
        self._count = 0
        self._logged: float | None = None

    def check(self, who: str, proof: object) -> None:
        """Before a key is looked at, also a right one: whoever guesses must not learn which. Raises TooFast."""
        schedule, last = self._visitors.get(who, (None, None))
        if last == hash(proof):
            return
        wait, _ = RULE.look(schedule, self._clock(), 1.0)
        if wait:
            self._refused(who)
            raise TooFast("wrong keys", retry_after_seconds=wait, keys=True)

    def wrong(self, who: str, proof: object) -> None:
        """It didn't fit."""
        schedule, last = self._visitors.pop(who, (None, None))
        if last != hash(proof):
            self._refused(who)
            _, schedule = RULE.look(schedule, self._clock(), 1.0)
        assert schedule is not None
        self._visitors[who] = schedule, hash(proof)
        if len(self._visitors) > VISITORS:
            self._visitors.popitem(last=False)

    def _refused(self, who: str) -> None:
        self._count += 1
        now = self._clock()
        if self._logged is None or now - self._logged >= LOG_SECONDS:
            log.warning("access.refused", count=self._count, last=who)
            self._count, self._logged = 0, now
