"""Rate limiter: several levels decided at once, refusal with the time to wait or waiting, rates that adapt."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from utils.errors import TooFast

if TYPE_CHECKING:
    from utils.rate_rules import Rule

#: keys that the memory store knows at most, and slowed keys
KEYS_BOUND: Final = 100_000
SLOWED_BOUND: Final = 1_000
#: a refusal of the site halves the rate, down to this part of it; each success gives a part of the rate back
SLOWEST: Final = 1 / 64
HALF: Final = 0.5
CREEP: Final = 0.02


class Claim(NamedTuple):
    """One level of one call: whose bucket, by which rule, slowed down by which factor. A cost of -1 gives one back."""

    key: str
    rule: Rule
    factor: float = 1.0
    cost: float = 1.0


class Store(Protocol):
    """Where states are kept. Decides all claims of a call at once: a refused call spends nothing anywhere."""

    async def decide(self, claims: Sequence[Claim]) -> tuple[float, int]:
        """Seconds to wait, 0.0 where the call was admitted and spent; and which claim waits longest."""


class MemoryStore:
    """States in two generations of dictionaries.

    What wasn't used for a whole generation is forgotten: after the longest time that any rule remembers, when that
    changes nothing, or when there are too many keys.
    """

    def __init__(self, bound: int = KEYS_BOUND, clock: Callable[[], float] = time.monotonic) -> None:
        self._bound = bound
        self._clock = clock
        self._young: dict[str, Any] = {}
        self._old: dict[str, Any] = {}
        self._turned = clock()
        self._memory_seconds = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    async def decide(self, claims: Sequence[Claim]) -> tuple[float, int]:
        """See Store."""
        return self.decide_now(claims)

    def decide_now(self, claims: Sequence[Claim]) -> tuple[float, int]:
        """The same at once."""
        now = self._clock()
        young, old = self._young, self._old
        longest, which = 0.0, 0
        following = []
        for number, (key, rule, factor, cost) in enumerate(claims):
            state = young.get(key)
            if state is None and old:
                state = old.get(key)
            if state is None or factor < 1.0:
                self._memory_seconds = max(self._memory_seconds, rule.memory_seconds / factor)
            wait, after = rule.look(state, now, factor, cost)
            following.append((key, after))
            if wait > longest:
                longest, which = wait, number
        if longest > 0.0:
            return longest, which
        young.update(following)
        if len(young) * 2 >= self._bound or now - self._turned > self._memory_seconds:
            self._old, self._young, self._turned = young, {}, now
        return 0.0, 0


class Adaptive:
    """By how much each key is slowed down: a site's refusal halves its rate, every success gives a little back."""

    def __init__(self, bound: int = SLOWED_BOUND) -> None:
        self._bound = bound
        self.factors: OrderedDict[str, float] = OrderedDict()

    def factor(self, key: str) -> float:
        """1.0 for full rate."""
        return self.factors.get(key, 1.0)

    def refused(self, key: str) -> None:
        """The other side said that it was too much."""
        self.factors[key] = max(SLOWEST, self.factor(key) * HALF)
        self.factors.move_to_end(key)
        if len(self.factors) > self._bound:
            self.factors.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """The other side took it."""
        if (factor := self.factors.get(key)) is None:
            return
        if factor + CREEP >= 1.0:
            del self.factors[key]
        else:
            self.factors[key] = factor + CREEP

    def slowed(self) -> dict[str, float]:
        """All keys below full rate."""
        return {key: round(factor, 3) for key, factor in self.factors.items()}


class RateLimiter:
    """Levels by name ("user", "platform", "global"), each with its rule; `own` are rules of single keys of a level."""

    def __init__(
        self,
        levels: Mapping[str, Rule],
        store: Store | None = None,
        *,
        own: Callable[[str, str], Rule | None] = lambda _level, _key: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.adaptive = Adaptive()
        self._levels = levels
        self._store = MemoryStore() if store is None else store
        self._own = own
        self._sleep = sleep
        self._admitted = 0
        self._waited = 0
        self._refused: dict[str, int] = dict.fromkeys(levels, 0)

    async def admit(self, keys: Mapping[str, str], wait_seconds: float = 0.0) -> None:
        """Spend one call of every level named, by whose key; levels without a rule are free.

        Waits up to `wait_seconds` in all for its turn. Raises TooFast with the time to wait; nothing is spent then.
        """
        left = wait_seconds
        while True:
            claims = self._claims(keys)
            wait, which = await self._store.decide(claims)
            if wait <= 0.0:
                self._admitted += 1
                self._waited += left < wait_seconds
                return
            if wait > left:
                level = claims[which].key.partition(":")[0]
                self._refused[level] = self._refused.get(level, 0) + 1
                raise TooFast(f"{claims[which].key} has to wait {wait:.1f} s", retry_after_seconds=wait, level=level)
            left -= wait
            await self._sleep(wait)

    async def give_back(self, keys: Mapping[str, str]) -> None:
        """A call that was admitted came to nothing: take it back on every level named."""
        await self._store.decide([claim._replace(cost=-1.0) for claim in self._claims(keys)])

    def _claims(self, keys: Mapping[str, str]) -> list[Claim]:
        factors, claims = self.adaptive.factors, []
        for level, key in keys.items():
            rule = self._own(level, key) or self._levels.get(level)
            if rule is not None:
                at = f"{level}:{key}"
                claims.append(Claim(at, rule, factors.get(at, 1.0) if factors else 1.0))
        return claims

    def figures(self) -> dict[str, Any]:
        """For /status: calls admitted, those that waited first, refused by level, keys below full rate."""
        return {
            "admitted": self._admitted,
            "waited": self._waited,
            "refused": dict(self._refused),
            "slowed": self.adaptive.slowed(),
        }
