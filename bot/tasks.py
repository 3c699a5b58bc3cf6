"""Owned background work with a bound: so many run, so many more wait, and all end with their owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from utils.errors import Busy

log = structlog.get_logger()


class Tasks:
    """`running`: at the same time; `bound`: running and waiting together.

    A paused pool takes work in and begins none of it.
    """

    def __init__(self, name: str, *, running: int, bound: int) -> None:
        self._name = name
        self._bound = bound
        self._slots = asyncio.Semaphore(running)
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Take a piece of work in. Raises Busy at the bound."""
        if len(self._tasks) >= self._bound:
            raise Busy(f"{self._name} bound", bound=self._bound, mine=False)
        task = asyncio.create_task(self._run(work), name=self._name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def snapshot(self) -> frozenset[asyncio.Task[None]]:
        """What is taken in and not done yet."""
        return frozenset(self._tasks)

    def pause(self) -> None:
        """Begin nothing until `resume`."""
        self._open.clear()

    def resume(self) -> None:
        """Begin what waits."""
        self._open.set()

    async def stop(self) -> None:
        """Cancel everything and wait for its end."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await self._open.wait()
        async with self._slots:
            try:
                await work()
            except Exception:  # the edge of a task that nobody awaits
                log.exception("task broke", pool=self._name)
