"""Single flight: many callers of one key share one run; it is cancelled when the last caller leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Flight(Generic[T]):
    """A run and how many wait for it; one without callers is ending."""

    task: asyncio.Task[T]
    callers: int = 0


class SingleFlight(Generic[T]):
    """`run(key, make)` starts `make()` once per key at a time and gives everybody its result or error."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight[T]] = {}

    async def run(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Join the run under way or start one, once an abandoned one has come to its end."""
        while (flight := self._flights.get(key)) is not None and not flight.callers:
            await asyncio.wait({flight.task})
        flight = flight or self._start(key, make)
        flight.callers += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            await self._leave(flight)

    def _start(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> Flight[T]:
        flight = self._flights[key] = Flight(asyncio.ensure_future(_call(make)))
        flight.task.add_done_callback(lambda _: self._flights.pop(key))
        return flight

    async def _leave(self, flight: Flight[T]) -> None:
        flight.callers -= 1
        if not flight.callers and not flight.task.done():
            flight.task.cancel()
            await asyncio.wait({flight.task})


async def _call(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
