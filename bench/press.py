"""`python -m bench.press`: buttons: a stored file sent again, and a thousand people who press beside downloads."""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.calibrate import Calibration
from bench.crash import ended, stage
from bench.crowd import PATIENCE_SECONDS, Crowd, is_menu, links
from bench.rows import Row, row
from bench.server import is_ready
from bench.start import cpu_seconds, report
from tests.sites.harness import spawned_sites

if TYPE_CHECKING:
    from bench.crash_steps import Stage
    from bench.server import Server
    from tests.telegram_server.actors import Person
    from tests.telegram_server.messages import Message

PEOPLE: Final = 1000
SECONDS: Final = 10.0
DOWNLOADS: Final = 20
AGAIN: Final = 100
MENUS_AT_ONCE: Final = 20
MENU_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 60.0


async def _measure(folder: Path, people: int, seconds: float, again: int) -> list[Row]:
    with spawned_sites() as sites:
        calibration = Calibration()
        calibration.sample()
        async with stage(folder / "press", sites, people + DOWNLOADS) as made:
            made.telegram.world.queries.life_seconds = ANSWER_SECONDS  # an answer that comes late shows its time
            with made.server() as server:
                await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
                url = made.link("/m/mux_144.mp4?stored")
                await Crowd(made.telegram, made.people[:1], str).run(made.people[0], url)
                stored = [await _again(made, made.people[0], url) for _ in range(again)]
                calibration.sample()
                answered, more = await _pressed(made, server, url, seconds)
                calibration.sample()
                await ended(server)
    factor = calibration.wall
    return [
        row("stored_file_again_p50", [_share(stored, 0.5)], "ms", gate=100, goal=20, factor=factor),
        row("stored_file_again_p99", [_share(stored, 0.99)], "ms", gate=300, goal=60, factor=factor),
        row("presses_answered_p99", [_share(answered, 0.99)], "ms", gate=500, goal=150, factor=factor)
        | {"p50": round(_share(answered, 0.5), 1), "presses": len(answered), **more},
    ]


async def _menu(made: Stage, person: Person, url: str) -> Message:
    said = await person.say(made.telegram.bot, url)
    return await person.wait_for(lambda m: m.reply_to is said and is_menu(m), MENU_SECONDS, after=said)


async def _again(made: Stage, person: Person, url: str) -> float:
    """Milliseconds from the button to the message of a file that Telegram has."""
    menu = await _menu(made, person, url)
    began = time.perf_counter()
    pressing = asyncio.create_task(person.press(menu, "Best", seconds=ANSWER_SECONDS))
    await person.wait_for(lambda m: m.file is not None and url in links(m), MENU_SECONDS, after=menu)
    took = time.perf_counter() - began
    await pressing
    await made.telegram.world.until(lambda: menu.deleted_at is not None, MENU_SECONDS)
    return took * 1000


async def _pressed(made: Stage, server: Server, url: str, seconds: float) -> tuple[list[float], Row]:
    """Everybody presses once, spread evenly by chance, while others download."""
    busy, people = made.people[1 : 1 + DOWNLOADS], made.people[1 + DOWNLOADS :]
    slots = asyncio.Semaphore(MENUS_AT_ONCE)

    async def menu_of(person: Person) -> Message:
        async with slots:
            return await _menu(made, person, url)

    menus = await asyncio.gather(*(menu_of(person) for person in people))
    slow = Crowd(made.telegram, busy, lambda number: made.link(f"/slow/mux_720.mp4?seconds=10&n={number}"))
    loads = [asyncio.create_task(slow.run(person, slow.url(number))) for number, person in enumerate(busy)]
    await asyncio.sleep(PATIENCE_SECONDS)
    cpu, own, began = cpu_seconds(server.process.pid), time.process_time(), time.perf_counter()

    async def press(person: Person, menu: Message) -> float:
        await asyncio.sleep(random.uniform(0, seconds))
        at = time.perf_counter()
        await person.press(menu, "Best", seconds=ANSWER_SECONDS)
        return (time.perf_counter() - at) * 1000

    answered = await asyncio.gather(*(press(*pair) for pair in zip(people, menus, strict=True)))
    took = time.perf_counter() - began
    more: Row = {
        "seconds": round(took, 2),
        "bot_cpu_share": round((cpu_seconds(server.process.pid) - cpu) / took, 2),
        "test_server_cpu_share": round((time.process_time() - own) / took, 2),
        "files_by_then": sum(any(m.file for m in person.messages()) for person in people),
    }
    for load in loads:
        load.cancel()
    await asyncio.gather(*loads, return_exceptions=True)
    return answered, more


def _share(values: list[float], share: float) -> float:
    """The value that this share of all doesn't exceed."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


def measure(people: int = PEOPLE, seconds: float = SECONDS, again: int = AGAIN) -> list[Row]:
    """All rows: so many people press within so many seconds, one person asks so often for the same again."""
    with tempfile.TemporaryDirectory(prefix="goldcrest-press-") as folder:
        return asyncio.run(_measure(Path(folder), people, seconds, again))


def main() -> int:
    """Read the options, print the report; the exit code."""
    options = argparse.ArgumentParser(prog="python -m bench.press", description=__doc__)
    options.add_argument("--people", type=int, default=PEOPLE)
    options.add_argument("--seconds", type=float, default=SECONDS)
    options.add_argument("--again", type=int, default=AGAIN)
    given = options.parse_args()
    return report(lambda: measure(given.people, given.seconds, given.again))


if __name__ == "__main__":
    sys.exit(main())
