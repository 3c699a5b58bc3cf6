"""The faults that a running bot is to survive: each strikes when its block is entered and has ended when it is left."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, Final

from bench.crash import ended
from bench.crash_steps import when
from bench.fault_scene import Kind, Scene, Strike
from tests.end_to_end.bot_process import descendants
from tests.telegram_server.faults import Effect, Mute, flood_wait

CUT_SECONDS: Final = 30.0
HELD_SECONDS: Final = 5.0
FLOOD_SECONDS: Final = 3
DAY_SECONDS: Final = 86_400
#: the disk of the disk's faults, and what is left of it while a download runs
DISK_BYTES: Final = 32 << 20
LEFT_BYTES: Final = 400_000
SLOW: Final = "/slow/mux_720.mp4?seconds=3&n={n}"
QUICK: Final = "/m/mux_720.mp4?n={n}"


@asynccontextmanager
async def _telegram_gone(scene: Scene) -> AsyncIterator[None]:
    server = scene.stage.telegram.server
    await server.stop()
    yield
    server.faults.clear()
    await server.start()


def _gone_during(method: str, path: str, **how: Any) -> Strike:
    """Telegram goes away in the middle of such a request."""

    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        fault = scene.stage.telegram.server.faults.add(method, Mute(), times=None, **how)
        scene.ask_for(path)
        await when(lambda: fault.hits)
        async with _telegram_gone(scene):
            yield

    return strike


def _refused(method: str, effect: Effect, path: str) -> Strike:
    """The next such request is answered like that; with a FLOOD_WAIT it has ended when that has passed."""

    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        fault = scene.stage.telegram.server.faults.add(method, effect)
        scene.ask_for(path)
        await when(lambda: fault.hits)
        yield
        await asyncio.sleep(FLOOD_SECONDS)

    return strike


@asynccontextmanager
async def _expired_reference(scene: Scene) -> AsyncIterator[None]:
    """A file that Telegram keeps is asked for again when its reference has expired."""
    path = QUICK.format(n="kept")
    scene.ask_for(path)
    await scene.served()
    for person in scene.stage.people:
        for message in person.messages():
            if message.file is not None:
                message.file.expire()
    scene.ask_for(path)
    yield


@asynccontextmanager
async def _database_held(scene: Scene) -> AsyncIterator[None]:
    scene.ask_for(SLOW)
    await when(lambda: scene.says("Downloading"))
    holder = sqlite3.connect(scene.stage.data / "goldcrest.db", isolation_level=None)
    holder.execute("PRAGMA busy_timeout=5000")
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.execute("ROLLBACK")
    holder.close()


def _disk_full(leave_bytes: int) -> Strike:
    """While something is downloaded, or before somebody asks for it; that errand may end with a word."""

    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        ballast = scene.stage.data / "ballast"
        if leave_bytes:
            scene.ask_for("/slow/mux_1080.mp4?seconds=3&n={n}")
            await when(lambda: scene.says("Downloading"))
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while (left := os.statvfs(scene.stage.data)).f_bavail * left.f_frsize > leave_bytes or not leave_bytes:
                file.write(bytes(4096))
        if not leave_bytes:
            scene.ask_for(QUICK)
        yield
        await asyncio.gather(*scene.errands)
        scene.errands.clear()
        ballast.unlink()

    return strike


def _worker(number: signal.Signals) -> Strike:
    """Strikes the process that downloads; it has ended when that process has."""

    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        scene.ask_for(SLOW)
        await when(lambda: scene.says("Downloading") and scene.workers())
        struck = scene.workers()[0]
        os.kill(struck, number)
        yield
        await when(lambda: struck not in descendants(scene.server.process.pid))

    return strike


def _forkserver(number: signal.Signals) -> Strike:
    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        scene.ask_for(SLOW)
        await when(lambda: scene.says("Downloading") and scene.workers())
        os.kill(descendants(scene.server.process.pid)[1], number)
        yield

    return strike


@asynccontextmanager
async def _redis_gone(scene: Scene) -> AsyncIterator[None]:
    assert scene.redis is not None
    scene.redis.stop()
    scene.ask_for(QUICK)
    yield
    await asyncio.to_thread(scene.redis.start)


def _clock(seconds: int) -> Strike:
    """The wall clock is set while something is downloaded, and stays so."""

    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        scene.ask_for(SLOW)
        await when(lambda: scene.says("Downloading"))
        scene.clock.write_text(str(seconds), "ascii")
        yield

    return strike


@asynccontextmanager
async def _cache_corrupt(scene: Scene) -> AsyncIterator[None]:
    """Bytes of the cache's file are overwritten while it is in use."""
    scene.ask_for(QUICK)
    await scene.served()
    for file in (scene.stage.data / "cache").glob("cache.db*"):
        with file.open("r+b") as damaged:
            damaged.seek(100)
            damaged.write(os.urandom(min(8192, file.stat().st_size)))
    yield


