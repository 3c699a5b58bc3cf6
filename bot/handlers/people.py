"""/invite, /people, /allow and /deny: the owner lets people in and puts them out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bot.middlewares import JOIN_PREFIX
from bot.people import Ignore, LetIn, PeoplePage, PutOut, people_screen, stranger_screen, told, welcome
from bot.rich import plain
from bot.router import Router
from bot.telegram import Place

if TYPE_CHECKING:
    from bot.events import Incoming, Pressed
    from bot.telegram import Telegram
    from services.app import App
    from services.users import Person

router = Router("people")
#: digits of the longest id that Telegram may give
ID_DIGITS: Final = 16


@router.command("invite")
async def invite(message: Incoming, app: App, telegram: Telegram, bot_name: Callable[[], str]) -> None:
    """A link that lets in whoever opens it first; only in private."""
    text = app.texts("people.owner_only")
    if message.private and app.users.is_owner(message.user_id):
        link = f"https://t.me/{bot_name()}?start={JOIN_PREFIX}{await app.users.invite()}"
        text = app.texts("people.invite", link=link)
    await telegram.send_text(Place.of(message), plain(text))


@router.command("people")
async def people(message: Incoming, app: App, telegram: Telegram) -> None:
    """List who is let in; only in private."""
    if not message.private or not app.users.is_owner(message.user_id):
        await telegram.send_text(Place.of(message), plain(app.texts("people.owner_only")))
        return
    screen = people_screen(app, 0)
    await telegram.send_text(Place.of(message), screen.rich, screen.keyboard)


@router.command("allow")
async def allow(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:
    """Let in the one whose id is given, or whose message this replies to; in groups too."""
    person, text = await _named(message, payload, app, telegram, "allow")
    if person is not None:
        text = await _let_in(person, app, telegram)
    await telegram.send_text(Place.of(message), plain(text))


@router.command("deny")
async def deny(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:
    """Put somebody out, named in the same ways."""
    person, text = await _named(message, payload, app, telegram, "deny")
    if person is not None:
        text = await _put_out(person, app)
    await telegram.send_text(Place.of(message), plain(text))


@router.press(LetIn)
async def let_in(press: Pressed, data: LetIn, app: App, telegram: Telegram) -> None:
    """The owner says yes to a stranger."""
    if await _owner(press, app, telegram):
        await telegram.answer(press)
        text = await _let_in(app.users.person(data.user_id), app, telegram)
        await telegram.edit_text(press.chat_id, press.message_id, plain(text))


@router.press(Ignore)
async def ignore(press: Pressed, data: Ignore, app: App, telegram: Telegram) -> None:
    """The owner says no; nobody is told."""
    if await _owner(press, app, telegram):
        await telegram.answer(press)
        text = app.texts("people.ignored", user_id=data.user_id)
        await telegram.edit_text(press.chat_id, press.message_id, plain(text))


@router.press(PutOut)
async def put_out(press: Pressed, data: PutOut, app: App, telegram: Telegram) -> None:
    """Put somebody of the list out, and show who is left."""
    if await _owner(press, app, telegram):
        await telegram.answer(press, await _put_out(app.users.person(data.user_id), app), alert=True)
        await _show(press, data.first, app, telegram)


@router.press(PeoplePage)
async def turn(press: Pressed, data: PeoplePage, app: App, telegram: Telegram) -> None:
    """Another page of the list."""
    if await _owner(press, app, telegram):
        await telegram.answer(press)
        await _show(press, data.first, app, telegram)


async def passed_on(message: Incoming, app: App, telegram: Telegram) -> bool:
    """Offer the owner to let in whose message they pass on; False where there is nothing to offer."""
    author = message.author
    if author is None or not message.private or not app.users.is_owner(message.user_id):
        return False
    if app.users.may_use(author.id):
        text = app.texts("people.already", person=told(author))
        await telegram.send_text(Place.of(message), plain(text))
    elif not author.id:
        await telegram.send_text(Place.of(message), plain(app.texts("people.hidden")))
    else:
        await app.users.heard_of(author)  # the owner knows of them now, and the button finds the name
        screen = stranger_screen(app.texts, "people.outside", author)
        await telegram.send_text(Place.of(message), screen.rich, screen.keyboard)
    return True


async def _named(
    message: Incoming, payload: str, app: App, telegram: Telegram, command: str
) -> tuple[Person | None, str]:
    """Whom a command is about; where that can't be told, what to say instead."""
    if not app.users.is_owner(message.user_id):
        return None, app.texts("people.owner_only")
    if payload.isascii() and payload.isdecimal() and len(payload) <= ID_DIGITS and int(payload):
        return app.users.person(int(payload)), ""
    if payload or message.reply_to is None:
        return None, app.texts("people.who", command=command)
    person = await telegram.writer(message.chat_id, message.reply_to)
    if person is None:
        return None, app.texts("people.who", command=command)
    return (person, "") if person.id else (None, app.texts("people.hidden"))


async def _let_in(person: Person, app: App, telegram: Telegram) -> str:
    if not await app.users.allow(person):
        return app.texts("people.already", person=told(person))
    await welcome(app, telegram, person.id)
    return app.texts("people.let_in", person=told(app.users.person(person.id)))


async def _put_out(person: Person, app: App) -> str:
    if app.users.is_owner(person.id):
        return app.texts("people.owner")
    if app.users.by_setting(person.id):
        return app.texts("people.setting")
    gone = await app.users.deny(person.id)
    return app.texts("people.put_out" if gone else "people.not_in", person=told(person))


async def _show(press: Pressed, first: int, app: App, telegram: Telegram) -> None:
    screen = people_screen(app, first)
    await telegram.edit_text(press.chat_id, press.message_id, screen.rich, screen.keyboard)


async def _owner(press: Pressed, app: App, telegram: Telegram) -> bool:
    if app.users.is_owner(press.user_id):
        return True
    await telegram.answer(press, app.texts("press.not_yours"), alert=True)
    return False
