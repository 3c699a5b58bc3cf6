"""/start and /help; the link in the log that makes an owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.middlewares import CLAIM_PREFIX
from bot.rich import plain
from bot.router import Router
from bot.telegram import Place
from utils.errors import NotAllowed

if TYPE_CHECKING:
    from bot.events import Incoming
    from bot.telegram import Telegram
    from services.app import App

router = Router("start")


@router.command("start")
async def start(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:
    """Greet; with the payload of the claim link, hand the bot over first."""
    key = "start"
    if payload.startswith(CLAIM_PREFIX) and message.private and message.user_id is not None:
        if await app.users.claim(payload.removeprefix(CLAIM_PREFIX), message.user_id):
            key = "claim.done"
        elif not app.users.may_use(message.user_id):
            raise NotAllowed("claim")
    await telegram.send_text(Place.of(message), plain(app.texts(key)))


@router.command("help")
async def help_(message: Incoming, app: App, telegram: Telegram) -> None:
    """Say what the bot does and what it takes."""
    await telegram.send_text(Place.of(message), plain(app.texts("help")))
