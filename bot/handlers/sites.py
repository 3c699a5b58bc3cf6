"""/sites: how the sites are doing, for the owner alone; pausing one by hand and letting it in again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.keyboards import Button, ResumeSite
from bot.rich import Piece, plain
from bot.router import Router
from bot.telegram import Place
from utils.errors import NotFound

if TYPE_CHECKING:
    from bot.events import Incoming, Pressed
    from bot.keyboards import Keyboard
    from bot.rich import Rich
    from bot.telegram import Telegram
    from services.app import App
    from utils.texts import Texts

router = Router("sites")
#: sites and identities of one list, those in trouble first
SHOWN: Final = 40
BUTTONS: Final = 8
MINUTE: Final = 60
#: a day, as of utils/breaker_policy.py; longer is "until I say so"
LONGEST_MINUTES: Final = 1440


@router.command("sites")
async def sites(message: Incoming, payload: str, app: App, telegram: Telegram) -> None:
    """List them, or `pause NAME [MINUTES]` and `resume NAME`; only in private, and only to the owner."""
    place = Place.of(message)
    if not message.private or not app.users.is_owner(message.user_id):
        await telegram.send_text(place, plain(app.texts("sites.owner_only")))
        return
    verb, *words = payload.lower().split() or [""]
    if not verb:
        figures = app.downloads.guard.breakers()
        await telegram.send_text(place, listed(app.texts, figures), resume_keyboard(app.texts, figures))
    else:
        await telegram.send_text(place, plain(changed(app, verb, words)))


@router.press(ResumeSite)
async def resume(press: Pressed, data: ResumeSite, app: App, telegram: Telegram) -> None:
    """Let a site in again, and show how they do now."""
    if not app.users.is_owner(press.user_id):
        await telegram.answer(press, app.texts("press.not_yours"), alert=True)
        return
    await telegram.answer(press, changed(app, "resume", [data.name]), alert=True)
    figures = app.downloads.guard.breakers()
    screen = listed(app.texts, figures), resume_keyboard(app.texts, figures)
    await telegram.edit_text(press.chat_id, press.message_id, *screen)


def changed(app: App, verb: str, words: list[str]) -> str:
    """Do what was typed; the sentence that says so, or how it is typed."""
    name, *rest = words or [""]
    minutes = int(rest[0]) if len(rest) == 1 and rest[0].isdecimal() and rest[0].isascii() else 0
    fits = verb == "pause" and name and (not rest or 1 <= minutes <= LONGEST_MINUTES)
    try:
        if verb == "resume" and name and not rest:
            app.downloads.resume_site(name)
            return app.texts("sites.resumed", site=name)
        if fits:
            app.downloads.pause_site(name, minutes * MINUTE or None)
            if minutes:
                return app.texts("sites.paused_for", site=name, wait=app.texts.wait(minutes * MINUTE))
            return app.texts("sites.paused", site=name)
    except NotFound:
        return app.texts("sites.unknown", site=name[:40])
    return app.texts("sites.help")


def listed(texts: Texts, figures: dict[str, Any]) -> Rich:
    """A line each, those that rest first, and what can be done."""
    if not figures:
        return plain(f"{texts('sites.none')}\n\n{texts('sites.help')}")
    order = sorted(figures, key=lambda name: (figures[name]["state"] == "closed", name))
    lines = [_line(texts, name, figures[name]) for name in order[:SHOWN]]
    return (
        Piece(f"{texts('sites.title')}\n", bold=True),
        Piece("\n".join(lines)),
        Piece(f"\n\n{texts('sites.help')}"),
    )


def resume_keyboard(texts: Texts, figures: dict[str, Any]) -> Keyboard:
    """A button for each site that rests."""
    resting = [name for name in sorted(figures) if figures[name]["state"] != "closed"]
    return [[Button(texts("button.resume_site", site=name), ResumeSite(name))] for name in resting[:BUTTONS]]


def _line(texts: Texts, name: str, figures: dict[str, Any]) -> str:
    state = figures["state"]
    wait_seconds = figures.get("retry_in_seconds")
    if figures.get("by_hand"):
        told = texts("sites.state.held")
        if wait_seconds:
            told = texts("sites.state.held_for", wait=texts.wait(wait_seconds))
    elif state == "open":
        told = texts("sites.state.open", wait=texts.wait(wait_seconds or 0))
    else:
        told = texts(f"sites.state.{state}", calls=figures.get("calls", 0), failures=figures.get("failures", 0))
    return f"{name} \u00b7 {told}"
