"""The process around the parts: its folder, its port, its signals, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from utils.errors import ConfigError
from utils.logs import get_logger

if TYPE_CHECKING:
    from core.system_manager import SystemManager
    from utils.config import Settings


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


async def run_until_signal(manager: SystemManager, target_seconds: float) -> int:
    """Start all parts, wait for the end, stop them; the exit code. A second signal doesn't wait any more."""
    ended = asyncio.Event()

    def on_signal() -> None:
        if ended.is_set():
            os._exit(1)
        ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    starting = asyncio.create_task(start(manager, target_seconds))
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not ended.is_set() and starting.exception() is None:
        await waiting
    await manager.stop()
    await asyncio.wait({starting})
    waiting.cancel()
    if ended.is_set():
        return 0
    error = starting.exception()
    if isinstance(error, ConfigError):
        print(error.detail, file=sys.stderr)
        return 2
    print(f"Goldcrest could not start: {error}", file=sys.stderr)
    return 1


async def start(manager: SystemManager, target_seconds: float) -> None:
    """Start all parts; a start slower than the target is worth a warning."""
    began = time.monotonic()
    await manager.start()
    seconds = time.monotonic() - began
    if seconds > target_seconds:
        get_logger().warning("system.slow_start", seconds=round(seconds, 1), target_seconds=target_seconds)
