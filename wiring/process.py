"""The process around the parts: its folder, its port, its signals, its end."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from utils.errors import ConfigError, InternalError
from utils.logs import get_logger

if TYPE_CHECKING:
    from core.system_manager import SystemManager
    from utils.config import Settings
    from utils.settings import Start

#: the alarm rings so long before the time to stop is over
ALARM_SECONDS: Final = 0.1


def lock_folder(folder: Path) -> BinaryIO:
    """Keep a second process out of the data folder: it would take over the jobs of the first. Raises ConfigError."""
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("wb")
    except OSError as error:
        raise ConfigError(f"DATA_DIR = {folder} can't be used: {error.strerror}; it must be writable") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(f"DATA_DIR = {folder} is in use by another Goldcrest; each needs its own") from None
    return lock


def listen(settings: Settings) -> socket.socket:
    """Bind and listen before anything heavy is loaded; callers wait in the backlog meanwhile. Raises ConfigError."""
    host, port = settings.server.host, settings.server.port
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"PORT = {port} on {host} can't be used: {error.strerror}; another one may be free") from None
    listener.listen(128)
    listener.setblocking(False)
    return listener


async def run_until_signal(
    manager: SystemManager, start_settings: Start, *, alarm: Callable[..., object] = faulthandler.dump_traceback_later
) -> int:
    """Start all parts, wait for the end, stop them; the exit code. A second signal doesn't wait any more.

    The end is a signal, or a vital part that can't be brought back: a new process may do better. `alarm` ends the
    process, and shows where it hung, should the event loop itself hang in the stop.
    """
    ended = asyncio.Event()

    def on_signal() -> None:
        if ended.is_set():
            os._exit(1)
        ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    starting = asyncio.create_task(start(manager, start_settings.cold_start_target_seconds), name="start")
    signalled = asyncio.create_task(ended.wait(), name="signal")
    losing = asyncio.create_task(manager.lost(), name="loss")
    await asyncio.wait({starting, signalled, losing}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.is_set() and not losing.done() and _outcome(starting) is None:
        await asyncio.wait({signalled, losing}, return_when=asyncio.FIRST_COMPLETED)
    alarm(start_settings.stop_seconds - ALARM_SECONDS, exit=True)
    await manager.stop()
    await asyncio.wait({starting}, timeout=ALARM_SECONDS)
    signalled.cancel()
    losing.cancel()
    error = _outcome(starting) if starting.done() else None  # asked for in any case: else asyncio complains of it
    if ended.is_set():
        return 0
    if losing.done():
        print(f"Goldcrest ends, because a new start may help: {losing.result()}", file=sys.stderr)
        return 1
    if isinstance(error, ConfigError):
        print(error.detail, file=sys.stderr)
        return 2
    print(f"Goldcrest could not start: {error}", file=sys.stderr)
    return 1


def _outcome(starting: asyncio.Task[None]) -> BaseException | None:
    """What broke off a start that is over; None where it went well."""
    if starting.cancelled():  # a part beneath fell ill, and is made anew with what stands on it
        return InternalError("a part fell ill during the start")
    return starting.exception()


async def start(manager: SystemManager, target_seconds: float) -> None:
    """Start all parts; a start slower than the target is worth a warning.

    Nothing of what is imported meanwhile is garbage; looking for some would take a seventh of the processor's time.
    """
    began = time.monotonic()
    gc.disable()
    late = asyncio.get_running_loop().call_later(target_seconds, gc.enable)
    try:
        await manager.start()
    finally:
        late.cancel()
        gc.enable()
    seconds = time.monotonic() - began
    if seconds > target_seconds:
        get_logger().warning("system.slow_start", seconds=round(seconds, 1), target_seconds=target_seconds)
