"""From a link to its menu: a status message, a probe that can be stopped, then what the item is offered in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from bot.board import Screen
from bot.clips import menu_screen, with_written_range
from bot.keyboards import StopLooking, cancel_keyboard
from bot.rich import plain, shortened
from bot.status import titled
from bot.telegram import Place
from platforms.parts import Clip, fitting_clip
from platforms.shapes import LIST_KINDS, Link
from utils.errors import (
    Busy,
    Cancelled,
    DeadlineExceeded,
    Expired,
    GoldcrestError,
    InternalError,
    LiveNow,
    NoMedia,
    TelegramRefused,
)
from utils.ids import button_token

if TYPE_CHECKING:
    from bot.batch_lists import Lists
    from bot.board import Boards
    from bot.events import Incoming
    from bot.failures import Failures
    from bot.shown import Shown
    from bot.tasks import Tasks
    from bot.telegram import Telegram
    from platforms.shapes import Media
    from services.app import App

log = structlog.get_logger()
#: probes of one person at the same time; a message full of links fits
USER_BOUND: Final = 40
#: of a link that is named
LINK_LIMIT: Final = 60
#: what is left of a stop for taking a status message away
WITHDRAW_SECONDS: Final = 0.6


@dataclass(slots=True)
class Look:
    """A probe under way. `title`: the link where it needs telling; `stopped` is set by whoever stops it."""

    user_id: int
    title: str = ""
    task: asyncio.Task[None] | None = None
    stopped: bool = False


class Looks:
    """`tasks`: the pool of looks; `slots`: how many ask their site at the same time; `deadline_seconds`: for each."""

    def __init__(  # noqa: PLR0917 - a part with many neighbours
        self,
        app: App,
        telegram: Telegram,
        boards: Boards,
        tasks: Tasks,
        lists: Lists,
        failures: Failures,
        shown: Shown,
        *,
        slots: asyncio.Semaphore,
        deadline_seconds: float,
        new_id: Callable[[], str] = button_token,
    ) -> None:
        self._app = app
        self._failures = failures
        self._shown = shown
        self._telegram = telegram
        self._boards = boards
        self._tasks = tasks
        self._lists = lists
        self._slots = slots
        self._deadline_seconds = deadline_seconds
        self._new_id = new_id
        self._looks: dict[str, Look] = {}
        self._redone: dict[tuple[int, int], asyncio.Task[None]] = {}

    def begin(
        self, message: Incoming, link: Link, user_id: int, ranges: str = "", *, several: bool = False
    ) -> asyncio.Task[None]:
        """Look at a link beneath its message, in a task. Raises Busy.

        `ranges`: which entries of a list are wanted; `several`: the message holds more, so a failure names its link.
        """
        if sum(look.user_id == user_id for look in self._looks.values()) >= USER_BOUND:
            raise Busy("looks of one person", bound=USER_BOUND, mine=True)
        name, look = self._new_id(), Look(user_id, shortened(link.text, LINK_LIMIT) if several else "")
        look.task = self._tasks.spawn(lambda: self._look(name, look, message, link, ranges))
        self._looks[name] = look
        look.task.add_done_callback(lambda _task: self._looks.pop(name, None))
        return look.task

    def owner(self, name: str) -> int:
        """Whose probe it is. Raises Expired where it is over."""
        look = self._looks.get(name)
        if look is None:
            raise Expired("look")
        return look.user_id

    def stop(self, name: str) -> None:
        """Stop a probe; its status message says so."""
        look = self._looks.get(name)
        if look is not None and look.task is not None:
            look.stopped = True
            look.task.cancel()

    async def _look(self, name: str, look: Look, message: Incoming, link: Link, ranges: str) -> None:
        texts = self._app.texts
        screen = Screen(plain(texts("status.looking", site=_site(link))), cancel_keyboard(texts, StopLooking(name)))
        # not to be torn in the middle: a message whose number is lost can't be taken away
        status = asyncio.ensure_future(self._telegram.send_text(Place.of(message), screen.rich, screen.keyboard))
        try:
            status_id = await asyncio.shield(status)
            final: Screen | None = await self._screen(message, link, look.user_id, status_id, ranges)
        except asyncio.CancelledError:
            if not look.stopped:
                await self._withdraw(message.chat_id, status)
                raise
            final = Screen(titled(look.title, texts.error(Cancelled()).sentence))
        except TelegramRefused as error:
            log.info("look.refused", error=error.detail)
            return
        except GoldcrestError as error:
            final = await self._failure(message, link, await status, error, look.title)
        except Exception as error:  # the edge of a task that nobody awaits
            log.exception("look broke", link=link.canonical)
            failure = await self._reported(InternalError(repr(error)), link)
            final = await self._failure(message, link, await status, failure, look.title)
        await self._boards.finish(message.chat_id, await status, final)

    async def _withdraw(self, chat_id: int, status: asyncio.Future[int]) -> None:
        """Take the status away at the end of the process: the next one reads the message again and writes its own."""
        with contextlib.suppress(TelegramRefused, TimeoutError):
            async with asyncio.timeout(WITHDRAW_SECONDS):
                await self._telegram.delete(chat_id, await status)

    async def again(self, message: Incoming, link: Link, user_id: int, status_id: int | None) -> Screen:
        """The menu of a link whose status message stands already, or None for one to come. Raises a GoldcrestError."""
        return await self._screen(message, link, user_id, status_id, "")

    def redo(self, message: Incoming, link: Link, user_id: int, status_id: int, title: str) -> asyncio.Task[None]:
        """Look again in a task; the status message becomes the menu or says why not, under that title. Raises Busy.

        Pressed twice, the first task goes on and is the answer to both.
        """
        place = message.chat_id, status_id
        if (running := self._redone.get(place)) is not None:
            return running
        task = self._tasks.spawn(lambda: self._redo(message, link, user_id, status_id, title))
        self._redone[place] = task
        task.add_done_callback(lambda _task: self._redone.pop(place, None))
        return task

    async def _redo(self, message: Incoming, link: Link, user_id: int, status_id: int, title: str) -> None:
        try:
            screen = await self.again(message, link, user_id, status_id)
        except GoldcrestError as error:
            screen = await self._failures.of_look(link, message, status_id, error, title)
        except Exception as error:  # the edge of a task that nobody awaits
            log.exception("look broke", link=link.canonical)
            failure = await self._reported(InternalError(repr(error)), link)
            screen = await self._failures.of_look(link, message, status_id, failure, title)
        await self._boards.finish(message.chat_id, status_id, screen)

    async def _screen(self, message: Incoming, link: Link, user_id: int, status_id: int | None, ranges: str) -> Screen:
        """The menu of an item, or the first page of a list; a short link tells only now which of them it is."""
        if link.kind not in LIST_KINDS:
            media = await self._probe(link)
            if media.kind not in LIST_KINDS:
                return await self._menu(message, link, user_id, media, status_id)
            link = Link(media.url, media.canonical, media.platform, media.kind, media.id, link.text)
        return await self._lists.menu(message, link, user_id, status_id, ranges)

    async def _probe(self, link: Link) -> Media:
        try:
            async with self._slots, asyncio.timeout(self._deadline_seconds):
                return await self._app.downloads.probe(link)
        except TimeoutError:
            raise DeadlineExceeded("probe") from None

    async def _menu(self, message: Incoming, link: Link, user_id: int, media: Media, status_id: int | None) -> Screen:
        downloads = self._app.downloads
        if not media.qualities:
            raise LiveNow if media.is_live else NoMedia
        link, cut = with_written_range(await downloads.resolve(link), message.text)
        clip = fitting_clip(Clip(link.start_seconds or 0, link.end_seconds), media) if cut else None
        token = await downloads.offer(media, link, user_id)
        await self._shown.note(token, message.chat_id, status_id, message.message_id)
        return await menu_screen(self._app, media, link, token, clip)

    async def _failure(
        self, message: Incoming, link: Link, status_id: int, error: GoldcrestError, title: str
    ) -> Screen | None:
        """What is said of a link that leads to nothing; in a group, of an unknown site, nothing at all."""
        if not message.private and link.platform == "generic" and not error.trips:
            return None
        return await self._failures.of_look(link, message, status_id, error, title)

    async def _reported(self, error: GoldcrestError, link: Link) -> GoldcrestError:
        if self._app.up_reports is not None:
            await self._app.up_reports.keep(error, link)
        return error


def _site(link: Link) -> str:
    return link.url.partition("://")[2].partition("/")[0].removeprefix("www.")
