"""/cookies: the owner sends, sees and deletes cookie files in the private chat; each is an identity of its site."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

from bot.cookie_buttons import DropCookies, KeepCookies, choice_keyboard, files_keyboard
from bot.download import document_bytes
from bot.rich import Piece, plain
from bot.router import Router
from bot.status import explain
from bot.telegram import Place
from services.cookies import DAY_SECONDS, USUAL_NAME
from utils.cookies import FILE_BYTES, parse_cookies
from utils.errors import BadCookies, Expired, GoldcrestError, NotFound, TelegramRefused

if TYPE_CHECKING:
    from bot.cookie_buttons import Pending
    from bot.events import Incoming, Pressed
    from bot.keyboards import Keyboard
    from bot.rich import Rich
    from bot.telegram import Telegram
    from services.app import App
    from services.cookies import Held, Notice

router = Router("cookies")
#: how browsers' extensions name what they export
_NAMED: Final = re.compile(r".*cookie.*\.(?:txt|json)", re.IGNORECASE)


def looks_like_cookies(message: Incoming) -> bool:
    """A document that is named as a cookie file, in a private chat."""
    return message.private and message.document is not None and _NAMED.fullmatch(message.document.name) is not None


@router.command("cookies")
async def cookies(message: Incoming, payload: str, app: App, telegram: Telegram, pending: Pending) -> None:
    """Without a file the list; with one as its caption, keep it: "/cookies [site] [name]"."""
    if not await _serves(message, app, telegram):
        return
    if message.document is not None:
        await _take(message, payload.lower().split(), app, telegram, pending)
        return
    await telegram.send_text(Place.of(message), listed(app), files_keyboard(app.texts, app.cookies.held()))


@router.document(looks_like_cookies)
async def cookie_file(message: Incoming, app: App, telegram: Telegram, pending: Pending) -> None:
    """A file that says by its name what it is."""
    if await _serves(message, app, telegram):
        await _take(message, [], app, telegram, pending)


@router.press(KeepCookies)
async def keep(press: Pressed, data: KeepCookies, app: App, telegram: Telegram, pending: Pending) -> None:
    """The site that the owner chose for a file with cookies of several."""
    if not await _owner(press, app, telegram):
        return
    held = await app.cookies.keep(data.site, pending.name(data.token), pending.cookies(data.token))
    await telegram.answer(press)
    await telegram.edit_text(press.chat_id, press.message_id, plain(kept_text(app, held)))


@router.press(DropCookies)
async def drop(press: Pressed, data: DropCookies, app: App, telegram: Telegram) -> None:
    """Delete one file and show what is left."""
    if not await _owner(press, app, telegram):
        return
    try:
        await app.cookies.delete(data.site, data.name)
    except NotFound:
        await telegram.answer(press, explain(app.texts, Expired()), alert=True)
    else:
        await telegram.answer(press, app.texts("cookies.deleted", site=data.site, name=data.name))
    keyboard = files_keyboard(app.texts, app.cookies.held())
    await telegram.edit_text(press.chat_id, press.message_id, listed(app), keyboard)


def listed(app: App) -> Rich:
    """Every file with what is left of its time, and how to send one."""
    held = app.cookies.held()
    lines = [app.texts("cookies.line", site=each.site, name=each.name, end=end_text(app, each)) for each in held]
    title = app.texts("cookies.title" if held else "cookies.none")
    body = "".join(f"\n{line}" for line in lines)
    return (Piece(title, bold=bool(held)), Piece(body), Piece(f"\n\n{app.texts('cookies.help')}"))


def end_text(app: App, held: Held) -> str:
    """When the cookies expire, in words."""
    if held.expires_at is None:
        return app.texts("cookies.no_end")
    days = int((held.expires_at - time.time()) // DAY_SECONDS)
    return app.texts.many("cookies.days", days) if days >= 0 else app.texts("cookies.expired")


def kept_text(app: App, held: Held) -> str:
    """What was kept and what becomes of it."""
    return app.texts("cookies.kept", site=held.site, name=held.name, end=end_text(app, held))


def notices(app: App, telegram: Telegram) -> Notice:
    """Tells the owner of cookies that expire soon; False where there is nobody to tell."""

    async def notice(held: Held) -> bool:
        owner_id = app.users.owner_id
        if owner_id is None:
            return False
        text = app.texts("cookies.notice", site=held.site, name=held.name, end=end_text(app, held))
        await telegram.send_text(Place(owner_id), plain(text))
        return True

    return notice


async def _serves(message: Incoming, app: App, telegram: Telegram) -> bool:
    """Whether it is the owner in private; others hear why not, and what to do about a file that opens an account."""
    owner = app.users.is_owner(message.user_id)
    if owner and message.private:
        return True
    said = [app.texts("cookies.only_private" if owner else "cookies.owner_only")]
    if message.document is not None:
        removed = owner and await _removed(message, telegram)
        said.append(app.texts("cookies.removed" if removed else "cookies.remove_yourself"))
    place = Place(message.chat_id, topic_id=message.topic_id)
    await telegram.send_text(place, plain("\n".join(said)))
    return False


async def _owner(press: Pressed, app: App, telegram: Telegram) -> bool:
    if app.users.is_owner(press.user_id):
        return True
    await telegram.answer(press, app.texts("press.not_yours"), alert=True)
    return False


async def _removed(message: Incoming, telegram: Telegram) -> bool:
    """Take a message with a file away; False where only its sender can."""
    try:
        await telegram.delete(message.chat_id, message.message_id)
    except TelegramRefused:
        return False
    return True


async def _take(message: Incoming, words: list[str], app: App, telegram: Telegram, pending: Pending) -> None:
    """Read the file, take its message away whatever it was, and say what has become of it."""
    place = Place(message.chat_id, topic_id=message.topic_id)
    try:
        text, keyboard = await _kept(message, words, app, telegram, pending)
    except TelegramRefused:
        raise
    except GoldcrestError as error:
        text, keyboard = explain(app.texts, error), ()
    note = app.texts("cookies.removed" if await _removed(message, telegram) else "cookies.remove_yourself")
    await telegram.send_text(place, plain(f"{text}\n{note}"), keyboard)


async def _kept(
    message: Incoming, words: list[str], app: App, telegram: Telegram, pending: Pending
) -> tuple[str, Keyboard]:
    if message.document is not None and message.document.size_bytes > FILE_BYTES:
        raise BadCookies("too_large", limit_kb=FILE_BYTES >> 10)
    data = await document_bytes(telegram, message.chat_id, message.message_id, FILE_BYTES)
    found = parse_cookies(data)
    site, name = (*words, "", "")[:2]
    if site:
        return kept_text(app, await app.cookies.keep(site, name or USUAL_NAME, found)), ()
    sites = app.cookies.serves(found)
    if len(sites) > 1:
        token = pending.add(found, USUAL_NAME)
        return app.texts("cookies.which"), choice_keyboard(sites, token)
    if not sites:
        raise BadCookies("strangers")
    return kept_text(app, await app.cookies.keep(sites[0], USUAL_NAME, found)), ()
