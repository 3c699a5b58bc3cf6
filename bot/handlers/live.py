"""A running stream: so many minutes of it are recorded, or fewer when somebody has seen enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.handlers.cancel import allowed
from bot.handlers.choices import check
from bot.keyboards import FinishRecording, Record
from bot.router import Router
from platforms.parts import Recording, check_minutes
from services.jobs import Order
from utils.errors import NotFound

if TYPE_CHECKING:
    from bot.events import Pressed
    from bot.orders import Orders
    from bot.shown import Shown
    from bot.telegram import Telegram
    from services.app import App

router = Router("live")


@router.press(Record)
async def record(press: Pressed, data: Record, *, app: App, telegram: Telegram, orders: Orders, shown: Shown) -> None:
    """Order a recording, for the one who asked or the owner."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    minutes = check_minutes(data.minutes, app.settings.downloads.live_minutes)
    check(offer.media, data.quality, app.settings.downloads.live_mb << 20)
    target = await shown.target(press, data.token)
    await telegram.answer(press)
    part, title = Recording(minutes).key, offer.media.title
    order = Order("telegram", offer.link, data.quality, press.user_id, title, target.packed(), part=part)
    await orders.place(press, order)


@router.press(FinishRecording)
async def finish(press: Pressed, data: FinishRecording, app: App, telegram: Telegram) -> None:
    """Stop a recording and send what there is."""
    try:
        job = await app.downloads.job(data.job_id)
    except NotFound:
        await telegram.answer(press, app.texts("press.not_recording"), alert=True)
        return
    if await allowed(press, job.user_id, app, telegram):
        stopping = await app.downloads.finish(job.id)
        said = "press.finishing" if stopping else "press.not_recording"
        await telegram.answer(press, app.texts(said), alert=not stopping)
