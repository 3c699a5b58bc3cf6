"""/reports: what failed without a known cause, for the owner alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.rich import Piece, plain
from bot.router import Router
from bot.telegram import Place

if TYPE_CHECKING:
    from bot.events import Incoming
    from bot.rich import Rich
    from bot.telegram import Telegram
    from services.app import App

router = Router("reports")
#: reports of one list
SHOWN: Final = 15
CLEAR: Final = "clear"


@router.command("reports")
async def reports(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:
    """List them, show the one named, or clear them all; only in private, and only to the owner."""
    place = Place.of(message)
    if not message.private or not app.users.is_owner(message.user_id):
        await telegram.send_text(place, plain(app.texts("reports.owner_only")))
        return
    word = payload.strip().lower()
    if word == CLEAR:
        count = await app.reports.clear()
        await telegram.send_text(place, plain(app.texts.many("reports.cleared", count)))
    elif word:
        text = await app.reports.read(word.upper())
        await telegram.send_text(place, plain(text or app.texts("reports.unknown")))
    else:
        await telegram.send_text(place, listed(app))


def listed(app: App) -> Rich:
    """The newest ones, a line each, and what can be done with them."""
    notes = app.reports.newest()
    if not notes:
        return plain(app.texts("reports.none"))
    lines = []
    for note in notes[:SHOWN]:
        when = datetime.fromtimestamp(note.last_at, UTC).strftime("%Y-%m-%d %H:%M")
        values = {"report": note.id, "code": note.code, "site": note.platform or "-", "when": when, "count": note.seen}
        lines.append(app.texts("reports.line", **values))
    title = app.texts.many("reports.title", len(notes))
    return (Piece(f"{title}\n", bold=True), Piece("\n".join(lines)), Piece(f"\n\n{app.texts('reports.help')}"))
