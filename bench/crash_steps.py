"""The named steps of a job at which the bot is killed: each is brought about for certain, not by luck."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.crowd import MIGRATIONS, Crowd, integrity, judge, settled, table
from bench.server import SERVE, Server, free_port, is_ready
from core.job_queue_shapes import packed
from platforms.shapes import Link
from tests.end_to_end.bot_process import descendants
from tests.telegram_server.faults import Cut, Effect, Fault, Mute
from utils.ffmpeg import find_ffmpeg

if TYPE_CHECKING:
    from tests.telegram_server.actors import Person
    from tests.telegram_server.harness import Telegram

WAIT_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.01
#: the bot with its warm extractor: no worker
AT_REST: Final = 2
OLD_JOBS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What the bot of one measurement lives among. `origin`: links by name; `samples`: those of the sites."""

    telegram: Telegram
    people: list[Person]
    environment: dict[str, str]
    data: Path
    folder: Path
    samples: dict[str, dict[str, str]]

    def link(self, path: str) -> str:
        """A path of the origin."""
        return self.samples["origin_through_proxy"]["mux_144.mp4"].partition("/m/")[0] + path

    def server(self, **more: str) -> Server:
        """The bot once more, on another port."""
        port = free_port()
        return Server(SERVE, {**self.environment, **more, "PORT": str(port)}, port, log=self.folder / "log")

    def shows(self, text: str) -> bool:
        """Whether alice sees a status with these words."""
        return any(text in message.text for message in self.telegram.alice.messages() if message.buttons)


@dataclass(slots=True)
class Moment:
    """One run towards a step; `undo` is called when the bot is dead."""

    stage: Stage
    server: Server
    undo: list[Callable[[], None]] = field(default_factory=list)

    def fault(self, method: str, effect: Effect, **how: Any) -> Fault:
        """A fault of Telegram that is gone with the bot."""
        self.undo.append(self.stage.telegram.server.faults.clear)
        return self.stage.telegram.server.faults.add(method, effect, times=None, **how)

    def at_work(self) -> bool:
        """Whether a worker process runs."""
        return len(descendants(self.server.process.pid)) > AT_REST


@dataclass(frozen=True, slots=True)
class Step:
    """`path`: what is sent; `until`: over when the bot stands at the step, having been given the moment before."""

    path: str
    until: Callable[[Moment], Awaitable[None]]
    environment: Callable[[Path], dict[str, str]] = lambda _folder: {}


