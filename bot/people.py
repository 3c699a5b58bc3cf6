"""Who is let in, as the owner sees it: strangers that ask, the list with its buttons, the owner's own commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import structlog

from bot.board import Screen
from bot.keyboards import Button, Packed
from bot.rich import Piece, plain, shortened
from bot.telegram import Place
from utils.errors import TelegramRefused

if TYPE_CHECKING:
    from bot.keyboards import Keyboard
    from bot.telegram import Telegram
    from services.app import App
    from services.users import Person
    from utils.texts import Texts

log = structlog.get_logger()
#: people on one page of the list, each with a button
PAGE: Final = 8
#: of a name on a button
BUTTON_LIMIT: Final = 30
#: what stands in the menu of commands: for everybody, and for the owner besides
COMMANDS: Final = ("start", "help")
OWNER_COMMANDS: Final = ("invite", "people", "allow", "deny", "sites", "cookies", "dead", "reports")


@dataclass(frozen=True, slots=True)
class LetIn(Packed):
    """Let a stranger in."""

    verb: ClassVar[str] = "pi"
    user_id: int


@dataclass(frozen=True, slots=True)
class Ignore(Packed):
    """Leave a stranger outside."""

    verb: ClassVar[str] = "pn"
    user_id: int


@dataclass(frozen=True, slots=True)
class PutOut(Packed):
    """Let somebody in no longer; `first`: where the page of the list begins."""

    verb: ClassVar[str] = "po"
    user_id: int
    first: int


@dataclass(frozen=True, slots=True)
class PeoplePage(Packed):
    """Show another page of the list."""

    verb: ClassVar[str] = "pp"
    first: int


def told(person: Person) -> str:
    """A person as the owner reads it; the id is what a name can't fake."""
    return f"{person.name} ({person.id})" if person.name else str(person.id)


def people_screen(app: App, first: int) -> Screen:
    """A page of who is let in, with the place `first` as far as there is one; whom a setting lets in has no button."""
    texts, people = app.texts, app.users.people()
    if not people:
        return Screen(plain(f"{texts('people.none')}\n\n{texts('people.help')}"))
    first = max(0, min(first, len(people) - 1)) // PAGE * PAGE
    page = people[first : first + PAGE]
    lines = [
        texts("people.by_setting", person=told(person)) if app.users.by_setting(person.id) else told(person)
        for person in page
    ]
    title = Piece(f"{texts.many('people.title', len(people))}\n", bold=True)
    rows = [
        [Button(texts("button.put_out", name=_short(person)), PutOut(person.id, first))]
        for person in page
        if not app.users.by_setting(person.id)
    ]
    rich = (title, Piece("\n".join(lines)), Piece(f"\n\n{texts('people.help')}"))
    return Screen(rich, [*rows, *_turn(people, first)])


def stranger_screen(texts: Texts, key: str, person: Person) -> Screen:
    """Somebody who isn't let in, with the two things that can be done."""
    buttons = Button(texts("button.let_in"), LetIn(person.id)), Button(texts("button.ignore"), Ignore(person.id))
    return Screen(plain(texts(key, person=told(person))), [buttons])


async def knock(app: App, telegram: Telegram, person: Person) -> None:
    """Tell the owner of a stranger's first word, once and within bounds."""
    if not await app.users.unheard_of(person.id):
        return
    if await tell_owner(app, telegram, stranger_screen(app.texts, "people.knocks", person)):
        await app.users.heard_of(person)


async def tell_owner(app: App, telegram: Telegram, screen: Screen) -> bool:
    """Write to the owner; False where there is none, or one who has never talked to the bot."""
    return app.users.owner_id is not None and await _told(telegram, app.users.owner_id, screen)


async def welcome(app: App, telegram: Telegram, user_id: int) -> None:
    """Tell somebody that they were let in; a bot can write only to those who have written to it."""
    await _told(telegram, user_id, Screen(plain(app.texts("people.welcome"))))


async def show_owner_commands(app: App, telegram: Telegram) -> None:
    """Put the owner's commands into the menu of their chat."""
    if app.users.owner_id is None:
        return
    commands = {name: app.texts(f"command.{name}") for name in (*COMMANDS, *OWNER_COMMANDS)}
    try:
        await telegram.set_commands(commands, app.users.owner_id)
    except TelegramRefused as error:  # also of an owner who has never talked to the bot; /start comes here again
        log.info("telegram.commands_refused", error=error.detail)


async def _told(telegram: Telegram, user_id: int, screen: Screen) -> bool:
    try:
        await telegram.send_text(Place(user_id), screen.rich, screen.keyboard)
    except TelegramRefused as error:
        log.info("answer.refused", error=error.detail)
        return False
    return True


def _turn(people: Sequence[Person], first: int) -> Keyboard:
    """The buttons to the pages beside this one."""
    row = [Button("\u25c0", PeoplePage(first - PAGE))] if first else []
    row += [Button("\u25b6", PeoplePage(first + PAGE))] if first + PAGE < len(people) else []
    return [row] if row else []


def _short(person: Person) -> str:
    return shortened(person.name or str(person.id), BUTTON_LIMIT)
