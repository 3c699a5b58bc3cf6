"""The buttons under a failure: later by itself, look again, cookies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.board import Screen
from bot.events import Incoming
from bot.failures import MINUTE_SECONDS, pressed_minutes
from bot.handlers.cancel import allowed
from bot.keyboards import Forget, Later, LookAgain, NeedCookies
from bot.rich import plain
from bot.router import Router
from bot.status import waiting_screen
from bot.telegram import Place
from platforms.registry import Registry
from services.wishes import Wish
from utils.errors import Expired

if TYPE_CHECKING:
    from bot.board import Boards
    from bot.events import Pressed
    from bot.looks import Looks
    from bot.shown import Shown
    from bot.telegram import Telegram
    from services.app import App

router = Router("failures")


@router.press(Later)
async def later(press: Pressed, data: Later, *, app: App, telegram: Telegram, boards: Boards, shown: Shown) -> None:
    """Keep a later try, for the one who asked or the owner; the message says so and can be stopped."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    seconds = float(pressed_minutes(data.minutes) * MINUTE_SECONDS)
    target = await shown.target(press, data.token)
    wish = Wish("later", press.user_id, offer.link, seconds, data.quality, offer.media.title, target=target.packed())
    reminder = await app.reminders.add(wish)
    await telegram.answer(press)
    screen = waiting_screen(app.texts, reminder.title, "later.waiting", seconds, Forget(reminder.id))
    await boards.finish(press.chat_id, press.message_id, screen)


@router.press(LookAgain)
async def look_again(
    press: Pressed, data: LookAgain, *, app: App, telegram: Telegram, boards: Boards, looks: Looks, shown: Shown
) -> None:
    """Look at the link of a failed look now; the message becomes the menu."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    target = await shown.target(press, data.token)
    await telegram.answer(press)
    boards.show(press.chat_id, press.message_id, Screen(plain(app.texts("status.probing"))))
    asked = Incoming(press.chat_id, target.reply_to or 0, press.user_id, offer.link.text, press.private)
    looks.redo(asked, offer.link, press.user_id, press.message_id, offer.media.title)


@router.press(NeedCookies)
async def need_cookies(press: Pressed, data: NeedCookies, app: App, telegram: Telegram) -> None:
    """Lead the owner to /cookies; tell others who can. A site that isn't one stands on no button of ours."""
    if data.platform not in Registry().names():
        raise Expired("site")
    if not app.users.is_owner(press.user_id):
        await telegram.answer(press, app.texts("cookies.ask_owner", site=data.platform), alert=True)
        return
    await telegram.answer(press)
    place = Place(press.chat_id, press.message_id)
    await telegram.send_text(place, plain(app.texts("cookies.how", site=data.platform)))
