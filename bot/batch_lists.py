"""Lists in a chat: the page that a look becomes, the pages turned from there, positions that somebody types."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from bot.batch_menus import BatchMenu
from bot.batch_screens import PAGE_SIZE, choice_screen, list_screen
from bot.events import Incoming
from bot.rich import plain
from bot.status import explain
from bot.tasks import end
from bot.telegram import Place
from services.beside import looks_like_positions
from services.ranges import parse_ranges
from utils.errors import DeadlineExceeded, Expired, GoldcrestError, InternalError, TelegramRefused
from utils.ids import button_token

if TYPE_CHECKING:
    from bot.batch_menus import BatchMenus
    from bot.board import Boards, Screen
    from bot.events import Pressed
    from bot.looks import Looks
    from bot.tasks import Tasks
    from bot.telegram import Telegram
    from platforms.shapes import Entry, Link, Listing
    from services.app import App

log = structlog.get_logger()
#: a page that takes longer is waited for without the button's own clock
ANSWER_SECONDS: Final = 4.0


class Lists:
    """`slots`: how many ask their site at the same time; `tasks`: the pool in which pages are turned."""

    def __init__(
        self,
        app: App,
        telegram: Telegram,
        boards: Boards,
        menus: BatchMenus,
        tasks: Tasks,
        *,
        slots: asyncio.Semaphore,
        deadline_seconds: float,
        new_id: Callable[[], str] = button_token,
    ) -> None:
        self._app = app
        self._telegram = telegram
        self._boards = boards
        self._menus = menus
        self._tasks = tasks
        self._slots = slots
        self._deadline_seconds = deadline_seconds
        self._new_id = new_id
        self._loading: set[str] = set()

    @property
    def bound(self) -> int:
        """Items that one order may have."""
        return self._app.settings.downloads.batch_bound

    async def page(self, link: Link, first: int = 1) -> Listing:
        """Entries of a list from that position on. Raises a GoldcrestError."""
        try:
            async with self._slots, asyncio.timeout(self._deadline_seconds):
                return await self._app.downloads.page(link, first, PAGE_SIZE)
        except TimeoutError:
            raise DeadlineExceeded("page") from None

    async def menu(
        self, message: Incoming, link: Link, user_id: int, status_id: int | None, ranges: str = ""
    ) -> Screen:
        """What a list is offered in, in the message `status_id`; with `ranges` the choice of a quality for them."""
        listing = await self.page(link)
        menu = BatchMenu(
            self._new_id(),
            user_id,
            message.chat_id,
            (link,),
            title=listing.title,
            total=listing.total,
            reply_to=message.message_id,
            topic_id=message.topic_id,
            message_id=status_id,
        )
        if ranges:
            menu = replace(menu, ranges=str(parse_ranges(ranges, menu.total, bound=self.bound)))
        await self._menus.add(menu)
        if ranges:
            return choice_screen(self._app.texts, menu, menu.ranges, self.bound)
        return list_screen(self._app.texts, menu.token, listing, self.bound)

    async def typed(self, message: Incoming) -> bool:
        """Take a message for positions: one that replies to a list, or nothing but numbers soon after one.

        False where it is neither. Raises BadRange.
        """
        if message.user_id is None:
            return False
        menu = None
        if message.reply_to is not None:
            menu = await self._menus.replied(message.chat_id, message.reply_to)
        elif message.private and looks_like_positions(message.text):
            menu = await self._menus.latest(message.chat_id, message.user_id)
        if menu is None:
            return False
        if message.user_id != menu.user_id and not self._app.users.is_owner(message.user_id):
            return False
        ranges = parse_ranges(message.text, menu.total, bound=self.bound)
        chosen = replace(
            menu,
            token=self._new_id(),
            user_id=message.user_id,
            ranges=str(ranges),
            reply_to=message.message_id,
            message_id=None,
        )
        await self._menus.add(chosen)
        screen = choice_screen(self._app.texts, chosen, chosen.ranges, self.bound)
        await self._menus.shown(
            chosen.token, await self._telegram.send_text(Place.of(message), screen.rich, screen.keyboard)
        )
        await self._withdraw(menu)
        return True

    async def ask(self, press: Pressed, menu: BatchMenu) -> None:
        """Ask for positions, in a message that the app replies to by itself."""
        text = self._app.texts("list.ask")
        place = Place(press.chat_id, menu.reply_to, menu.topic_id)
        await self._withdraw(menu)
        await self._menus.asked(menu.token, await self._telegram.send_text(place, plain(text), ask_reply=True))

    async def choose(self, press: Pressed, menu: BatchMenu, ranges: str) -> None:
        """Offer qualities for those positions, in the same message. Raises BadRange."""
        screen = choice_screen(self._app.texts, menu, ranges, self.bound)
        await self._telegram.answer(press)
        await self._boards.finish(press.chat_id, press.message_id, screen)

    async def turn(self, press: Pressed, menu: BatchMenu, first: int) -> None:
        """Show another page in the same message. Raises Busy."""

        async def show(listing: Listing) -> None:
            screen = list_screen(self._app.texts, menu.token, listing, self.bound)
            await self._boards.finish(press.chat_id, press.message_id, screen)

        await self._load(press, menu, first, show)

    async def open(
        self, press: Pressed, menu: BatchMenu, first: int, find: Callable[[Listing], Entry | None], looks: Looks
    ) -> None:
        """Look at what `find` takes from the page that begins there, beneath the message with the list's link."""

        async def look(listing: Listing) -> None:
            entry = find(listing)
            found = self._app.downloads.detect(entry.url).links if entry is not None else ()
            if not found:
                raise Expired("entry")
            message = Incoming(
                press.chat_id,
                menu.reply_to or press.message_id,
                press.user_id,
                found[0].url,
                private=press.private,
                topic_id=menu.topic_id,
            )
            looks.begin(message, found[0], press.user_id)

        await self._load(press, menu, first, look)

    async def _load(
        self, press: Pressed, menu: BatchMenu, first: int, use: Callable[[Listing], Awaitable[None]]
    ) -> None:
        """Read a page in a task of its own; a press beside one that is under way does nothing more."""
        if menu.token in self._loading:
            await self._telegram.answer(press)
            return
        task = self._tasks.spawn(lambda: self._read(press, menu, first, use))
        self._loading.add(menu.token)
        task.add_done_callback(lambda _task: self._loading.discard(menu.token))

    async def _read(
        self, press: Pressed, menu: BatchMenu, first: int, use: Callable[[Listing], Awaitable[None]]
    ) -> None:
        page = asyncio.create_task(self.page(menu.links[0], first), name="page")
        try:
            await asyncio.wait({page}, timeout=ANSWER_SECONDS)
            if not page.done():
                await self._telegram.answer(press, self._app.texts("press.loading"))
            await use(await page)
            await self._telegram.answer(press)
        except TelegramRefused as error:
            log.info("answer.refused", error=error.detail)
        except GoldcrestError as error:
            await self._tell(press, menu, error)
        except Exception as error:  # the edge of a task that nobody awaits
            log.exception("page broke", link=menu.links[0].canonical)
            await self._tell(press, menu, InternalError(repr(error)))
        finally:
            await end(page)

    async def _tell(self, press: Pressed, menu: BatchMenu, error: GoldcrestError) -> None:
        """On the button, or beneath the menu where the button was answered already; the menu stays."""
        text = explain(self._app.texts, error)
        try:
            if press.answered:
                await self._telegram.send_text(Place(press.chat_id, press.message_id, menu.topic_id), plain(text))
            else:
                await self._telegram.answer(press, text, alert=True)
        except TelegramRefused as refused:
            log.info("answer.refused", error=refused.detail)

    async def _withdraw(self, menu: BatchMenu) -> None:
        """Take the question for positions away: it is answered, or asked anew."""
        prompt_id = await self._menus.asked(menu.token, None)
        if prompt_id is None:
            return
        try:
            await self._telegram.delete(menu.chat_id, prompt_id)
        except TelegramRefused as error:
            log.debug("status.gone", error=error.detail)
