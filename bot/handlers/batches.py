"""Batches: ordered in one quality, shown one by one instead, cancelled, in part or as a whole, tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.batch_keyboards import BatchEach, BatchRetry, BatchSkip, BatchStop, BatchTake
from bot.events import Incoming
from bot.handlers.cancel import allowed
from bot.messenger import Target
from bot.router import Router
from services.ranges import ALL
from utils.errors import Expired, NotFound

if TYPE_CHECKING:
    from bot.batch_boards import BatchBoards
    from bot.batch_menus import BatchMenus
    from bot.events import Pressed
    from bot.looks import Looks
    from bot.telegram import Telegram
    from services.app import App

router = Router("batches")


@router.press(BatchTake)
async def take(
    press: Pressed, data: BatchTake, *, app: App, telegram: Telegram, menus: BatchMenus, batches: BatchBoards
) -> None:
    """Order all of it in that quality."""
    menu = await menus.pressed(press, data.token)
    if await allowed(press, menu.user_id, app, telegram):
        await batches.order(press, menu, data.ranges or menu.ranges or ALL, data.quality)


@router.press(BatchEach)
async def each(
    press: Pressed, data: BatchEach, *, app: App, telegram: Telegram, menus: BatchMenus, looks: Looks
) -> None:
    """Give every link a menu of its own in place of this one. Raises Busy; what has begun goes on."""
    menu = await menus.pressed(press, data.token)
    if not await allowed(press, menu.user_id, app, telegram) or not await menus.remove(menu.token):
        await telegram.answer(press)
        return
    beneath, begun = menu.reply_to or press.message_id, 0
    try:
        for link in menu.links:
            where = Incoming(
                press.chat_id, beneath, press.user_id, link.url, private=press.private, topic_id=menu.topic_id
            )
            looks.begin(where, link, press.user_id, several=len(menu.links) > 1)
            begun += 1
        await telegram.answer(press)
    finally:
        if begun:
            await telegram.delete(press.chat_id, press.message_id)
        else:
            await menus.add(menu)


@router.press(BatchStop)
async def stop(press: Pressed, data: BatchStop, *, app: App, telegram: Telegram) -> None:
    """End what is left of a batch; its message tells what became of the rest."""
    try:
        batch = await app.batches.batch(data.batch_id)
    except NotFound:
        raise Expired("batch") from None
    if await allowed(press, batch.user_id, app, telegram):
        await telegram.answer(press, app.texts("press.cancelling"))
        await app.batches.cancel(batch.id)


@router.press(BatchSkip)
async def skip(press: Pressed, data: BatchSkip, *, app: App, telegram: Telegram) -> None:
    """End one job of a batch; the others go on."""
    try:
        job = await app.downloads.job(data.job_id)
    except NotFound:
        raise Expired("job of a batch") from None
    if await allowed(press, job.user_id, app, telegram):
        await telegram.answer(press, app.texts("press.cancelling"))
        await app.downloads.cancel(job.id)


@router.press(BatchRetry)
async def retry(
    press: Pressed, data: BatchRetry, *, app: App, telegram: Telegram, menus: BatchMenus, batches: BatchBoards
) -> None:
    """Order again what failed."""
    try:
        batch = await app.batches.batch(data.batch_id)
    except NotFound:
        raise Expired("batch") from None
    if await allowed(press, batch.user_id, app, telegram):
        await batches.retry(press, await menus.pressed(press, Target(**batch.target).offer), batch)
