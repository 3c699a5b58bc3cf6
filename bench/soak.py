"""`python -m bench.soak`: thousands of small jobs, and whether anything has grown or stayed behind."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.crash import ended, stage
from bench.crowd import Crowd, judge, settled
from bench.memory import MEBIBYTE
from bench.memory import settled as settled_bytes
from bench.rows import Row, row
from bench.server import is_ready
from bench.start import report
from tests.end_to_end.bot_process import descendants
from tests.sites.harness import spawned_sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.server import Server

JOBS: Final = 2000
#: the newest traces, pools and the extractor have their size after so many jobs; what grows until WARM is told besides
EARLY: Final = 300
#: both levels of the small cache are full as well
WARM: Final = 600
#: The extractor leaves memory when it has rested; a short rest makes both states alike. Every link is new, so the cache
#: and the index of its disk fill by design: small ones are full before growth is counted.
REST: Final = {"GOLDCREST_EXTRACTOR__IDLE_STOP_SECONDS": "5"}
SMALL_CACHE: Final = {"GOLDCREST_CACHE__MEMORY_MB": "1", "CACHE_SIZE_MB": "1"}
REST_SECONDS: Final = 90.0
#: /status asked so often at once gives the loop's pool all of its threads, which it else gets when calls happen to meet
ASKED_AT_ONCE: Final = 32


async def _measure(folder: Path, jobs: int, settings: Mapping[str, str]) -> list[Row]:
    with spawned_sites() as sites:
        async with stage(folder / "soak", sites) as made:
            crowd = Crowd(made.telegram, made.people, lambda number: made.link(f"/m/mux_144.mp4?n={number}"))
            with made.server(**REST, **settings) as server:
                await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
                await crowd.work(min(EARLY, jobs))
                await asyncio.to_thread(_fill_pool, server)
                early = (await _rested(server, made.data))["bytes"]
                await crowd.work(min(WARM, jobs))
                seen = [await _rested(server, made.data)]
                print(seen[-1], file=sys.stderr, flush=True)
                began = time.perf_counter()
                for part in range(2):
                    await crowd.work(len(crowd.errands) + jobs // 2)
                    seen.append(await _rested(server, made.data))
                    print(part, seen[-1], file=sys.stderr, flush=True)
                seconds = time.perf_counter() - began
                await ended(server)
            verdict = judge(crowd, made.data)
    growth = {name: [later[name] - seen[0][name] for later in seen[1:]] for name in seen[0]}
    rows = [
        row(f"growth_after_{jobs // 2}_jobs", [growth["bytes"][0] / MEBIBYTE], "MB", gate=20, goal=5),
        row(f"growth_after_{jobs}_jobs", [growth["bytes"][1] / MEBIBYTE], "MB", gate=20, goal=5)
        | {
            "early_mb": round(early / MEBIBYTE, 1),
            "start_mb": round(seen[0]["bytes"] / MEBIBYTE, 1),
            "seconds": round(seconds, 1),
        },
    ]
    rows += [row(f"{name}_left", [growth[name][1]], "", gate=0, goal=0) for name in growth if name != "bytes"]
    wrong = len(verdict.lost) + len(verdict.duplicates) + len(verdict.unheard) + verdict.failed
    return [*rows, row("jobs_wrong", [wrong], "", gate=0, goal=0) | {"delivered": verdict.delivered}]


def _fill_pool(server: Server) -> None:
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        list(pool.map(server.ask, ["/status"] * ASKED_AT_ONCE))


async def _rested(server: Server, data: Path) -> dict[str, int]:
    """What the process holds once it has nothing to do and its extractor has gone."""
    await settled(data)
    until = time.monotonic() + REST_SECONDS
    while len(descendants(server.process.pid)) > 1 and time.monotonic() < until:  # noqa: ASYNC110 - /proc has no event
        await asyncio.sleep(0.2)
    return await asyncio.to_thread(_held, server, data)


def _held(server: Server, data: Path) -> dict[str, int]:
    process = Path(f"/proc/{server.process.pid}")
    return {
        "bytes": settled_bytes(server),
        "descriptors": len(list((process / "fd").iterdir())),
        "threads": len(list((process / "task").iterdir())),
        "tasks": server.ask("/status")[1]["system"]["tasks"],
        "children": len(descendants(server.process.pid)) - 1,
        "folders": len(list(data.glob("work/*"))),
    }


def main() -> int:
    """Read the options, print the report; the exit code."""
    options = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    options.add_argument("--jobs", type=int, default=JOBS)
    options.add_argument("--whole-cache", action="store_true", help="with the default sizes, so that it fills up")
    given = options.parse_args()
    settings = {} if given.whole_cache else SMALL_CACHE

    def measure() -> list[Row]:
        with tempfile.TemporaryDirectory(prefix="goldcrest-soak-") as folder:
            return asyncio.run(_measure(Path(folder), given.jobs, settings))

    return report(measure)


if __name__ == "__main__":
    sys.exit(main())
