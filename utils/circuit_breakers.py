"""All circuit breakers of the process by name, and the keeping of their states over restarts and between instances."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Literal

from utils.breaker_store import BreakerRecord, BreakerStore
from utils.circuit_breaker import BreakerPolicy, CircuitBreaker
from utils.health import Health, of_task
from utils.logs import get_logger

if TYPE_CHECKING:
    from utils.breaker_machine import CircuitBreakerListener

#: stands in the names that come with what people ask for, like "generic:example.com"; there may be any number of them
GUEST: Final = ":"
GUEST_BOUND: Final = 512
#: between two looks at a store that other instances write into, and before a store that failed is tried again
SYNC_SECONDS: Final = 2.0


class Breakers:
    """A part. `get(name)` makes a breaker where there is none; names are like "youtube" or "youtube/anna".

    Those stay; they are as many as the settings and the owner's cookies name. Of guests ("generic:example.com") at
    `bound` the closed one that was asked for longest ago leaves, the oldest where none is closed, but none that an
    operator holds. With a `store` changes are kept in the background (`start`, `stop`); where it fails, everything goes
    on in memory and is kept when it is back.
    """

    def __init__(
        self,
        policy: BreakerPolicy,
        *,
        store: BreakerStore | None = None,
        listeners: Iterable[CircuitBreakerListener] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        bound: int = GUEST_BOUND,
    ) -> None:
        self._policy = policy
        self._store = store
        self._listeners = tuple(listeners)
        self._clock = clock
        self._sleep = sleep
        self._bound = bound
        self._breakers: OrderedDict[str, CircuitBreaker] = OrderedDict()
        self._revisions: dict[str, int] = {}
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._store_ok = True

    def get(self, name: str) -> CircuitBreaker:
        """The breaker of that name."""
        breaker = self._breakers.get(name)
        if breaker is not None:
            self._breakers.move_to_end(name)
            return breaker
        if GUEST in name:
            self._make_room()
        return self._make(name)

    def figures(self) -> dict[str, Any]:
        """The figures of every breaker by its name."""
        return {name: breaker.figures() for name, breaker in sorted(self._breakers.items())}

    @property
    def keeping_works(self) -> bool:
        """Whether the store took and gave the states when it was last asked; true without one."""
        return self._store_ok

    def health(self) -> Health:
        """Whether changes are kept; they work in memory while the store fails, and are kept when it is back."""
        if self._store is not None and not (health := of_task(self._keeping, "breakers")).ok:
            return health
        return Health() if self._store_ok else Health(ok=False, detail="their states are not kept", heals=True)

    async def start(self) -> None:
        """Take over what is kept, then keep what changes."""
        if self._store is None:
            return
        await self.restore()
        self._keeping = asyncio.create_task(self._keep(), name="breakers")

    async def stop(self) -> None:
        """Keep what has changed last."""
        keeping, self._keeping = self._keeping, None
        if keeping is None:
            return
        keeping.cancel()
        await asyncio.wait({keeping})
        await self._try(self.sync)

    async def restore(self) -> None:
        """Take over what is kept; where the store fails, start with nothing."""
        await self._try(self._look)

    async def sync(self) -> None:
        """Save what has changed and, where the store is shared, take over what others found. Raises what it raises."""
        if self._store is None:
            return
        names = tuple(self._changed)
        self._changed.clear()
        self._news.clear()
        try:
            if names:
                self._revisions.update(await self._store.save([self._record(name) for name in names]))
            if self._store.shared:
                await self._look()
        except BaseException:
            self._changed.update(dict.fromkeys(names))
            raise

    async def _keep(self) -> None:
        while True:
            await self._pause()
            while not await self._try(self.sync):
                await self._sleep(SYNC_SECONDS)

    async def _pause(self) -> None:
        """Until something changes here, or in a shared store it may have elsewhere."""
        waits = [asyncio.ensure_future(self._news.wait())]
        if self._store is not None and self._store.shared:
            waits.append(asyncio.ensure_future(self._tick()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _tick(self) -> Literal[True]:
        await self._sleep(SYNC_SECONDS)
        return True

    async def _try(self, step: Callable[[], Awaitable[None]]) -> bool:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - whatever ails the store, breakers work without it
            if self._store_ok:
                get_logger().warning("breaker.store_failed", error=type(error).__name__)
            self._store_ok = False
        else:
            self._store_ok = True
        return self._store_ok

    async def _look(self) -> None:
        """Adopt the states that were changed elsewhere, or before the start."""
        assert self._store is not None
        for record in sorted(await self._store.load(), key=lambda record: GUEST in record.name)[: self._bound]:
            known = self._breakers.get(record.name)
            if not record.sane or record.name in self._changed or self._revisions.get(record.name) == record.revision:
                continue
            if known is None and record.state == "closed":
                continue
            self._revisions[record.name] = record.revision
            self.get(record.name).adopt(record)
            self._changed.pop(record.name, None)

    def _record(self, name: str) -> BreakerRecord:
        breaker = self._breakers.get(name)
        if breaker is None or breaker.state == "closed":
            return BreakerRecord(name, "closed")
        return BreakerRecord(name, "open", breaker.remaining_seconds, breaker.streak, by_hand=breaker.by_hand)

    def _make(self, name: str) -> CircuitBreaker:
        from utils.breaker_machine import NotedStorage

        storage = NotedStorage(lambda: self._note(name))
        breaker = CircuitBreaker(name, self._policy, clock=self._clock, store=storage, listeners=self._listeners)
        self._breakers[name] = breaker
        return breaker

    def _note(self, name: str) -> None:
        if self._store is not None:
            self._changed[name] = None
            self._news.set()

    def _make_room(self) -> None:
        guests = {name: breaker for name, breaker in self._breakers.items() if GUEST in name}
        free = [name for name, breaker in guests.items() if breaker.remaining_seconds is not None]
        if len(guests) < self._bound or not free:
            return
        name = next((name for name in free if guests[name].state == "closed"), free[0])
        breaker = self._breakers.pop(name)
        self._revisions.pop(name, None)
        if breaker.state != "closed" and self._store is not None and not self._store.shared:
            self._note(name)  # nothing is kept of what nobody will ask for
