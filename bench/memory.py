"""`python -m bench.memory`: idle, one job of 100 MB, and the smallest hard limit that the same job survives."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.cgroup import Group, why_not
from bench.rig import deliver, running_bot
from bench.rows import Row, impossible, row
from bench.start import report
from bench.tree import Sampler
from tests.sites.harness import SpawnedSites, spawned_sites
from tests.telegram_server.harness import Telegram, running_server
from utils.process_memory import tree_bytes

if TYPE_CHECKING:
    from bench.server import Server

MEBIBYTE: Final = 1 << 20
#: idle is when nothing has changed for that long
SETTLED_SECONDS: Final = 2.0
SETTLED_BYTES: Final = 100_000
LIMITS_MB: Final = (100, 110, 120, 130, 145, 160)


def measure() -> list[Row]:
    """All rows of the memory."""
    with tempfile.TemporaryDirectory(prefix="goldcrest-bench-") as folder, spawned_sites(bulk=True) as sites:
        return asyncio.run(_measure(Path(folder), sites))


async def _measure(folder: Path, sites: SpawnedSites) -> list[Row]:
    link = sites.greeting["samples"]["youtube"]["bulk"]
    async with running_server() as telegram:
        async with running_bot(_made(folder / "open"), telegram, sites) as server:
            idle = await asyncio.to_thread(settled, server)
            with Sampler(server.process.pid) as sampler:
                await deliver(telegram, link)
        rows = [
            row("idle_pss", [idle / MEBIBYTE], "MB", gate=75, goal=55),
            row("one_job_peak_pss", [sampler.peak_bytes / MEBIBYTE], "MB", gate=130, goal=100),
        ]
    if reason := why_not():
        return [*rows, impossible("one_job_in_a_hard_cgroup", reason)]
    survived = await _smallest_limit(folder, sites, link)
    return [*rows, row("one_job_in_a_hard_cgroup", [survived], "MB", gate=160, goal=110)]


async def _smallest_limit(folder: Path, sites: SpawnedSites, link: str) -> float:
    """The first of LIMITS_MB under which the file arrives and nothing is killed; infinite where none is enough."""
    for limit in LIMITS_MB:
        async with running_server() as telegram:
            with Group(memory_mb=limit) as group:
                if await _survives(_made(folder / str(limit)), telegram, sites, group, link):
                    return limit
    return float("inf")


async def _survives(folder: Path, telegram: Telegram, sites: SpawnedSites, group: Group, link: str) -> bool:
    try:
        async with running_bot(folder, telegram, sites, group) as server:
            delivery = asyncio.create_task(deliver(telegram, link))
            while not delivery.done():
                if server.process.poll() is not None:
                    delivery.cancel()
                await asyncio.wait({delivery}, timeout=0.2)
            delivery.result()
    except (RuntimeError, asyncio.CancelledError):  # a worker was killed, or the bot itself
        return False
    return group.counted().oom_kills == 0


def settled(server: Server) -> int:
    """PSS of the tree once it no longer changes."""
    seen = [(time.monotonic(), tree_bytes(server.process.pid) or 0)]
    while time.monotonic() - seen[0][0] < SETTLED_SECONDS:
        time.sleep(0.2)
        now = tree_bytes(server.process.pid) or 0
        if abs(now - seen[0][1]) > SETTLED_BYTES:
            seen.clear()
        seen.append((time.monotonic(), now))
    return seen[-1][1]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(report(measure))
