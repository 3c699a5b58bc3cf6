"""What comes back by itself: a later try is made, a stream that began is told of with its menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.board import Screen
from bot.events import Incoming
from bot.messenger import Target
from bot.rich import Piece, plain
from bot.status import failed_screen, titled
from services.jobs import Order
from services.wishes import Again, Reminder
from utils.errors import (
    Busy,
    GoldcrestError,
    LiveNow,
    NotLiveYet,
    ShuttingDown,
    SiteError,
    Starting,
    TelegramAway,
    TelegramRefused,
)

if TYPE_CHECKING:
    from bot.board import Boards
    from bot.failures import Failures
    from bot.looks import Looks
    from bot.shown import Shown
    from bot.telegram import Telegram
    from services.app import App

log = structlog.get_logger()
#: nothing is wrong with what was asked for; there is only no room for it now
NO_ROOM = (Busy, Starting, ShuttingDown)


class Due:
    """Telegram's `services.reminders.Recipient`."""

    def __init__(  # noqa: PLR0917 - a part with many neighbours
        self, app: App, telegram: Telegram, boards: Boards, looks: Looks, failures: Failures, shown: Shown
    ) -> None:
        self._app = app
        self._telegram = telegram
        self._boards = boards
        self._looks = looks
        self._failures = failures
        self._shown = shown

    async def remind(self, reminder: Reminder) -> Again | None:
        """Deal with it; Again where it is too early. Who is let in no longer waits in vain."""
        if not self._app.users.may_use(reminder.user_id):
            await self._finish(Target(**reminder.target), cancelled_screen(self._app, reminder.title))
            return None
        try:
            if reminder.kind == "live":
                return await self._look_for(reminder)
            return await (self._order(reminder) if reminder.quality else self._look(reminder))
        except TelegramAway as error:
            return Again(error.retry_after_seconds)
        except TelegramRefused as error:  # blocked, or the chat is gone: nobody waits any more
            log.info("reminder.refused", error=error.detail)
            return None

    async def give_up(self, reminder: Reminder) -> None:
        """Say that it did not begin, or that there was no room for it."""
        target = Target(**reminder.target)
        key = "live.gave_up" if reminder.kind == "live" else "later.gave_up"
        await self._finish(target, Screen(titled(reminder.title, self._app.texts(key))))

    async def _order(self, reminder: Reminder) -> Again | None:
        """Order the same once more; its status message is the one that waited."""
        if reminder.interrupted and await self._app.reminders.ordered(reminder):
            return None
        target = {**reminder.target, "reminder": reminder.id}
        order = Order("telegram", reminder.link, reminder.quality, reminder.user_id, reminder.title, target)
        try:
            await self._app.downloads.submit(order)
        except NO_ROOM:
            return Again()
        except GoldcrestError as error:
            await self._finish(Target(**reminder.target), failed_screen(self._app.texts, reminder.title, error))
        return None

    async def _look(self, reminder: Reminder) -> Again | None:
        """Look once more; the message that waited becomes the menu, or says again why not."""
        target = Target(**reminder.target)
        asked = _asked(reminder, target)
        try:
            screen = await self._looks.again(asked, reminder.link, reminder.user_id, target.status_id)
        except NO_ROOM:
            return Again()
        except GoldcrestError as error:
            screen = await self._failures.of_look(reminder.link, asked, target.status_id, error, reminder.title)
        await self._finish(target, screen)
        return None

    async def _look_for(self, reminder: Reminder) -> Again | None:
        """Tell once, in a message of its own because an edit rings nobody; the one that waited goes."""
        target, texts = Target(**reminder.target), self._app.texts
        try:
            menu = await self._looks.again(_asked(reminder, target), reminder.link, reminder.user_id, None)
        except NotLiveYet as error:
            return Again(error.retry_after_seconds)
        except (*NO_ROOM, SiteError) as error:  # it says nothing about the stream
            return Again(error.retry_after_seconds)
        except LiveNow as error:  # nothing can be made of it, and it has begun all the same
            menu = failed_screen(texts, reminder.title, error)
        except GoldcrestError as error:
            await self._finish(target, failed_screen(texts, reminder.title, error))
            return None
        begun = (Piece(f"{texts('live.begun')}\n", bold=True), *menu.rich)
        message_id = await self._telegram.send_text(target.place, begun, menu.keyboard, once=reminder.random_id)
        if message_id:
            await self._shown.sent(target.chat_id, message_id, target.reply_to or 0)
        await self._finish(target, None)
        return None

    async def _finish(self, target: Target, screen: Screen | None) -> None:
        await self._boards.finish(target.chat_id, target.status_id, screen)


def _asked(reminder: Reminder, target: Target) -> Incoming:
    """The message with the link, as far as it matters."""
    private = target.chat_id > 0
    return Incoming(
        target.chat_id, target.reply_to or 0, reminder.user_id, reminder.link.text, private, target.topic_id
    )


def cancelled_screen(app: App, title: str) -> Screen:
    """What a reminder leaves that somebody forgot."""
    text = app.texts("later.cancelled")
    return Screen(titled(title, text) if title else plain(text))
