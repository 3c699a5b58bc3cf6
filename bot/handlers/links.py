"""A message with links: each is looked at by itself and becomes a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rich import plain
from bot.router import Router
from bot.status import explain
from bot.telegram import Place
from utils.errors import Busy, NoLink, error_by_code

if TYPE_CHECKING:
    from bot.events import Incoming
    from bot.looks import Looks
    from bot.router import Rest
    from bot.telegram import Telegram
    from services.app import App

router = Router("links")


@router.text()
async def look(message: Incoming, app: App, looks: Looks, telegram: Telegram) -> Rest:
    """Begin to look at every link. In private a text without one is answered, and so is each link that is refused."""
    if message.user_id is None:
        return ()
    found = app.downloads.detect(message.text)
    if message.private and not found.links and not found.refused:
        raise NoLink
    place, tasks = Place.of(message), []
    if message.private:
        for code in dict.fromkeys(refused.code for refused in found.refused):
            await telegram.send_text(place, plain(explain(app.texts, error_by_code(code)())))
    for link in found.links:
        try:
            tasks.append(looks.begin(message, link, message.user_id))
        except Busy as error:  # told here, because what has begun goes on
            await telegram.send_text(place, plain(explain(app.texts, error)))
            break
    return tasks
