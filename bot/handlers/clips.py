"""A clip is asked for: its menu in place of the whole's and back, and the choice of a quality of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clips import clip_title, menu_screen, most_bytes, read_span
from bot.handlers.cancel import allowed
from bot.handlers.choices import check
from bot.keyboards import ChooseClip, ShowClip
from bot.router import Router
from platforms.parts import clip_media, fitting_clip
from services.jobs import Order
from utils.errors import BadPart

if TYPE_CHECKING:
    from bot.events import Pressed
    from bot.orders import Orders
    from bot.shown import Shown
    from bot.telegram import Telegram
    from services.app import App

router = Router("clips")


@router.press(ShowClip)
async def show(press: Pressed, data: ShowClip, app: App, telegram: Telegram, shown: Shown) -> None:
    """Turn a menu into that of the clip, or back."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    media = offer.media
    clip = fitting_clip(read_span(data.span), media) if data.span else None
    await shown.target(press, data.token)
    await telegram.answer(press)
    screen = await menu_screen(app, media, offer.link, data.token, clip)
    await telegram.edit_text(press.chat_id, press.message_id, screen.rich, screen.keyboard)


@router.press(ChooseClip)
async def choose(
    press: Pressed, data: ChooseClip, *, app: App, telegram: Telegram, orders: Orders, shown: Shown
) -> None:
    """Order the clip in that quality, for the one who asked or the owner."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    clip = fitting_clip(read_span(data.span), offer.media)
    if clip is None:  # such a button is made of no clip
        raise BadPart
    limit = most_bytes(app.settings)
    check(clip_media(offer.media, clip, limit), data.quality, limit)
    target = await shown.target(press, data.token)
    await telegram.answer(press)
    title = clip_title(offer.media.title, clip)
    order = Order("telegram", offer.link, data.quality, press.user_id, title, target.packed(), part=clip.key)
    await orders.place(press, order)
