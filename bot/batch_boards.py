"""Batches in a chat: ordered once however often a button is pressed, shown in one message until their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog

from bot.batch_status import batch_screen, ended_screen
from bot.messenger import Target
from services.batch_shapes import BatchOrder
from services.ranges import parse_ranges
from utils.errors import LinkError, NotFound

if TYPE_CHECKING:
    from bot.batch_menus import BatchMenu, BatchMenus
    from bot.board import Boards
    from bot.events import Pressed
    from bot.telegram import Telegram
    from platforms.shapes import Link
    from services.app import App
    from services.batch_shapes import Batch, BatchEvent, BatchItem

log = structlog.get_logger()
FRONT = "telegram"


class BatchBoards:
    """Telegram's `services.batch_shapes.BatchReport`, and the way to a batch from a button."""

    def __init__(self, app: App, telegram: Telegram, boards: Boards, menus: BatchMenus) -> None:
        self._app = app
        self._telegram = telegram
        self._boards = boards
        self._menus = menus
        self._placing: set[str] = set()

    async def order(self, press: Pressed, menu: BatchMenu, ranges: str, quality: str) -> None:
        """Order what a menu offers; its message shows the progress from then on. Raises BadRange or Busy."""
        async with self._once(press, menu) as first:
            if not first:
                return
            bound = self._app.settings.downloads.batch_bound
            listing = menu.links[0] if menu.is_list else None
            await self._app.batches.submit(
                BatchOrder(
                    FRONT,
                    quality,
                    links=() if menu.is_list else menu.links,
                    listing=listing,
                    ranges=parse_ranges(ranges, menu.total, bound=bound) if menu.is_list else None,
                    user_id=menu.user_id,
                    title=menu.title,
                    target=Target(press.chat_id, press.message_id, menu.reply_to, menu.topic_id, menu.token).packed(),
                ),
            )
            await self._telegram.answer(press)

    async def retry(self, press: Pressed, menu: BatchMenu, batch: Batch) -> None:
        """Order again what failed of a batch; its message shows that instead. Raises Busy."""
        async with self._once(press, menu) as first:
            if not first:
                return
            failed = await self._failed(batch.id)
            target = Target(press.chat_id, press.message_id, menu.reply_to, menu.topic_id, menu.token).packed()
            order = BatchOrder(
                *(FRONT, batch.quality, tuple(link for link, _ in failed)),
                user_id=batch.user_id,
                title=batch.title,
                target=target,
                titles=tuple("" if item.title == item.url else item.title for _, item in failed),
            )
            await self._app.batches.submit(order)
            await self._telegram.answer(press)
            for _, item in failed:  # what is tried again hasn't failed for good
                with suppress(NotFound):
                    await self._app.downloads.discard(item.job_id)

    async def report(self, batch: Batch, event: BatchEvent) -> None:
        """Show a state at the boards' pace, and the last one for certain."""
        target, texts = Target(**batch.target), self._app.texts
        if event.final:
            await self._boards.finish(target.chat_id, target.status_id, ended_screen(texts, batch, event))
            return
        running: tuple[BatchItem, ...] = ()
        if event.counts.get("running"):
            items = await self._app.batches.items(batch.id)
            running = tuple(item for item in items if item.state == "running" and item.job_id)
        self._boards.show(target.chat_id, target.status_id, batch_screen(texts, batch, event, running))

    @asynccontextmanager
    async def _once(self, press: Pressed, menu: BatchMenu) -> AsyncIterator[bool]:
        """Whether nothing that was ordered in this menu is under way; a press that comes too early is told so.

        Also over a restart: the table of batches knows which messages are at work.
        """
        if menu.token in self._placing:
            await self._telegram.answer(press, self._app.texts("press.under_way"))
            yield False
            return
        self._placing.add(menu.token)
        try:
            # as `bot.messenger.Target` begins
            busy = await self._app.batches.under_way(FRONT, {"chat_id": press.chat_id, "status_id": press.message_id})
            if busy:
                await self._telegram.answer(press, self._app.texts("press.under_way"))
            yield not busy
        finally:
            self._placing.discard(menu.token)

    async def _failed(self, batch_id: str) -> list[tuple[Link, BatchItem]]:
        """What failed, by its own addresses: a list may have moved on since. Raises LinkError for none."""
        found: dict[str, tuple[Link, BatchItem]] = {}
        for item in await self._app.batches.items(batch_id):
            if item.state == "failed":
                found.update((link.canonical, (link, item)) for link in self._app.downloads.detect(item.url).links)
        if not found:
            raise LinkError("nothing of it has a link")
        return list(found.values())
