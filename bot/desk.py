"""Everything behind the Telegram client put together: what comes in, who handles it, what goes out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.batch_boards import BatchBoards
from bot.batch_lists import Lists
from bot.batch_menus import BatchMenus
from bot.board import Boards
from bot.cookie_buttons import Pending
from bot.due import Due
from bot.edits import Edits
from bot.failures import Failures
from bot.handlers import (
    batches,
    cancel,
    choices,
    clips,
    cookies,
    dead,
    failures,
    links,
    lists,
    live,
    people,
    reminders,
    reports,
    sites,
    start,
)
from bot.looks import Looks
from bot.messenger import Messenger
from bot.middlewares import Access, Deduplication, Errors, Promptness
from bot.orders import Orders
from bot.pace import Pace
from bot.people import show_owner_commands
from bot.router import Dispatcher
from bot.seen import SeenUpdates
from bot.sender import Sender
from bot.shown import Shown
from bot.tasks import Tasks
from bot.telegram import Telegram
from bot.upload import Uploader

if TYPE_CHECKING:
    from bot.events import Event
    from bot.router import Rest
    from services.app import App
    from utils.database import Database

#: events handled at the same time, and taken in at all; a handler takes milliseconds
HANDLERS_RUNNING: Final = 64
HANDLERS_BOUND: Final = 5000
#: links being looked at, and how many of them ask their site at the same time, each with a worker process
LOOKS_BOUND: Final = 500
PROBES: Final = 4
#: a probe is tried again by the platform manager, so it may take so many of its own deadlines
DEADLINES: Final = 3


class Desk:
    """The handlers with their helpers, and the messenger that the jobs answer through."""

    def __init__(
        self,
        app: App,
        database: Database,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        settings, texts = app.settings, app.texts
        self._app = app
        self.telegram = telegram = Telegram(clock, sleep)
        self.bot_name = ""
        boards = Boards(telegram, settings.telegram.edit_interval_seconds, clock, sleep)
        sender = Sender(
            telegram, Uploader(telegram, settings.telegram.upload_streams), settings.telegram.storage_chat_id
        )
        shown = Shown(database)
        failing = Failures(app, shown)
        self.messenger = Messenger(sender, boards, texts, failing, source=settings.telegram.caption_link)
        self._boards = boards
        self._seen = SeenUpdates(database)
        self._handlers = Tasks("handler", running=HANDLERS_RUNNING, bound=HANDLERS_BOUND)
        self._looking = Tasks("look", running=LOOKS_BOUND, bound=LOOKS_BOUND)
        self._tails = Tasks("tail", running=HANDLERS_BOUND, bound=HANDLERS_BOUND)
        asking = asyncio.Semaphore(PROBES)
        deadline_seconds = settings.extractor.probe_deadline_seconds * DEADLINES
        self._menus = menus = BatchMenus(database)
        pages = Lists(app, telegram, boards, menus, self._looking, slots=asking, deadline_seconds=deadline_seconds)
        looks = Looks(
            *(app, telegram, boards, self._looking, pages, failing, shown),
            slots=asking,
            deadline_seconds=deadline_seconds,
        )
        self.due = Due(app, telegram, boards, looks, failing, shown)
        self.batch_boards = BatchBoards(app, telegram, boards, menus)
        parts: dict[str, Any] = {
            "app": app,
            "telegram": telegram,
            "pending": Pending(),
            "looks": looks,
            "boards": boards,
            "orders": Orders(app),
            "menus": menus,
            "lists": pages,
            "shown": shown,
            "edits": Edits(database, self._seen),
            "batches": self.batch_boards,
            "bot_name": lambda: self.bot_name,
        }
        self._dispatcher = Dispatcher(
            (
                *(start.router, choices.router, clips.router, live.router, cancel.router),
                *(lists.router, batches.router, failures.router, reminders.router, reports.router),
                *(sites.router, people.router),
                *(cookies.router, dead.router, links.router),
            ),
            (
                errors := Errors(app, telegram, texts),  # of the books on what was seen
                Promptness(telegram, self._tails),
                Deduplication(self._seen, self._tails),
                errors,  # of the handlers; what they raised is dealt with
                Access(app, telegram, texts, clock),
                Pace(app, clock),
            ),
            parts,
            lambda: self.bot_name,
        )
        self._open: set[object] = set()
        self.pause()

    async def start(self) -> None:
        """Forget old updates and menus."""
        await self._seen.sweep()
        await self._menus.sweep()

    def take(self, event: Event) -> None:
        """Handle an event soon. Raises Busy where too many wait already."""
        mark = object()
        self._handlers.spawn(lambda: self._deal(event, mark))
        self._open.add(mark)

    def pause(self) -> None:
        """Take events in but handle none: nobody is signed in."""
        self._handlers.pause()

    def resume(self) -> None:
        """Handle what has come; the owner's menu is written beside it."""
        self._handlers.resume()
        self._tails.spawn(lambda: show_owner_commands(self._app, self.telegram))

    def open_events(self) -> frozenset[object]:
        """A mark for every event that was taken in and isn't dealt with; one that `stop` cut off stays so."""
        return frozenset(self._open)

    async def stop(self) -> None:
        """End all handling; status messages stay as they are."""
        await self._handlers.stop()
        await self._looking.stop()
        await self._tails.stop()
        await self._boards.stop()

    async def _deal(self, event: Event, mark: object) -> None:
        structlog.contextvars.bind_contextvars(update=event.key)
        try:
            rest = await self._dispatcher.dispatch(event)
        except Exception:
            self._open.discard(mark)  # it holds up no others
            raise
        if rest:
            self._tails.spawn(lambda: self._settle(rest, mark))
        else:
            self._open.discard(mark)

    async def _settle(self, rest: Rest, mark: object) -> None:
        await asyncio.wait(rest)
        if not any(task.cancelled() for task in rest):
            self._open.discard(mark)
