"""The end of the process: bounded, whatever task or thread hangs."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from utils.logs import get_logger

#: of the time to stop, what is kept for the end of the process after that of its parts
ENDING_SECONDS: Final = 0.6
#: each for tasks and for threads of the loop's executor, then for all other threads
TASKS_SECONDS: Final = 0.2
THREADS_SECONDS: Final = 0.1


def run(work: Coroutine[Any, Any, int], *, leave: Callable[[int], object] = os._exit) -> int:
    """What `work` returns: `asyncio.run`, but for the end.

    That waits for ever for a task that ignores its cancellation, and for a thread of the executor that hangs in a
    system call; Python itself waits for the latter once more. Here both are left behind, and the process with them:
    everything that must outlive it is written before the parts have stopped.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        code = loop.run_until_complete(work)
    finally:
        stuck = loop.run_until_complete(_settle(loop))
        asyncio.set_event_loop(None)
    stuck += _waiting_threads()
    if stuck:
        get_logger().error("process.left_behind", stuck=stuck)
        sys.stdout.flush()
        sys.stderr.flush()
        leave(code)
    else:
        loop.close()
    return code


async def _settle(loop: asyncio.AbstractEventLoop) -> list[str]:
    """End tasks, generators and the executor; the names of those that didn't."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    tasks.add(loop.create_task(loop.shutdown_asyncgens(), name="generators"))
    await asyncio.wait(tasks, timeout=TASKS_SECONDS)
    executor = loop.create_task(loop.shutdown_default_executor(), name="executor")
    await asyncio.wait({executor}, timeout=TASKS_SECONDS)
    return [task.get_name() for task in (*tasks, executor) if task is not None and not task.done()]


def _waiting_threads() -> list[str]:
    """Names of the threads that Python would wait for."""
    until = time.monotonic() + THREADS_SECONDS
    threads = [each for each in threading.enumerate() if not each.daemon and each is not threading.main_thread()]
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread.name for thread in threads if thread.is_alive()]
