"""What every event passes before its handler: presses are heard, errors become sentences, strangers stay outside."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from bot.events import Event, Incoming, Pressed
from bot.people import knock
from bot.rich import plain
from bot.router import Forward, Rest, read_command
from bot.status import explain
from bot.telegram import Place
from services.users import Person
from utils.errors import GoldcrestError, InternalError, NotAllowed, TelegramRefused

if TYPE_CHECKING:
    from bot.seen import SeenUpdates
    from bot.tasks import Tasks
    from bot.telegram import Telegram
    from services.app import App
    from utils.texts import Texts

log = structlog.get_logger()
#: nobody minds waiting so long for the answer to a press
PROMPT_SECONDS: Final = 0.05
#: a stranger hears once in that time that the bot is private
STRANGER_SECONDS: Final = 24 * 3600.0
#: strangers remembered for that
STRANGER_BOUND: Final = 1000
#: what the link in the log sends, and one of the owner's invitations, see bot/handlers/start.py
CLAIM_PREFIX: Final = "claim_"
JOIN_PREFIX: Final = "join_"


class Promptness:
    """A press that isn't answered soon is answered without words: its button stops turning, whatever is to be done.

    What there is to say then comes as a message.
    """

    def __init__(self, telegram: Telegram, tails: Tasks) -> None:
        self._telegram = telegram
        self._tails = tails

    async def __call__(self, event: Event, forward: Forward) -> Rest:
        """Forward, and look after a press meanwhile."""
        if not isinstance(event, Pressed):
            return await forward(event)
        dealt_with = asyncio.Event()
        self._tails.spawn(lambda: self._answer_soon(event, dealt_with))
        try:
            return await forward(event)
        finally:
            dealt_with.set()

    async def _answer_soon(self, press: Pressed, dealt_with: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PROMPT_SECONDS):
                await dealt_with.wait()
                return
        try:
            await self._telegram.answer(press)
        except TelegramRefused as error:
            log.info("answer.refused", error=error.detail)


class Errors:
    """The one place where a failure of a handler is told to a person."""

    def __init__(self, app: App, telegram: Telegram, texts: Texts) -> None:
        self._app = app
        self._telegram = telegram
        self._texts = texts

    async def __call__(self, event: Event, forward: Forward) -> Rest:
        """Forward, and explain what went wrong: on the button that was pressed, or beneath the message."""
        try:
            return await forward(event)
        except TelegramRefused as error:
            # telling it would meet the same refusal
            log.info("answer.refused", error=error.detail)
        except GoldcrestError as error:
            await self._tell(event, error)
        except Exception as error:  # the edge: nobody is to see a traceback
            log.exception("handler broke", event_kind=type(event).__name__)
            failure = InternalError(repr(error))
            if self._app.up_reports is not None:
                await self._app.up_reports.keep(failure)
            await self._tell(event, failure)
        return ()

    async def _tell(self, event: Event, error: GoldcrestError) -> None:
        text = explain(self._texts, error)
        try:
            if isinstance(event, Pressed):
                await self._telegram.answer(event, text, alert=True)
            else:
                await self._telegram.send_text(Place.of(event), plain(text))
        except TelegramRefused as refused:
            log.info("answer.refused", error=refused.detail)


class Deduplication:
    """Deals with each update once within 48 hours.

    A press counts from its beginning, because dealing with it twice is worse than not at all; a message counts when it
    was dealt with, because after a stop in between it comes again. `tails`: the pool that waits for that.
    """

    def __init__(self, seen: SeenUpdates, tails: Tasks) -> None:
        self._seen = seen
        self._tails = tails

    async def __call__(self, event: Event, forward: Forward) -> Rest:
        """Forward what is new."""
        if isinstance(event, Pressed):
            new = await self._seen.mark(event.key)
            return await forward(event) if new else self._repeated(event)
        if not await self._seen.begin(event.key):
            return self._repeated(event)
        rest: Rest = ()
        try:
            rest = await forward(event)
            if rest:
                self._tails.spawn(lambda: self._finish(event.key, rest))
            else:
                await self._seen.mark(event.key)
        finally:
            if not rest:
                self._seen.end(event.key)
        return rest

    def _repeated(self, event: Event) -> Rest:
        log.debug("update.repeated", key=event.key)
        return ()

    async def _finish(self, key: str, rest: Rest) -> None:
        try:
            await asyncio.wait(rest)
            if not any(task.cancelled() for task in rest):
                await self._seen.mark(key)
        finally:
            self._seen.end(key)


class Access:
    """Lets in whom the bot serves and whoever brings a link to come in; others hear so once a day, in private only.

    The owner hears of each of them, with a button that lets them in.
    """

    def __init__(self, app: App, telegram: Telegram, texts: Texts, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._telegram = telegram
        self._texts = texts
        self._clock = clock
        self._told: OrderedDict[int, float] = OrderedDict()

    async def __call__(self, event: Event, forward: Forward) -> Rest:
        """Forward, or refuse politely."""
        if isinstance(event, Incoming) and event.user_id is not None:
            await self._app.users.seen(Person(event.user_id, event.name))
        if self._app.users.may_use(event.user_id) or _comes_in(event):
            return await forward(event)
        if isinstance(event, Pressed):
            raise NotAllowed
        if event.private and event.user_id is not None and self._may_tell(event.user_id):
            await knock(self._app, self._telegram, Person(event.user_id, event.name))
            await self._telegram.send_text(Place(event.chat_id), plain(self._texts("stranger")))
        return ()

    def _may_tell(self, user_id: int) -> bool:
        now = self._clock()
        told = self._told.get(user_id)
        if told is not None and told > now - STRANGER_SECONDS:
            return False
        self._told[user_id] = now
        self._told.move_to_end(user_id)
        while len(self._told) > STRANGER_BOUND:
            self._told.popitem(last=False)
        return True


def _comes_in(event: Event) -> bool:
    if not isinstance(event, Incoming) or not event.private:
        return False
    command, payload = read_command(event.text, "")
    return command == "start" and payload.startswith((CLAIM_PREFIX, JOIN_PREFIX))
