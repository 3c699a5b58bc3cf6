"""/dead: what failed for good, for the owner alone; trying it again for whoever asked, or forgetting it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.keyboards import Button, DiscardLetter, ReplayLetter
from bot.rich import Piece, plain, shortened
from bot.router import Router
from bot.telegram import Place

if TYPE_CHECKING:
    from bot.events import Incoming, Pressed
    from bot.keyboards import Keyboard
    from bot.rich import Rich
    from bot.telegram import Telegram
    from core.dead_letters import DeadLetter
    from services.app import App

router = Router("dead")
#: letters of one list, each with its two buttons
SHOWN: Final = 8
TITLE_LIMIT: Final = 60


@router.command("dead")
async def dead(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:  # noqa: ARG001 - the shape of a command
    """List the newest; only in private, and only to the owner."""
    place = Place.of(message)
    if not message.private or not app.users.is_owner(message.user_id):
        await telegram.send_text(place, plain(app.texts("dead.owner_only")))
        return
    letters, total = await app.downloads.dead_letters(SHOWN)
    await telegram.send_text(place, listed(app, letters, total), keyboard(app, letters))


@router.press(ReplayLetter)
async def replay(press: Pressed, data: ReplayLetter, app: App, telegram: Telegram) -> None:
    """A fresh job for the same chat."""
    if await _owner(press, app, telegram):
        await app.downloads.replay(data.letter)
        await telegram.answer(press, app.texts("dead.replayed"))
        await _show_again(press, app, telegram)


@router.press(DiscardLetter)
async def discard(press: Pressed, data: DiscardLetter, app: App, telegram: Telegram) -> None:
    """Forget it."""
    if await _owner(press, app, telegram):
        await app.downloads.discard(data.letter)
        await telegram.answer(press, app.texts("dead.discarded"))
        await _show_again(press, app, telegram)


def listed(app: App, letters: list[DeadLetter], total: int) -> Rich:
    """A numbered line each: when, which site, what, and why."""
    if not letters:
        return plain(app.texts("dead.none"))
    lines = []
    for number, letter in enumerate(letters, 1):
        when = datetime.fromtimestamp(letter.died_at, UTC).strftime("%Y-%m-%d %H:%M")
        title = shortened(" ".join((letter.title or letter.link.url).split()), TITLE_LIMIT)
        values = {"number": number, "title": title, "site": letter.link.platform, "code": letter.error_code}
        lines.append(app.texts("dead.line", **values, when=when))
    return (Piece(f"{app.texts.many('dead.title', total)}\n", bold=True), Piece("\n".join(lines)))


def keyboard(app: App, letters: list[DeadLetter]) -> Keyboard:
    """Replay and discard per letter."""
    return tuple(
        (
            Button(app.texts("button.replay", number=number), ReplayLetter(letter.id)),
            Button(app.texts("button.discard", number=number), DiscardLetter(letter.id)),
        )
        for number, letter in enumerate(letters, 1)
    )


async def _show_again(press: Pressed, app: App, telegram: Telegram) -> None:
    letters, total = await app.downloads.dead_letters(SHOWN)
    screen = listed(app, letters, total), keyboard(app, letters)
    await telegram.edit_text(press.chat_id, press.message_id, *screen)


async def _owner(press: Pressed, app: App, telegram: Telegram) -> bool:
    if app.users.is_owner(press.user_id):
        return True
    await telegram.answer(press, app.texts("press.not_yours"), alert=True)
    return False
