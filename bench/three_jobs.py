"""`python -m bench.three_jobs`: three jobs of 100 MB at once in a hard 200 MB group, and one after another."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.cgroup import Group, why_not
from bench.rig import JOB_SECONDS, running_bot
from bench.rows import Row, impossible, row
from bench.start import report
from bench.tree import Sampler
from tests.sites.harness import SpawnedSites, spawned_sites
from tests.sites.youtube import video_id
from tests.telegram_server.harness import Telegram, running_server

if TYPE_CHECKING:
    from bench.server import Server
    from tests.telegram_server.messages import Message

MEBIBYTE: Final = 1 << 20
LIMIT_MB: Final = 200
JOBS: Final = 3
ROWS: Final = ("three_jobs_oom_kills", "three_jobs_peak_pss", "three_jobs_speedup")


@dataclass(frozen=True, slots=True)
class Ran:
    """How it went: seconds from the first press to the last file, kernel's kills, peak of the tree, /status' memory."""

    seconds: float
    oom_kills: int
    peak_bytes: int
    memory: dict[str, Any]


def measure() -> list[Row]:
    """All rows; they need a control group."""
    if reason := why_not():
        return [impossible(name, reason) for name in ROWS]
    with tempfile.TemporaryDirectory(prefix="goldcrest-bench-") as folder, spawned_sites(bulk=True) as sites:
        return asyncio.run(_measure(Path(folder), sites))


async def _measure(folder: Path, sites: SpawnedSites) -> list[Row]:
    alone = await run(folder / "alone", sites, at_once=False)
    together = await run(folder / "together", sites, at_once=True)
    kills = alone.oom_kills + together.oom_kills
    rows = [
        row(ROWS[0], [kills], "kills", gate=0, goal=0),
        row(ROWS[1], [together.peak_bytes / MEBIBYTE], "MB", gate=LIMIT_MB, goal=190),
        row(ROWS[2], [alone.seconds / together.seconds], "times", gate=0.7, goal=2, higher_is_better=True),
    ]
    rows[2]["seconds"] = {"one_after_another": round(alone.seconds, 1), "at_once": round(together.seconds, 1)}
    rows[0]["memory"] = {name: together.memory[name] for name in ("needs", "evictions", "waited", "peak_mb")}
    return rows


async def run(folder: Path, sites: SpawnedSites, *, at_once: bool, limit_mb: float = LIMIT_MB, **more: str) -> Ran:
    """Three jobs in a group. Raises RuntimeError where one of them fails or the bot dies."""
    await asyncio.to_thread(folder.mkdir)
    links = [f"https://www.youtube.com/watch?v={video_id('bulk', number)}" for number in range(JOBS)]
    settings = {"GOLDCREST_DOWNLOADS__PARALLEL": str(JOBS), **more}
    async with running_server() as telegram:
        with Group(memory_mb=limit_mb) as group:
            async with running_bot(folder, telegram, sites, group, **settings) as server:
                with Sampler(server.process.pid, interval_seconds=0.1) as sampler:
                    jobs = asyncio.create_task(deliver_all(telegram, links, at_once=at_once))
                    await while_alive(server, jobs)
                memory = (await asyncio.to_thread(server.ask, "/status"))[1]["memory"]
            return Ran(jobs.result(), group.counted().oom_kills, sampler.peak_bytes, memory)


async def while_alive(server: Server, jobs: asyncio.Task[float]) -> None:
    try:
        while not jobs.done():
            if server.process.poll() is not None:
                raise RuntimeError(f"the bot ended with {server.process.returncode}: {server.log[-2000:]}")
            await asyncio.wait({jobs}, timeout=0.5)
    finally:
        jobs.cancel()


async def deliver_all(telegram: Telegram, links: list[str], *, at_once: bool) -> float:
    """Seconds from the first press to the last file."""
    alice, menus = telegram.alice, []
    for link in links:
        sent = await alice.say(telegram.bot, link)
        menus.append(await alice.wait_for(lambda m: len(m.buttons) > 1, JOB_SECONDS, after=sent))
    arrived = set[int]()

    def is_new_end(message: Message) -> bool:
        ended = not message.buttons and bool(message.text) and message.sender is not alice
        return (message.file is not None or ended) and message.order not in arrived

    async def one_more() -> None:
        message = await alice.wait_for(is_new_end, JOBS * JOB_SECONDS, after=menus[0])
        if message.file is None:
            raise RuntimeError(f"the bot says: {message.text}")
        arrived.add(message.order)

    began = time.perf_counter()
    for menu in menus:
        await alice.press(menu, "Best", seconds=JOB_SECONDS)
        if not at_once:
            await one_more()
    while len(arrived) < len(menus):
        await one_more()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(report(measure))
