"""Single flight: many callers of one key share one run; it is cancelled when the last caller leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """`run(key, make)` starts `make()` once per key at a time and gives everybody its result or error."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, tuple[asyncio.Task[T], int]] = {}

    async def run(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Join the run under way or start one."""
        task, callers = self._runs.get(key, (None, 0))
        if task is None:
            task = asyncio.ensure_future(_call(make))
        self._runs[key] = (task, callers + 1)
        try:
            return await asyncio.shield(task)
        finally:
            await self._leave(key, task)

    async def _leave(self, key: Hashable, task: asyncio.Task[T]) -> None:
        callers = self._runs[key][1] - 1
        if callers:
            self._runs[key] = (task, callers)
            return
        del self._runs[key]
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _call(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
