"""Tell when a stream begins, and forget what was to come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.due import cancelled_screen
from bot.failures import MINUTE_SECONDS, minutes_until_live
from bot.handlers.cancel import allowed
from bot.keyboards import Forget, WhenLive
from bot.messenger import Target
from bot.router import Router
from bot.status import explain, waiting_screen
from services.wishes import Wish
from utils.errors import Expired, NotAllowed, NotFound

if TYPE_CHECKING:
    from bot.board import Boards
    from bot.events import Pressed
    from bot.shown import Shown
    from bot.telegram import Telegram
    from services.app import App

router = Router("reminders")


@router.press(WhenLive)
async def when_live(
    press: Pressed, data: WhenLive, *, app: App, telegram: Telegram, boards: Boards, shown: Shown
) -> None:
    """Look for the stream from time to time and tell once, for the one who asked or the owner."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    seconds = float(minutes_until_live(data.minutes) * MINUTE_SECONDS) or None
    target = await shown.target(press, data.token)
    reminder = await app.reminders.add(
        Wish("live", press.user_id, offer.link, seconds, title=offer.media.title, target=target.packed())
    )
    await telegram.answer(press)
    screen = waiting_screen(app.texts, reminder.title, "live.waiting", seconds, Forget(reminder.id))
    await boards.finish(press.chat_id, press.message_id, screen)


@router.press(Forget)
async def forget(press: Pressed, data: Forget, app: App, telegram: Telegram, boards: Boards) -> None:
    """Stop waiting; what is over already only loses its button."""
    try:
        user_id = None if app.users.is_owner(press.user_id) else press.user_id
        reminder = await app.reminders.cancel(data.reminder_id, user_id)
    except NotFound:
        await telegram.answer(press, explain(app.texts, Expired()), alert=True)
        return
    except NotAllowed:
        await telegram.answer(press, app.texts("press.not_yours"), alert=True)
        return
    await telegram.answer(press, app.texts("press.cancelling"))
    target = Target(**reminder.target)  # not the pressed message, which the data doesn't belong to if it is forged
    await boards.finish(target.chat_id, target.status_id, cancelled_screen(app, reminder.title))
