"""`python -m bench.crash`: kill -9 under load at random points and at each named step, SIGTERM under load.

The judge is the Telegram server: every accepted job must come to its chat exactly once. `--kills 20 --each 1 --stops 5`
is the short form.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.crash_steps import STEPS, Stage, run_migration, run_startup, run_step
from bench.crowd import UNHURRIED, Crowd, admit, integrity, judge, settled
from bench.server import Server, is_ready
from bench.start import server_environment
from tests.end_to_end.bot_process import descendants
from tests.sites.harness import spawned_sites
from tests.telegram_server.harness import running_server

KILLS: Final = 100
EACH: Final = 5
STOPS: Final = 20
PEOPLE: Final = 6
#: the host's own limit is 5 s
STOP_SECONDS: Final = 4.5
#: one of so many kills strikes before the bot is ready
EARLY: Final = 5
ALIVE_SECONDS: Final = 4.0
GONE_SECONDS: Final = 5.0


async def measure(folder: Path, kills: int, each: int, stops: int, seed: int) -> dict[str, Any]:
    """The whole report."""
    rng = random.Random(seed)
    report: dict[str, Any] = {"seed": seed}
    with spawned_sites() as sites:
        if kills or stops:
            async with stage(folder / "load", sites) as under_load:
                report["random_kills"], report["stops"] = await _under_load(under_load, rng, kills, stops)
        steps = {}
        for name, run in _steps(each, rng).items():
            async with stage(folder / name, sites) as one:
                steps[name] = await run(one)
                print(name, steps[name]["well"], file=sys.stderr, flush=True)
        report["steps"] = steps
    parts = [report.get("random_kills"), report.get("stops"), *steps.values()]
    return {"ok": all(part["well"] for part in parts if part), **report}


def _steps(each: int, rng: random.Random) -> dict[str, Callable[[Stage], Awaitable[dict[str, Any]]]]:
    """What is run at each named step, each on a stage of its own."""
    if not each:
        return {}
    return {
        **{name: partial(run_step, step=step, each=each) for name, step in STEPS.items()},
        "migration": partial(run_migration, each=each, rng=rng),
        "startup": partial(run_startup, each=each, rng=rng),
    }


@asynccontextmanager
async def stage(folder: Path, sites: Any, count: int = PEOPLE) -> AsyncIterator[Stage]:
    """A Telegram server, people, and the environment of a bot that knows them."""
    await asyncio.to_thread(folder.mkdir)
    async with running_server() as telegram:
        people = [telegram.alice, *(telegram.world.person(f"Person {number}") for number in range(1, count))]
        data = folder / "data"
        await asyncio.to_thread(data.mkdir)
        await admit(data, people)
        owner = {"OWNER_ID": str(telegram.alice.id), "GOLDCREST_TELEGRAM__EDIT_INTERVAL_SECONDS": "0.3"}
        environment = server_environment(data, telegram.env(), sites.env(), owner, UNHURRIED)
        made = Stage(telegram, people, environment, data, folder, sites.greeting["samples"])
        with made.server() as server:  # signs in; what is sent to a bot before its first login is nobody's business
            await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
            await ended(server)
        yield made


async def _under_load(
    stage: Stage, rng: random.Random, kills: int, stops: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    crowd = Crowd(stage.telegram, stage.people, lambda number: stage.link(f"/m/mux_144.mp4?n={number}"))
    loop = asyncio.create_task(crowd.work())
    broken, orphans, killed_at = [], 0, []
    for number in range(kills):
        early = number % EARLY == EARLY - 1
        with stage.server() as server:
            if not early:
                await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
            await asyncio.sleep(rng.uniform(0, 1.0 if early else ALIVE_SECONDS))
            family = descendants(server.process.pid)
            server.process.kill()
            killed_at.append(round(time.perf_counter() - server.began_at, 2))
            await asyncio.to_thread(server.process.wait)
        orphans += len(await still_there(family))
        if (said := integrity(stage.data)) != "ok":
            broken.append(said)
        print(f"kill {number + 1}: {crowd.ended} of {len(crowd.errands)} links ended", file=sys.stderr, flush=True)
    taken: list[dict[str, Any]] = []
    for number in range(stops):
        taken.append(await _stopped(stage, rng))
        print(f"stop {number + 1}: {taken[-1]}", file=sys.stderr, flush=True)
    crowd.stop()
    with stage.server() as server:
        await loop
        await settled(stage.data)
        code = await ended(server)
    verdict = judge(crowd, stage.data)
    logins = len(stage.telegram.server.calls_of("auth.ImportBotAuthorization"))
    killed = {
        "well": verdict.well and not broken and not orphans and logins == 1 and code == 0,
        "kills": kills,
        "broken_databases": broken,
        "orphans": orphans,
        "logins": logins,
        **asdict(verdict),
        "killed_at_seconds": killed_at,
    }
    return killed, {"well": all(stop["well"] for stop in taken), "stops": stops, "each": taken}


async def _stopped(stage: Stage, rng: random.Random) -> dict[str, Any]:
    """One SIGTERM in the middle of the work."""
    with stage.server() as server:
        await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
        await asyncio.sleep(rng.uniform(0.5, ALIVE_SECONDS))
        family = descendants(server.process.pid)
        began = time.perf_counter()
        code = await ended(server)
        seconds = time.perf_counter() - began
    orphans, folders = len(await still_there(family, 0)), len(list(stage.data.glob("work/*")))
    well = code == 0 and seconds <= STOP_SECONDS and not orphans and not folders
    return {"well": well, "seconds": round(seconds, 3), "code": code, "orphans": orphans, "folders": folders}


async def ended(server: Server) -> int:
    """Ask it to stop; its exit code."""
    server.process.send_signal(signal.SIGTERM)
    return await asyncio.to_thread(server.process.wait, 30)


async def still_there(pids: list[int], seconds: float = GONE_SECONDS) -> list[int]:
    """Those of the processes that live on after that time."""
    until = time.monotonic() + seconds
    while (left := [pid for pid in pids if _lives(pid)]) and time.monotonic() < until:  # noqa: ASYNC110 - /proc has no event
        await asyncio.sleep(0.02)
    return left


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main() -> int:
    """Read the options, print the report; the exit code."""
    options = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    options.add_argument("--kills", type=int, default=KILLS, help="kills at random points under load")
    options.add_argument("--each", type=int, default=EACH, help="kills at each named step")
    options.add_argument("--stops", type=int, default=STOPS, help="SIGTERM under load")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30), help="repeats the random points")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="goldcrest-crash-") as folder:
        report = asyncio.run(measure(Path(folder), given.kills, given.each, given.stops, given.seed))
    print(json.dumps(report, indent=2))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