def _session(damage: str, wait_seconds: int = 0) -> Strike:
    """A new process in the middle of a download finds the kept session like that, and Telegram lets its login wait.

    It has ended when that process begins, or when the wait has passed.
    """

    @asynccontextmanager
    async def strike(scene: Scene) -> AsyncIterator[None]:
        scene.ask_for(SLOW)
        await when(lambda: scene.says("Downloading"))
        if code := await ended(scene.server):
            raise RuntimeError(f"ended with {code}: {scene.server.log[-2000:]}")
        with closing(sqlite3.connect(scene.stage.data / "goldcrest.db")) as database, database:
            database.execute(damage)
        yield
        faults = scene.stage.telegram.server.faults
        wait = faults.add("auth.ImportBotAuthorization", flood_wait(wait_seconds)) if wait_seconds else None
        scene.server.start()
        if wait is not None:
            await when(lambda: wait.hits)
            await asyncio.sleep(wait_seconds)

    return strike


@asynccontextmanager
async def _egress_dead(scene: Scene) -> AsyncIterator[None]:
    """The task behind the only way out ends; nobody can strike it from outside, so the bot is in this process."""
    scene.ask_for(SLOW)
    await when(lambda: scene.says("Downloading"))
    (accepting,) = (task for task in asyncio.all_tasks() if task.get_name() == "egress")
    accepting.cancel()
    yield


KINDS: Final[dict[str, Kind]] = {
    "telegram_cut": Kind(_telegram_gone, "telegram", CUT_SECONDS),
    "telegram_cut_mid_upload": Kind(
        _gone_during("upload.Save*", QUICK, when=lambda query: query.file_part == 1), "telegram", CUT_SECONDS
    ),
    "telegram_cut_mid_callback": Kind(_gone_during("messages.SetBotCallbackAnswer", QUICK), "telegram", CUT_SECONDS),
    "flood_wait_on_send": Kind(_refused("messages.SendMedia", flood_wait(FLOOD_SECONDS), QUICK)),
    "flood_wait_on_edit": Kind(_refused("messages.EditMessage", flood_wait(FLOOD_SECONDS), SLOW)),
    "flood_wait_on_upload_part": Kind(_refused("upload.Save*", flood_wait(FLOOD_SECONDS), QUICK)),
    "expired_file_reference": Kind(_expired_reference),
    "database_locked": Kind(_database_held, "database", HELD_SECONDS),
    "worker_sigsegv": Kind(_worker(signal.SIGSEGV)),
    "worker_sigkill": Kind(_worker(signal.SIGKILL)),
    "worker_hangs": Kind(_worker(signal.SIGSTOP)),
    "forkserver_killed": Kind(_forkserver(signal.SIGKILL)),
    "forkserver_frozen": Kind(_forkserver(signal.SIGSTOP), "extractor"),
    "redis_gone": Kind(_redis_gone, "redis", HELD_SECONDS),
    "cache_corrupt": Kind(_cache_corrupt),
    "clock_a_day_back": Kind(_clock(-DAY_SECONDS)),
    "clock_two_days_forward": Kind(_clock(DAY_SECONDS)),
}
#: these need a small disk of their own
DISK_KINDS: Final[dict[str, Kind]] = {
    "disk_full_during_a_download": Kind(_disk_full(LEFT_BYTES), error="disk_full"),
    "disk_full_during_a_commit": Kind(_disk_full(0), "database", HELD_SECONDS),
}
#: these begin with the end of the process
START_KINDS: Final[dict[str, Kind]] = {
    "session_corrupt": Kind(_session("UPDATE telegram_sessions SET sealed = x'00'")),
    "session_missing": Kind(_session("DELETE FROM telegram_sessions")),
    "flood_wait_on_login": Kind(_session("DELETE FROM telegram_sessions", FLOOD_SECONDS)),
}
#: these need the bot in the process of the bench
INSIDE_KINDS: Final[dict[str, Kind]] = {"egress_proxy_dead": Kind(_egress_dead, "egress")}


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[Path]:
    """A file system of its own at that folder. Raises OSError where that may not be mounted."""
    await asyncio.to_thread(folder.mkdir)
    argv = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "goldcrest-bench", str(folder)]
    mounted = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)
    if mounted.returncode:
        raise OSError(mounted.stderr.strip())
    try:
        yield folder
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", str(folder)], check=True)