async def when(condition: Callable[[], Any]) -> None:
    """Wait until something holds. Raises TimeoutError."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - it may look at a table, a process or a chat
            await asyncio.sleep(POLL_SECONDS)


async def _probing(moment: Moment) -> None:
    await when(lambda: moment.stage.shows("Looking") and moment.at_work())


async def _downloading(moment: Moment) -> None:
    await when(lambda: moment.stage.shows("Downloading") and moment.at_work())


async def _merging(moment: Moment) -> None:
    flag = moment.stage.folder / "slow"
    flag.touch()
    moment.undo.append(flag.unlink)
    await when(lambda: moment.stage.shows("together"))


async def _before_sending(moment: Moment) -> None:
    """The file is there, but nobody can write "sending" down: another process holds the database."""
    await when(lambda: moment.stage.shows("Downloading") and moment.at_work())
    holder = sqlite3.connect(moment.stage.data / "goldcrest.db", isolation_level=None)
    holder.execute("PRAGMA busy_timeout=5000")
    holder.execute("BEGIN IMMEDIATE")
    moment.undo.append(holder.close)
    await when(lambda: not moment.at_work())
    await asyncio.sleep(0.3)


def _at(method: str, effect: Effect, **how: Any) -> Callable[[Moment], Awaitable[None]]:
    async def until(moment: Moment) -> None:
        fault = moment.fault(method, effect, **how)
        await when(lambda: fault.hits)

    return until


async def _accepted(moment: Moment) -> None:
    known = len(table(moment.stage.data, "SELECT id FROM jobs"))
    await when(lambda: len(table(moment.stage.data, "SELECT id FROM jobs")) > known)


def _slow_merge(folder: Path) -> dict[str, str]:
    """A real ffmpeg that takes its time over two inputs while a flag lies there."""
    script = folder / "bin" / "ffmpeg"
    script.parent.mkdir(exist_ok=True)
    wait = f'[ -e "{folder / "slow"}" ] && sleep 60'
    script.write_text(f'#!/bin/sh\ncase "$*" in *-i*-i*) {wait} ;; esac\nexec "{find_ffmpeg()}" "$@"\n')
    script.chmod(0o755)
    tools = Path(shutil.which("sleep") or "/bin/sleep").parent
    return {"PATH": f"{script.parent}:{tools}"}


SLOW: Final = "/slow/mux_720.mp4?seconds=3&n={n}"
QUICK: Final = "/m/mux_720.mp4?n={n}"
STEPS: Final[dict[str, Step]] = {
    "probing": Step("/fault/late/clip.mp4?seconds=2&n={n}", _probing),
    "mid_callback": Step(QUICK, _at("messages.SetBotCallbackAnswer", Mute())),
    "callback_answered": Step(QUICK, _at("messages.SetBotCallbackAnswer", Cut(after=True))),
    "accepted": Step(QUICK, _accepted),
    "downloading": Step(SLOW, _downloading),
    "merging": Step("youtube:clip", _merging, _slow_merge),
    "before_sending_stored": Step(SLOW, _before_sending),
    "mid_upload": Step(QUICK, _at("upload.Save*", Mute(), when=lambda query: query.file_part == 1)),
    "sending_stored": Step(QUICK, _at("messages.SendMedia", Mute())),
    "sent_not_done": Step(QUICK, _at("messages.SendMedia", Mute(after=True))),
}


async def run_step(stage: Stage, step: Step, each: int) -> dict[str, Any]:
    """Kill it there so often; every time the next process must bring the file, once."""
    crowd = Crowd(stage.telegram, stage.people[:1], str)
    more = step.environment(stage.folder)
    for number in range(each):
        with stage.server(**more) as server:
            await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
            moment = Moment(stage, server)
            errand = asyncio.create_task(crowd.run(stage.people[0], _url(stage, step, number)))
            try:
                await step.until(moment)
            finally:
                server.process.kill()
                await asyncio.to_thread(server.process.wait)
                for undo in moment.undo:
                    undo()
        with stage.server(**more) as server:
            await errand
            await settled(stage.data)
            server.process.terminate()
            await asyncio.to_thread(server.process.wait, 30)
        _forget_copies(stage.data)
    verdict = judge(crowd, stage.data)
    return {"well": verdict.well and not verdict.failed, "kills": each, **asdict(verdict)}


async def run_migration(stage: Stage, each: int, rng: random.Random) -> dict[str, Any]:
    """Killed while an old database with many jobs is brought up to date: nothing is lost, and it goes on from there."""
    lost, said, levels = 0, [], []
    files = sorted(MIGRATIONS.glob("[0-9]*_*.sql"))
    for number in range(each):
        data = stage.folder / f"old-{number}"
        data.mkdir()
        _old_database(data, files[0])
        reach = rng.randrange(1, len(files))
        with stage.server(DATA_DIR=str(data)) as server:
            # what can be read grows by one migration after the other; the next is under way then
            await when(partial(_reached, data, reach))
            server.process.kill()
            await asyncio.to_thread(server.process.wait)
        levels.append(len(table(data, "SELECT number FROM migrations")))
        said.append(integrity(data))
        # a start sweeps ended jobs beyond its bound, which would look like a loss
        with stage.server(DATA_DIR=str(data), GOLDCREST_DOWNLOADS__HISTORY_BOUND=str(OLD_JOBS)) as server:
            await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
            server.process.terminate()
            await asyncio.to_thread(server.process.wait, 30)
        (row,) = table(data, "SELECT COUNT(*) AS jobs, (SELECT COUNT(*) FROM migrations) AS level FROM jobs")
        lost += OLD_JOBS - row["jobs"] + abs(row["level"] - len(files))
    return {"well": not lost and set(said) <= {"ok"}, "kills": each, "killed_at_level": levels, "integrity": said}


async def run_startup(stage: Stage, each: int, rng: random.Random) -> dict[str, Any]:
    """Killed again and again while it starts with an accepted job in its table."""
    crowd = Crowd(stage.telegram, stage.people[:1], str)
    with stage.server() as server:
        await asyncio.to_thread(server.until, is_ready, poll_seconds=0.05)
        errand = asyncio.create_task(crowd.run(stage.people[0], stage.link(QUICK.format(n=0))))
        await _accepted(Moment(stage, server))
        server.process.kill()
        await asyncio.to_thread(server.process.wait)
    began = time.perf_counter()
    with stage.server() as server:
        await when(lambda: "system.ready" in server.log.rpartition("part.started")[2] or is_ready(server))
        start_seconds = time.perf_counter() - began
        server.process.kill()
        await asyncio.to_thread(server.process.wait)
    for _ in range(each):
        with stage.server() as server:
            await asyncio.sleep(rng.uniform(0.05, start_seconds))
            server.process.kill()
            await asyncio.to_thread(server.process.wait)
    with stage.server() as server:
        await errand
        await settled(stage.data)
        server.process.terminate()
        await asyncio.to_thread(server.process.wait, 30)
    verdict = judge(crowd, stage.data)
    return {"well": verdict.well, "kills": each, **asdict(verdict)}


def _reached(data: Path, level: int) -> bool:
    return len(table(data, "SELECT number FROM migrations")) >= level


def _url(stage: Stage, step: Step, number: int) -> str:
    site, _, name = step.path.partition(":")
    return stage.samples[site][name] if name else stage.link(step.path.format(n=number))


def _forget_copies(data: Path) -> None:
    """The next round is to do the whole way again."""
    with closing(sqlite3.connect(data / "goldcrest.db")) as database, database:
        database.execute("DELETE FROM stored_files")


def _old_database(data: Path, first: Path) -> None:
    """The database of the first release, with many ended jobs."""
    with closing(sqlite3.connect(data / "goldcrest.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, title TEXT NOT NULL)")
        database.executescript(
            f"BEGIN;\n{first.read_text('utf-8')}\nINSERT INTO migrations VALUES (1, 'first');\nCOMMIT;"
        )
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO jobs VALUES (?, 'telegram', ?, ?, 'best', 'Old', 1, ?, 'done', 1, ?, NULL, ?, ?)",
            (_old_job(number) for number in range(OLD_JOBS)),
        )
        database.execute("COMMIT")


def _old_job(number: int) -> tuple[object, ...]:
    """What varies of such a job."""
    link = Link(f"https://site.test/{number}", f"generic:{number}", "generic", "video", str(number))
    return (
        *(f"job{number}", packed(link), link.canonical, packed({"chat_id": 1, "status_id": number})),
        *(number, time.time(), time.time()),
    )
