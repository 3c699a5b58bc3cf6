"""`python -m bench.faults`: how soon /health tells of a fault, and how soon everything is well after its end.

One bot process lives through all of them, save those of the disk, of the start and of a task inside the bot, which have
scenes of their own. Well means that /health says so, that whoever waited has his file, and that a new link is served.
Each scene is judged when its bot has stopped: what stands in the chats of the test server, against its table of jobs.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.crash import ended, stage
from bench.crowd import Crowd, judge, settled, table
from bench.fault_kinds import DISK_KINDS, INSIDE_KINDS, KINDS, QUICK, START_KINDS, small_disk
from bench.fault_scene import Kind, Scene
from bench.rows import Row, impossible, row
from bench.server import is_ready
from bench.start import report
from main import wire
from tests.redis_server import running_redis
from tests.sites.harness import SpawnedSites, spawned_sites
from utils.config import load_settings
from wiring.process import listen

if TYPE_CHECKING:
    from bench.crash_steps import Stage
    from tests.redis_server import RedisServer

TOLD_SECONDS: Final = 2.0
BACK_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02
WAIT_SECONDS: Final = 90.0
ALL: Final = [*KINDS, *DISK_KINDS, *START_KINDS, *INSIDE_KINDS]
SHIM: Final = Path(__file__).resolve().parent.parent / "tests" / "faults" / "wrong_clock"
#: what would take half a minute by default: a silent worker is given up
BRISK: Final = {"GOLDCREST_EXTRACTOR__STALL_SECONDS": "2", "GOLDCREST_RETRY__BASE_SECONDS": "0.2"}


async def seen(health: Callable[[], Any], condition: Callable[[Any], bool]) -> float:
    """Seconds until /health satisfies the condition. Raises TimeoutError."""
    began = time.perf_counter()
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition(await asyncio.to_thread(health) or {}):  # noqa: ASYNC110 - /health has no event
            await asyncio.sleep(POLL_SECONDS)
    return time.perf_counter() - began


def ill(part: str) -> Callable[[Any], bool]:
    """Whether that part is told as not well."""
    return lambda body: body.get("parts", {}).get(part, {}).get("ok") is False


def well(body: Any) -> bool:
    """Whether all are."""
    return bool(body.get("status") == "ok")


async def endure(scene: Scene, name: str, kind: Kind) -> Row:
    """Let it strike, hear of it, let it end, wait until everything is well."""

    def health() -> Any:
        return scene.server.ask("/health", timeout=5)[1]

    async with kind.strike(scene):
        began = time.perf_counter()
        told = await seen(health, ill(kind.part)) if kind.part else None
        await asyncio.sleep(max(0.0, began + kind.seconds - time.perf_counter()))
    began = time.perf_counter()
    scene.ask_for(QUICK)
    await asyncio.gather(seen(health, well), scene.served())
    return _told_and_back(name, told, time.perf_counter() - began)


def _told_and_back(name: str, told: float | None, back: float) -> Row:
    print(name, told and round(told, 2), round(back, 2), file=sys.stderr, flush=True)
    return {"name": name, "told_seconds": told and round(told, 3), "back_seconds": round(back, 3)}


@asynccontextmanager
async def _scene(made: Stage, clock: Path, redis: RedisServer | None = None) -> AsyncIterator[Scene]:
    """A bot in a process of its own."""
    await asyncio.to_thread(clock.write_text, "0", "ascii")
    more = BRISK | {"PYTHONPATH": str(SHIM), "WRONG_CLOCK": str(clock)}
    if redis is not None:
        more["GOLDCREST_REDIS__URL"] = redis.url
    with made.server(**more) as server:
        await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
        yield Scene(made, server, redis, clock, Crowd(made.telegram, made.people, str))
        if await ended(server):
            raise RuntimeError(f"ended badly: {server.log[-2000:]}")


@asynccontextmanager
async def _inside(made: Stage, clock: Path) -> AsyncIterator[Scene]:
    """A bot in this process, whose memory counts as its own."""
    server = made.server(LOG_LEVEL="warning", MAX_MEMORY_MB="4000", **BRISK)  # only asked, never started
    settings = load_settings(server.environment)
    with listen(settings) as listener:
        manager = wire(settings, listener)
        await manager.start()
        try:
            await seen(partial(is_ready, server), bool)
            yield Scene(made, server, None, clock, Crowd(made.telegram, made.people, str))
        finally:
            await manager.stop()


async def _lived(name: str, opened: AbstractAsyncContextManager[Scene], kinds: Mapping[str, Kind]) -> list[Row]:
    """One scene: each of its faults, and what the judge says of them all when the bot has stopped."""
    async with opened as scene:
        rows = [await endure(scene, each, kind) for each, kind in kinds.items()]
        await settled(scene.stage.data)
    return [*rows, {"name": name, "faults": list(kinds), **_books(scene, kinds)}]


def _books(scene: Scene, kinds: Mapping[str, Kind]) -> Row:
    """What the judge says. A job that ended with the error of a fault is excused, one for each such fault."""
    verdict = judge(scene.crowd, scene.stage.data)
    ends = table(scene.stage.data, "SELECT error_code FROM jobs WHERE state IN ('failed', 'cancelled')")
    failed = Counter(row["error_code"] for row in ends)
    excused = Counter(kind.error for kind in kinds.values() if kind.error)
    return {
        "accepted": verdict.accepted,
        "delivered": verdict.delivered,
        "wrong": [*verdict.lost, *verdict.duplicates, *verdict.unheard],
        "twice_ordered": verdict.twice_ordered,
        "failed": dict(failed - excused),
        "excused": dict(failed & excused),
        "integrity": verdict.integrity,
    }


async def _all(folder: Path, sites: SpawnedSites, chosen: Callable[[dict[str, Kind]], dict[str, Kind]]) -> list[Row]:
    """Each scene on a stage of its own: the books of one say nothing of another."""
    clock, rows = folder / "clock", list[Row]()
    with running_redis(folder) as redis:
        if kinds := chosen(KINDS):
            async with stage(folder / "running", sites) as made:
                rows += await _lived("running", _scene(made, clock, redis), kinds)
    for name, kind in chosen(DISK_KINDS).items():
        async with AsyncExitStack() as stack:
            try:
                disk = await stack.enter_async_context(small_disk(folder / name))
            except OSError as error:
                rows.append(impossible(name, str(error)))
                continue
            made = await stack.enter_async_context(stage(disk / "stage", sites))
            rows += await _lived("disk", _scene(made, clock), {name: kind})
    if kinds := chosen(START_KINDS):
        async with stage(folder / "starts", sites) as made:
            rows += await _lived("starts", _scene(made, clock), kinds)
    if kinds := chosen(INSIDE_KINDS):
        async with stage(folder / "inside", sites) as made:
            rows += await _lived("inside", _inside(made, clock), kinds)
    return rows


async def _measure(folder: Path, only: Sequence[str]) -> list[Row]:
    names = only or ALL
    with spawned_sites() as sites:
        each = await _all(folder, sites, lambda kinds: {name: kind for name, kind in kinds.items() if name in names})
    return [*summary(each, len(names)), *(one for one in each if "pass" in one)]


def summary(each: Sequence[Row], count: int) -> list[Row]:
    """The figures of all faults, where there were to be so many; one without a verdict of the judge misses a gate."""
    told = [one["told_seconds"] for one in each if one.get("told_seconds") is not None]
    back = [one["back_seconds"] for one in each if "back_seconds" in one]
    books = [one for one in each if "integrity" in one]
    judged = sum(len(one["faults"]) for one in books)
    wrong = sum(len(one["wrong"]) + one["twice_ordered"] for one in books)
    failed = sum(sum(one["failed"].values()) for one in books)
    broken = sum(one["integrity"] != "ok" for one in books)
    jobs = {"faults": judged, "jobs": sum(one["accepted"] for one in books)}
    return [
        row("fault_told_slowest", [max(told, default=0.0)], "s", gate=TOLD_SECONDS, goal=TOLD_SECONDS)
        | {"faults": len(told)},
        row("fault_back_slowest", [max(back, default=0.0)], "s", gate=BACK_SECONDS, goal=BACK_SECONDS)
        | {"faults": len(back), "each": list(each)},
        row("faults_judged", [judged], "faults", gate=count, goal=count, higher_is_better=True),
        row("faults_lost_or_doubled", [wrong], "files", gate=0, goal=0) | jobs,
        row("faults_jobs_failed", [failed], "jobs", gate=0, goal=0) | jobs,
        row("faults_databases_broken", [broken], "databases", gate=0, goal=0) | {"databases": len(books)},
    ]


def measure(*only: str) -> list[Row]:
    """All rows, of the faults with these names or of every one."""
    with tempfile.TemporaryDirectory(prefix="goldcrest-faults-") as folder:
        return asyncio.run(_measure(Path(folder), only))


def main() -> int:
    """Read the options, print the report; the exit code."""
    options = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    options.add_argument("only", nargs="*", help=f"some of: {', '.join(ALL)}")
    only = options.parse_args().only
    return report(lambda: measure(*only))


if __name__ == "__main__":
    sys.exit(main())
