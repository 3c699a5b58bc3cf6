"""Reminders: a failed order tried again later, a stream told of when it begins; kept until dealt with, each once."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from platforms.shapes import Link
from services.wishes import Again, Recipient, Reminder, Wish
from utils.errors import Busy, GoldcrestError, NotAllowed, NotFound
from utils.health import Health, of_task
from utils.ids import button_token, random_id

if TYPE_CHECKING:
    from sqlite3 import Row

    from utils.config import Reminders as Settings
    from utils.database import Database

log = structlog.get_logger()
HOUR_SECONDS: Final = 3600.0
#: dealt with at the same time; each may ask a site
SIDE_BY_SIDE: Final = 3
#: a stream is looked for this long after the time it was announced for
GRACE_SECONDS: Final = 30.0
#: ... without a time first after this long, then more and more seldom
FIRST_LOOK_SECONDS: Final = 300.0
LOOK_GROWTH: Final = 1.5
LONGEST_LOOK_SECONDS: Final = HOUR_SECONDS
#: announced times change: one that is far off is asked for again
FARTHEST_LOOK_SECONDS: Final = 7 * 86_400.0
#: a later try that meets a full queue comes back soon, for an hour
AGAIN_SECONDS: Final = 60.0
LATER_PATIENCE_SECONDS: Final = HOUR_SECONDS
#: no sleep is longer, because clocks are set and machines sleep
LONGEST_SLEEP_SECONDS: Final = 300.0
#: rest after the database failed
TROUBLE_SECONDS: Final = 5.0


class Reminders:
    """A part. `rng`: spreads the looks of many waiting people."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._rng = rng
        self._recipient: Recipient | None = None
        self._wake = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._firing: dict[str, asyncio.Task[None]] = {}
        self._waiting = 0

    async def start(self) -> None:
        """Count what the last process left; it is dealt with when somebody receives it."""
        await self._count()
        self._runner = asyncio.create_task(self._run(), name="reminders")

    async def stop(self) -> None:
        """End; what is under way is taken up by the next process."""
        tasks = [task for task in (self._runner, *self._firing.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def restart(self) -> None:
        """Look for what is due again; what is under way goes on."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait({self._runner})
        self._runner = asyncio.create_task(self._run(), name="reminders")

    def health(self) -> Health:
        """Whether somebody looks for what is due."""
        return of_task(self._runner, "reminders")

    def deliver_to(self, recipient: Recipient) -> None:
        """Register who deals with them; they wait until then."""
        self._recipient = recipient
        self._wake.set()

    async def add(self, wish: Wish) -> Reminder:
        """Keep a wish; the reminder that its message has already stays instead. Raises Busy at a bound."""
        now, watch = self._clock(), self._settings.watch_hours * HOUR_SECONDS
        if wish.kind == "live":
            due, until = now + self._pause(wish.seconds, 0), now + (wish.seconds or 0) + watch
        else:
            due = now + (wish.seconds or 0)
            until = due + LATER_PATIENCE_SECONDS
        target = _json(wish.target)
        async with self._database.transaction():
            row = await self._database.one("SELECT * FROM reminders WHERE target = ?", target)
            if row is not None:
                return _reminder(row)
            if await self._number("user_id = ?", wish.user_id) >= self._settings.user_bound:
                raise Busy("reminders of one person", bound=self._settings.user_bound, reminders=True)
            if await self._number("id <> ''") >= self._settings.bound:
                raise Busy("reminders of all", bound=self._settings.bound)
            row = await self._database.one(
                "INSERT INTO reminders (id, kind, user_id, target, link, quality, title, random_id, due_at, until,"
                " tries, firing, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?) RETURNING *",
                *(button_token(), wish.kind, wish.user_id, target, _json(wish.link), wish.quality, wish.title),
                *(random_id(), due, until, now),
            )
        await self._count()
        self._wake.set()
        assert row is not None
        return _reminder(row)

    async def cancel(self, identity: str, user_id: int | None = None) -> Reminder:
        """Forget one, `user_id` None: by the operator. Raises NotFound, and NotAllowed for somebody else's."""
        row = await self._database.one("SELECT * FROM reminders WHERE id = ?", identity)
        if row is None:
            raise NotFound(f"reminder {identity}")
        if user_id is not None and row["user_id"] != user_id:
            raise NotAllowed("somebody else's reminder")
        await self._forget(identity)
        if (task := self._firing.get(identity)) is not None:
            task.cancel()
        return _reminder(row)

    async def ordered(self, reminder: Reminder) -> bool:
        """Whether a job was accepted for it: asked after an interruption, so that none is ordered twice."""
        mark = f'%"reminder":"{reminder.id}"%'
        return await self._database.one("SELECT 1 FROM jobs WHERE target LIKE ?", mark) is not None

    def figures(self) -> dict[str, int]:
        """For /status."""
        return {"waiting": self._waiting}

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                pause = await self._fire_due() if self._recipient is not None else LONGEST_SLEEP_SECONDS
            except (GoldcrestError, OSError) as error:
                log.warning("reminders.trouble", error=repr(error))
                pause = TROUBLE_SECONDS
            await self._rest(pause)

    async def _fire_due(self) -> float:
        """Begin what is due as far as there is room; seconds until there is more to do."""
        rows = await self._database.all(
            "SELECT * FROM reminders ORDER BY due_at, id LIMIT ?", SIDE_BY_SIDE + len(self._firing)
        )
        for row in [row for row in rows if row["id"] not in self._firing]:
            pause = float(row["due_at"]) - self._clock()
            if pause > 0:
                return min(pause, LONGEST_SLEEP_SECONDS)
            if len(self._firing) >= SIDE_BY_SIDE:
                break
            reminder = _reminder(row)
            task = asyncio.create_task(self._fire(reminder), name=f"reminder {reminder.id}")
            self._firing[reminder.id] = task
            task.add_done_callback(partial(self._fired, reminder.id))
        return LONGEST_SLEEP_SECONDS

    def _fired(self, identity: str, _task: asyncio.Task[None]) -> None:
        self._firing.pop(identity, None)
        self._wake.set()

    async def _fire(self, reminder: Reminder) -> None:
        try:
            await self._deal(reminder)
        except Exception:  # the edge of a task that nobody awaits: the table can't be written, so it comes again
            log.exception("reminder could not be ended", kind=reminder.kind)
            await self._sleep(TROUBLE_SECONDS)

    async def _deal(self, reminder: Reminder) -> None:
        assert self._recipient is not None
        await self._database.run("UPDATE reminders SET firing = 1 WHERE id = ?", reminder.id)
        try:
            again = await self._recipient.remind(reminder)
        except Exception:  # the edge to a front: a fault of its own must not come again and again
            log.exception("reminder broke", kind=reminder.kind)
            again = None
        if again is not None:
            due = self._clock() + self._next(reminder, again)
            if due <= reminder.until:
                await self._database.run(
                    "UPDATE reminders SET firing = 0, tries = tries + 1, due_at = ? WHERE id = ?", due, reminder.id
                )
                return
            await self._recipient.give_up(reminder)
        await self._forget(reminder.id)

    def _next(self, reminder: Reminder, again: Again) -> float:
        if reminder.kind == "later":
            return max(again.seconds or 0.0, AGAIN_SECONDS)
        return self._pause(again.seconds, reminder.tries + 1)

    def _pause(self, known: float | None, tries: int) -> float:
        """Until the next look at a stream: shortly after its time, or ever more seldom where nobody knows one."""
        if known is not None:
            return min(known + GRACE_SECONDS, FARTHEST_LOOK_SECONDS)
        seconds = min(LONGEST_LOOK_SECONDS, FIRST_LOOK_SECONDS * math.pow(LOOK_GROWTH, min(tries, 20)))
        return float(seconds * (0.9 + 0.2 * self._rng()))

    async def _rest(self, seconds: float) -> None:
        waking = asyncio.ensure_future(self._wake.wait())
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({waking, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            sleeping.cancel()

    async def _forget(self, identity: str) -> None:
        await self._database.run("DELETE FROM reminders WHERE id = ?", identity)
        await self._count()

    async def _count(self) -> None:
        self._waiting = await self._number("id <> ''")

    async def _number(self, condition: str, *values: object) -> int:
        row = await self._database.one(f"SELECT COUNT(*) FROM reminders WHERE {condition}", *values)  # noqa: S608 - constant
        assert row is not None
        return int(row[0])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _reminder(row: Row) -> Reminder:
    return Reminder(
        id=row["id"],
        kind=row["kind"],
        user_id=row["user_id"],
        link=msgspec.json.decode(row["link"], type=Link),
        quality=row["quality"],
        title=row["title"],
        target=msgspec.json.decode(row["target"]),
        random_id=row["random_id"],
        due_at=row["due_at"],
        until=row["until"],
        tries=row["tries"],
        interrupted=bool(row["firing"]),
    )
