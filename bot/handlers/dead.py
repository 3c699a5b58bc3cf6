"""/dead: what failed for good, for the owner alone; trying it again for whoever asked, or forgetting it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.keyboards import Button, DiscardLetter, ReplayLetter, ReplayReason
from bot.rich import Piece, plain, shortened
from bot.router import Router
from bot.telegram import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

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
#: reasons with a button for all that failed for them
REASONS_SHOWN: Final = 4


@router.command("dead")
async def dead(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:  # noqa: ARG001 - the shape of a command
    """List the newest; only in private, and only to the owner."""
    place = Place.of(message)
    if not message.private or not app.users.is_owner(message.user_id):
        await telegram.send_text(place, plain(app.texts("dead.owner_only")))
        return
    await telegram.send_text(place, *await _screen(app))


@router.press(ReplayLetter)
async def replay(press: Pressed, data: ReplayLetter, app: App, telegram: Telegram) -> None:
    """A fresh job for the same chat."""
    if await _owner(press, app, telegram):
        await app.downloads.replay(data.letter)
        await telegram.answer(press, app.texts("dead.replayed"))
        await _show_again(press, app, telegram)


@router.press(ReplayReason)
async def replay_all(press: Pressed, data: ReplayReason, app: App, telegram: Telegram) -> None:
    """Fresh jobs for all that failed for one reason, the oldest first, so many at once."""
    if await _owner(press, app, telegram):
        jobs, left = await app.downloads.replay_all(data.code)
        text = app.texts.many("dead.replayed_all", len(jobs))
        if left:
            text = f"{text} {app.texts.many('dead.left', left)}"
        await telegram.answer(press, text)
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


def keyboard(app: App, letters: list[DeadLetter], reasons: Mapping[str, int]) -> Keyboard:
    """Replay and discard per letter, then replay per reason that several have."""
    each = tuple(
        (
            Button(app.texts("button.replay", number=number), ReplayLetter(letter.id)),
            Button(app.texts("button.discard", number=number), DiscardLetter(letter.id)),
        )
        for number, letter in enumerate(letters, 1)
    )
    shared = [
        (Button(app.texts.many("button.replay_all", number, code=code), ReplayReason(code)),)
        for code, number in reasons.items()
        if number > 1
    ]
    return (*each, *shared[:REASONS_SHOWN])


async def _screen(app: App) -> tuple[Rich, Keyboard]:
    letters, total = await app.downloads.dead_letters(SHOWN)
    return listed(app, letters, total), keyboard(app, letters, await app.downloads.reasons())


async def _show_again(press: Pressed, app: App, telegram: Telegram) -> None:
    await telegram.edit_text(press.chat_id, press.message_id, *await _screen(app))


async def _owner(press: Pressed, app: App, telegram: Telegram) -> bool:
    if app.users.is_owner(press.user_id):
        return True
    await telegram.answer(press, app.texts("press.not_yours"), alert=True)
    return False
