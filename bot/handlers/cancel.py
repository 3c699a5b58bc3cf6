"""Cancel: stops a look or a job in whatever phase it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.keyboards import StopJob, StopLooking
from bot.router import Router
from bot.status import explain
from utils.errors import Expired, NotFound

if TYPE_CHECKING:
    from bot.events import Pressed
    from bot.looks import Looks
    from bot.telegram import Telegram
    from services.app import App

router = Router("cancel")


@router.press(StopLooking)
async def stop_looking(press: Pressed, data: StopLooking, app: App, telegram: Telegram, looks: Looks) -> None:
    """Stop a probe; one of an earlier process is over, so its button goes."""
    try:
        owner = looks.owner(data.look)
    except Expired:
        await _over(press, app, telegram)
        return
    if await allowed(press, owner, app, telegram):
        await telegram.answer(press, app.texts("press.cancelling"))
        looks.stop(data.look)


@router.press(StopJob)
async def stop_job(press: Pressed, data: StopJob, app: App, telegram: Telegram) -> None:
    """Stop a job; the button of one that has ended goes."""
    try:
        job = await app.downloads.job(data.job_id)
    except NotFound:
        await _over(press, app, telegram)
        return
    if await allowed(press, job.user_id, app, telegram):
        await telegram.answer(press, app.texts("press.cancelling"))
        if not await app.downloads.cancel(job.id):
            await telegram.drop_buttons(press)


async def allowed(press: Pressed, owner: int | None, app: App, telegram: Telegram) -> bool:
    """Whether it is theirs, or they own the bot; others are told so on the button."""
    if press.user_id == owner or app.users.is_owner(press.user_id):
        return True
    await telegram.answer(press, app.texts("press.not_yours"), alert=True)
    return False


async def _over(press: Pressed, app: App, telegram: Telegram) -> None:
    """What stood there belongs to nothing any more."""
    await telegram.answer(press, explain(app.texts, Expired()), alert=True)
    await telegram.drop_buttons(press)
