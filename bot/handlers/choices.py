"""A quality is chosen: the press is answered, then the job is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clips import most_bytes
from bot.keyboards import Choose
from bot.router import Router
from services.jobs import Order
from utils.errors import TooLarge, UnknownQuality
from utils.texts import size_text

if TYPE_CHECKING:
    from bot.events import Pressed
    from bot.orders import Orders
    from bot.shown import Shown
    from bot.telegram import Telegram
    from platforms.shapes import Media
    from services.app import App

router = Router("choices")


@router.press(Choose)
async def choose(press: Pressed, data: Choose, *, app: App, telegram: Telegram, orders: Orders, shown: Shown) -> None:
    """Order what was pressed, for the one who asked or the owner."""
    offer = await app.downloads.offered(data.token)
    if press.user_id != offer.user_id and not app.users.is_owner(press.user_id):
        await telegram.answer(press, app.texts("press.not_yours"), alert=True)
        return
    check(offer.media, data.quality, most_bytes(app.settings))
    target = await shown.target(press, data.token)
    await telegram.answer(press)
    size_bytes = offer.size_bytes(data.quality)
    names = offer.media.title, target.packed()
    order = Order("telegram", offer.link, data.quality, press.user_id, *names, size_bytes=size_bytes)
    await orders.place(press, order)


def check(media: Media, quality: str, limit_bytes: int) -> None:
    """Refuse what isn't on offer or can't be sent, with advice that helps. Raises UnknownQuality or TooLarge."""
    chosen = next((each for each in media.qualities if each.key == quality), None)
    if chosen is None:
        raise UnknownQuality(quality)
    if not chosen.fits:
        nothing = not any(each.fits for each in media.qualities)
        clip = nothing and bool(media.duration_seconds)
        size = size_text(chosen.size_bytes) if chosen.size_bytes else None
        raise TooLarge("chosen", size=size, limit=size_text(limit_bytes), clip=clip, nothing=nothing and not clip)
