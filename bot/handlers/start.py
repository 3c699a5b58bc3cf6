"""/start and /help; the link in the log that makes an owner, and those by which the owner lets people in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.board import Screen
from bot.middlewares import CLAIM_PREFIX, JOIN_PREFIX
from bot.people import knock, show_owner_commands, tell_owner, told
from bot.rich import plain
from bot.router import Router
from bot.telegram import Place
from services.users import Person
from utils.errors import NotAllowed

if TYPE_CHECKING:
    from bot.events import Incoming
    from bot.telegram import Telegram
    from services.app import App

router = Router("start")


@router.command("start")
async def start(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:
    """Greet; with the payload of a link that leads in, hand the bot over or let the sender in first."""
    key = "start"
    if message.private and message.user_id is not None:
        if payload.startswith(CLAIM_PREFIX):
            key = await _claimed(payload.removeprefix(CLAIM_PREFIX), message.user_id, app)
        elif payload.startswith(JOIN_PREFIX) and not app.users.may_use(message.user_id):
            person = Person(message.user_id, message.name)
            key = await _joined(payload.removeprefix(JOIN_PREFIX), person, app, telegram)
    await telegram.send_text(Place.of(message), plain(app.texts(key)))
    if message.private and app.users.is_owner(message.user_id):
        await show_owner_commands(app, telegram)


@router.command("help")
async def help_(message: Incoming, app: App, telegram: Telegram) -> None:
    """Say what the bot does and what it takes."""
    await telegram.send_text(Place.of(message), plain(help_text(message, app)))


def help_text(message: Incoming, app: App) -> str:
    """What everybody may do; in private, the owner's commands behind it for the owner."""
    owner = message.private and app.users.is_owner(message.user_id)
    return "\n\n".join(app.texts(key) for key in (("help", "help.owner") if owner else ("help",)))


async def _claimed(token: str, user_id: int, app: App) -> str:
    """The key of what is said. Raises NotAllowed for a stranger with a wrong token."""
    if await app.users.claim(token, user_id):
        return "claim.done"
    if not app.users.may_use(user_id):
        raise NotAllowed("claim")
    return "start"


async def _joined(token: str, person: Person, app: App, telegram: Telegram) -> str:
    """The key of what is said; the owner hears who came, or who has tried to."""
    if not await app.users.join(token, person):
        await knock(app, telegram, person)
        return "people.used_link"
    text = app.texts("people.has_joined", person=told(person))
    await tell_owner(app, telegram, Screen(plain(text)))
    return "people.joined"
