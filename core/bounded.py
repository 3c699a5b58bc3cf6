"""Waiting for something no longer than so long, by an injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

Sleep = Callable[[float], Awaitable[None]]
T = TypeVar("T")
#: what a cancelled piece of work gets to tidy up before nobody waits for it any more
GRACE_SECONDS: Final = 0.5


class Late(TimeoutError):
    """The time was up."""


async def within(
    work: Coroutine[Any, Any, T], seconds: float, sleep: Sleep, *, grace_seconds: float = GRACE_SECONDS
) -> T:
    """What `work` returns or raises; Late where it takes longer, after it was cancelled.

    Also where the caller is cancelled, `work` has ended when this returns, unless it takes longer for it than
    `grace_seconds`.
    """
    task = asyncio.ensure_future(work)
    try:
        await race(task, seconds, sleep)
        if task.done():
            return task.result()
        raise Late(f"not done within {seconds:g} s")
    finally:
        await end(task, sleep, grace_seconds)


async def end(task: asyncio.Future[Any], sleep: Sleep, grace_seconds: float = GRACE_SECONDS) -> None:
    """Cancel a task and wait for its end, but not for long; what it raises then is nobody's business."""
    if not task.done():
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        task.cancel()
        if grace_seconds:
            await race(task, grace_seconds, sleep)
        else:
            await asyncio.sleep(0)  # those that obey at once have done so then


async def race(task: asyncio.Future[Any], seconds: float, sleep: Sleep) -> None:
    """Until the task is done or the time is up."""
    timer = asyncio.ensure_future(sleep(seconds))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()


def is_cancelled() -> bool:
    """Whether the running task was asked to end; false for a CancelledError that a library let escape."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
