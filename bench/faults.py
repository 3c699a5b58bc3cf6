"""`python -m bench.faults`: how soon /health tells of a fault, and how soon everything is well after its end.

One bot process lives through all of them, save those that are about its start. Well means that /health says so, that
whoever waited has his file, and that a new link is served.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.crash import ended, stage
from bench.crowd import Crowd, integrity, judge, settled
from bench.fault_kinds import DISK_KINDS, FLOOD_SECONDS, KINDS, QUICK, Kind, Scene, small_disk
from bench.rows import Row, impossible, row
from bench.server import is_ready
from bench.start import report
from main import open_app
from tests.redis_server import running_redis
from tests.sites.harness import SpawnedSites, spawned_sites
from tests.telegram_server.faults import flood_wait
from utils.config import load_settings
from utils.logs import setup_logs

if TYPE_CHECKING:
    from bench.crash_steps import Stage

TOLD_SECONDS: Final = 2.0
BACK_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.02
WAIT_SECONDS: Final = 90.0
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
async def _scene(made: Stage, redis: Any, clock: Path) -> AsyncIterator[Scene]:
    await asyncio.to_thread(clock.write_text, "0", "ascii")
    more = BRISK | {"PYTHONPATH": str(SHIM), "WRONG_CLOCK": str(clock)}
    if redis is not None:
        more["GOLDCREST_REDIS__URL"] = redis.url
    with made.server(**more) as server:
        await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
        yield Scene(made, server, redis, clock, Crowd(made.telegram, made.people, str))
        if await ended(server):
            raise RuntimeError(f"ended badly: {server.log[-2000:]}")


async def _running(folder: Path, sites: SpawnedSites, chosen: Callable[[str], bool]) -> list[Row]:
    """Faults of a running bot, all of the same process."""
    with running_redis(folder) as redis:
        async with stage(folder / "running", sites) as made:
            async with _scene(made, redis, folder / "clock") as scene:
                rows = [await endure(scene, name, kind) for name, kind in KINDS.items() if chosen(name)]
                await settled(made.data)
            return [*rows, *_judged(scene)]


async def _disk(folder: Path, sites: SpawnedSites, chosen: Callable[[str], bool]) -> list[Row]:
    rows: list[Row] = []
    for name, kind in DISK_KINDS.items():
        if not chosen(name):
            continue
        try:
            async with (
                small_disk(folder / name) as disk,
                stage(disk / "stage", sites) as made,
                _scene(made, None, folder / "clock") as scene,
            ):
                rows.append(await endure(scene, name, kind))
        except OSError as error:
            rows.append(impossible(name, str(error)))
    return rows


def _judged(scene: Scene) -> list[Row]:
    """By the books of Telegram: nothing lost, nothing doubled."""
    verdict = judge(scene.crowd, scene.stage.data)
    wrong = len(verdict.lost) + len(verdict.duplicates) + len(verdict.unheard)
    return [{"name": "judge", "wrong": wrong, "failed": verdict.failed, "integrity": integrity(scene.stage.data)}]


async def _starts(folder: Path, sites: SpawnedSites, chosen: Callable[[str], bool]) -> list[Row]:
    """What is wrong with the kept session when a bot starts; a login that Telegram makes wait."""
    rows = []
    damages = {
        "session_corrupt": "UPDATE telegram_sessions SET sealed = x'00'",
        "session_missing": "DELETE FROM telegram_sessions",
        "flood_wait_on_login": "DELETE FROM telegram_sessions",
    }
    async with stage(folder / "starts", sites) as made:
        for name, damage in damages.items():
            if not chosen(name):
                continue
            with closing(sqlite3.connect(made.data / "goldcrest.db")) as database, database:
                database.execute(damage)
            flood = name.startswith("flood")
            if flood:
                made.telegram.server.faults.add("auth.ImportBotAuthorization", flood_wait(FLOOD_SECONDS))
            began = time.perf_counter()
            async with _scene(made, None, folder / "clock") as scene:
                scene.ask_for(QUICK)
                await scene.served()
                rows.append(_told_and_back(name, None, time.perf_counter() - began - flood * FLOOD_SECONDS))
    return rows


async def _egress_dead(folder: Path, sites: SpawnedSites) -> Row:
    """Nobody can strike a task from outside, so this bot's parts are in this process."""
    setup_logs("warning")
    memory = {"MAX_MEMORY_MB": "4000"}  # the process of the bench counts as well
    async with open_app(load_settings({"DATA_DIR": str(folder / "egress"), **memory, **sites.env()})) as app:

        def health() -> Any:
            parts = app.state()["parts"]
            return {"parts": parts, "status": "ok" if all(part["ok"] for part in parts.values()) else "degraded"}

        await seen(health, well)
        assert app.up_egress is not None
        app.up_egress._accepting.cancel()  # noqa: SLF001 - the fault itself
        told = await seen(health, ill("egress"))
        back = await seen(health, well)
        began = time.perf_counter()
        (link,) = app.downloads.detect(sites.greeting["samples"]["origin_through_proxy"]["mux_144.mp4"]).links
        await app.downloads.probe(link)
        return _told_and_back("egress_proxy_dead", told, back + time.perf_counter() - began)


async def _measure(folder: Path, only: Sequence[str]) -> list[Row]:
    def chosen(name: str) -> bool:
        return not only or name in only

    with spawned_sites() as sites:
        each = await _running(folder, sites, chosen)
        each += await _disk(folder, sites, chosen)
        each += await _starts(folder, sites, chosen)
        if chosen("egress_proxy_dead"):
            each.append(await _egress_dead(folder, sites))
    told = [one["told_seconds"] for one in each if one.get("told_seconds") is not None]
    back = [one["back_seconds"] for one in each if "back_seconds" in one]
    (books,) = [one for one in each if one["name"] == "judge"]
    return [
        row("fault_told_slowest", [max(told, default=0.0)], "s", gate=TOLD_SECONDS, goal=TOLD_SECONDS),
        row("fault_back_slowest", [max(back, default=0.0)], "s", gate=BACK_SECONDS, goal=BACK_SECONDS) | {"each": each},
        row("faults_lost_or_doubled", [books["wrong"]], "files", gate=0, goal=0),
    ]


def measure(*only: str) -> list[Row]:
    """All rows, of the faults with these names or of every one."""
    with tempfile.TemporaryDirectory(prefix="goldcrest-faults-") as folder:
        return asyncio.run(_measure(Path(folder), only))


def main() -> int:
    """Read the options, print the report; the exit code."""
    options = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    options.add_argument("only", nargs="*", help=f"some of: {', '.join([*KINDS, *DISK_KINDS])} …")
    only = options.parse_args().only
    return report(lambda: measure(*only))


if __name__ == "__main__":
    sys.exit(main())
