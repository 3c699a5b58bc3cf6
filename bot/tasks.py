"""Owned background work with a bound: so many run, so many more wait, and all end with their owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog

from utils.errors import Busy

log = structlog.get_logger()
#: how long a cancelled task may take before it is cancelled once more
INSIST_SECONDS: Final = 0.5


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

    def pause(self) -> None:
        """Begin nothing until `resume`."""
        self._open.clear()

    def resume(self) -> None:
        """Begin what waits."""
        self._open.set()

    async def stop(self) -> None:
        """Cancel everything and wait for its end."""
        await end(*self._tasks)

    async def _run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        await self._open.wait()
        async with self._slots:
            try:
                await work()
            except Exception:  # the edge of a task that nobody awaits
                log.exception("task broke", pool=self._name)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are over.

    Once is not enough: asyncio.wait_for of Python 3.11, which pyrogram awaits its answers with, swallows a cancellation
    that meets the answer.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=INSIST_SECONDS)
