"""Lists: pages are turned, entries and positions are chosen; what follows is a menu of an item or of qualities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.batch_keyboards import ListAsk, ListBeside, ListEntry, ListPage, ListPick, ListShelf
from bot.batch_screens import PAGE_SIZE
from bot.events import Incoming
from bot.handlers.cancel import allowed
from bot.router import Router
from utils.errors import Expired

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.batch_lists import Lists
    from bot.batch_menus import BatchMenus
    from bot.events import Pressed
    from bot.looks import Looks
    from bot.shown import Shown
    from bot.telegram import Telegram
    from platforms.shapes import Entry
    from services.app import App

router = Router("lists")


@router.press(ListPage)
async def turn(
    press: Pressed, data: ListPage, *, app: App, telegram: Telegram, menus: BatchMenus, lists: Lists
) -> None:
    """Show other entries of the list."""
    menu = await menus.pressed(press, data.token)
    if await allowed(press, menu.user_id, app, telegram):
        await lists.turn(press, menu, max(1, data.first))


@router.press(ListEntry)
async def entry(
    press: Pressed, data: ListEntry, *, app: App, telegram: Telegram, menus: BatchMenus, lists: Lists, looks: Looks
) -> None:
    """Look at one entry, which becomes a menu of its own."""
    menu = await menus.pressed(press, data.token)
    if await allowed(press, menu.user_id, app, telegram):
        first = max(0, data.position - 1) // PAGE_SIZE * PAGE_SIZE + 1  # of the page that was shown, which is known
        await lists.open(press, menu, first, lambda page: _at(page.entries, data.position), looks)


@router.press(ListShelf)
async def shelf(
    press: Pressed, data: ListShelf, *, app: App, telegram: Telegram, menus: BatchMenus, lists: Lists, looks: Looks
) -> None:
    """Look at another list of the same channel."""
    menu = await menus.pressed(press, data.token)
    if await allowed(press, menu.user_id, app, telegram):
        await lists.open(press, menu, 1, lambda page: _at(page.shelves, data.position), looks)


@router.press(ListBeside)
async def beside(press: Pressed, data: ListBeside, *, app: App, telegram: Telegram, looks: Looks, shown: Shown) -> None:
    """Look at the list that a video was opened from."""
    offer = await app.downloads.offered(data.token)
    if not await allowed(press, offer.user_id, app, telegram):
        return
    link = app.downloads.beside(offer.link)
    if link is None:
        raise Expired("list beside an item")
    beneath = (await shown.target(press, data.token)).reply_to or press.message_id
    where = Incoming(press.chat_id, beneath, press.user_id, link.url, private=press.private)
    looks.begin(where, link, press.user_id)
    await telegram.answer(press)


@router.press(ListAsk)
async def ask(press: Pressed, data: ListAsk, *, app: App, telegram: Telegram, menus: BatchMenus, lists: Lists) -> None:
    """Ask for positions."""
    menu = await menus.pressed(press, data.token)
    if await allowed(press, menu.user_id, app, telegram):
        await telegram.answer(press)
        await lists.ask(press, menu)


@router.press(ListPick)
async def pick(
    press: Pressed, data: ListPick, *, app: App, telegram: Telegram, menus: BatchMenus, lists: Lists
) -> None:
    """Offer qualities for all entries, or those of a page."""
    menu = await menus.pressed(press, data.token)
    if await allowed(press, menu.user_id, app, telegram):
        await lists.choose(press, menu, data.ranges)


def _at(entries: Iterable[Entry], position: int) -> Entry | None:
    return next((entry for entry in entries if entry.position == position and entry.url), None)
