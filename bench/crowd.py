"""People who send links, press buttons and wait for files, whatever happens to the bot meanwhile; and the judge."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.job_queue import OPEN_STATES
from tests.telegram_server.faults import RpcError
from tests.telegram_server.world import NeverCame
from utils.database import Database

if TYPE_CHECKING:
    from tests.telegram_server.actors import Person
    from tests.telegram_server.harness import Telegram
    from tests.telegram_server.messages import Message

UNHEARD: Final = "nothing"
MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "core" / "migrations"
#: how long somebody looks at an unchanged menu before pressing again
PATIENCE_SECONDS: Final = 2.0
#: a link that leads to nothing in that time is given up, which the judge counts
ERRAND_SECONDS: Final = 120.0
#: settings for crowds: a crowd here is faster than people are
UNHURRIED: Final = {
    "GOLDCREST_LIMITS__REQUESTS_PER_MINUTE": "100000",
    "GOLDCREST_LIMITS__USER_BURST": "10000",
    "GOLDCREST_LIMITS__PLATFORM_BURST": "10000",
    "GOLDCREST_LIMITS__GLOBAL_PER_MINUTE": "100000",
}


@dataclass(slots=True)
class Errand:
    """One link of one person.

    `presses`: buttons pressed for it; `told`: the bot's last word where that was no file; `seen`: what stood in the
    chat where nothing came.
    """

    person: Person
    url: str
    began_at: float
    presses: int = 0
    told: str = ""
    seconds: float | None = None
    seen: str = ""


@dataclass(slots=True)
class Crowd:
    """`people` at work on links that `url(number)` makes; `errands` is all that was begun."""

    telegram: Telegram
    people: Sequence[Person]
    url: Callable[[int], str]
    button: str = "Best"
    errands: list[Errand] = field(default_factory=list)
    ended: int = 0
    stopped: bool = False

    def stop(self) -> None:
        """Begin nothing more; what was begun is waited for."""
        self.stopped = True

    async def work(self, count: int | None = None) -> None:
        """Each person one link after another, so many in all, or until `stop`."""

        async def one(person: Person) -> None:
            while not self.stopped and (count is None or len(self.errands) < count):
                await self.run(person, self.url(len(self.errands)))

        await asyncio.gather(*(one(person) for person in self.people))

    async def run(self, person: Person, url: str) -> Errand:
        """One link from the message to its file, or to what is said instead."""
        errand = Errand(person, url, time.perf_counter())
        self.errands.append(errand)
        said = await person.say(self.telegram.bot, url)
        try:
            async with asyncio.timeout(ERRAND_SECONDS):
                await self._follow(errand, said)
        except TimeoutError:
            errand.told = UNHEARD
            errand.seen = str([message for message in person.messages() if message.order >= said.order][:3])
        self.ended += 1
        return errand

    async def _follow(self, errand: Errand, said: Message) -> None:
        person, until = errand.person, self.telegram.world.until
        while True:
            answer = await until(lambda: _answer(person, said, errand.url), ERRAND_SECONDS)
            if answer.file is not None:
                errand.seconds = time.perf_counter() - errand.began_at
                return
            if not is_menu(answer):
                errand.told = answer.text
                return
            errand.presses += 1
            # the bot may be dead, or have changed the message just now
            with contextlib.suppress(RpcError, LookupError):
                await person.press(answer, self.button, seconds=PATIENCE_SECONDS)
            with contextlib.suppress(NeverCame):
                await until(partial(_changed, answer), PATIENCE_SECONDS)


def is_menu(message: Message) -> bool:
    """It offers qualities."""
    return any("Best" in button.text for row in message.buttons for button in row)


def _changed(menu: Message) -> bool:
    return not is_menu(menu) or menu.deleted_at is not None


def _answer(person: Person, said: Message, url: str) -> Message | None:
    """The file, a menu, or the end of it; None while there is only work to be seen."""
    for message in reversed(person.box.messages.values()):
        if message.order <= said.order:
            break
        if message.sender is person or not (message.reply_to is said or url in links(message)):
            continue
        working = any("Cancel" in button.text for row in message.buttons for button in row)
        if message.file is not None or is_menu(message) or not working:
            return message
    return None


def links(message: Message) -> set[str]:
    """Where the words of a message lead."""
    return {entity.url for entity in message.entities if getattr(entity, "url", None)}


async def admit(data: Path, people: Sequence[Person]) -> None:
    """Let these people use a bot that isn't running."""
    database = Database(data / "goldcrest.db", MIGRATIONS)
    await database.start()
    for person in people:
        await database.run("INSERT INTO users (id, role, added_at) VALUES (?, 'user', ?)", person.id, time.time())
    await database.stop()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of every accepted job, by the books of Telegram and the table.

    `lost`: neither a file in the chat nor an end that was told; `duplicates`: files that came more often than they were
    ordered; `twice_ordered`: one menu that led to two jobs; `given_up`: ended as poison; `unheard`: links without any
    answer, and what is seen instead; `integrity`: SQLite's own word.
    """

    links: int
    accepted: int
    delivered: int
    lost: list[str]
    duplicates: list[str]
    twice_ordered: int
    given_up: int
    failed: int
    unheard: list[str]
    repeats_refused: int
    integrity: str

    @property
    def well(self) -> bool:
        """Whether nothing was lost, doubled or broken."""
        return not (self.lost or self.duplicates or self.unheard or self.given_up) and self.integrity == "ok"


def judge(crowd: Crowd, data: Path) -> Verdict:
    """Compare the chats with the table. The bot has stopped, and nobody waits any more."""
    rows = table(data, "SELECT json_extract(link, '$.url') AS url, user_id, state, error_code, target FROM jobs")
    come: dict[tuple[int, str], int] = {}
    for person in crowd.people:
        for message in person.messages():
            for url in links(message) if message.file is not None and message.sender is not person else ():
                come[person.id, url] = come.get((person.id, url), 0) + 1
    ordered: dict[tuple[int, str], int] = {}
    for row in rows:
        ordered[row["user_id"], row["url"]] = ordered.get((row["user_id"], row["url"]), 0) + 1
    told = [row for row in rows if row["state"] in {"failed", "cancelled"}]
    unfinished = [str((row["user_id"], row["url"], row["state"])) for row in rows if row["state"] in OPEN_STATES]
    excused: dict[tuple[int, str], int] = {}
    for row in told:
        excused[row["user_id"], row["url"]] = excused.get((row["user_id"], row["url"]), 0) + 1
    menus = [row["target"] for row in rows]
    return Verdict(
        links=len(crowd.errands),
        accepted=len(rows),
        delivered=sum(come.values()),
        lost=[
            *unfinished,
            *(str(key) for key, count in ordered.items() if come.get(key, 0) + excused.get(key, 0) < count),
        ],
        duplicates=[str(key) for key, count in come.items() if count > ordered.get(key, 0)],
        twice_ordered=len(menus) - len(set(menus)),
        given_up=sum(row["error_code"] == "worker_crashed" for row in told),
        failed=len(told),
        unheard=[f"{errand.url}: {errand.seen}" for errand in crowd.errands if errand.told == UNHEARD],
        repeats_refused=len(crowd.telegram.world.ledger.repeats),
        integrity=integrity(data),
    )


async def settled(data: Path, seconds: float = ERRAND_SECONDS) -> None:
    """Wait until no accepted job is left to do; the judge tells what is left where it takes longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while any(row["state"] in OPEN_STATES for row in table(data, "SELECT DISTINCT state FROM jobs")):  # noqa: ASYNC110 - the table has no event
                await asyncio.sleep(0.1)


def table(data: Path, sql: str) -> list[Any]:
    """Rows of the bot's database."""
    with closing(sqlite3.connect(data / "goldcrest.db", timeout=20)) as database:
        database.row_factory = sqlite3.Row
        return list(database.execute(sql))


def integrity(data: Path) -> str:
    """What SQLite says of a copy of the database as it lies there: "ok", or what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        for file in data.glob("goldcrest.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, folder)
        with closing(sqlite3.connect(Path(folder) / "goldcrest.db")) as database:
            return "; ".join(row[0] for row in database.execute("PRAGMA integrity_check"))
