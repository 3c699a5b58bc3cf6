"""Menus for many items at once, kept in the database so that their buttons outlive the process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from bot.telegram import Place
from platforms.shapes import Link
from utils.errors import Expired

if TYPE_CHECKING:
    from sqlite3 import Row

    from bot.events import Pressed
    from utils.database import Database

#: a button older than this answers that it has expired
MENU_SECONDS: Final = 7 * 86_400
#: menus kept (about 300 bytes each, 4 kB with twenty links); the oldest go first
MENU_BOUND: Final = 5000
#: a bare "1-10,15" without a reply is meant for a menu that is no older than that
RECENT_SECONDS: Final = 3600
SWEEP_EVERY: Final = 100


@dataclass(frozen=True, slots=True)
class BatchMenu:
    """What a message offers, or what was ordered there.

    `links`: one list, or many items where `is_list` is false; `ranges`: the positions that were asked for, "" while
    that is open; `reply_to`: the message with the links; `total`: entries of the list, None where nobody knows;
    `message_id`: the message that shows it, None for one that is just being sent.
    """

    token: str
    user_id: int
    chat_id: int
    links: tuple[Link, ...]
    title: str = ""
    is_list: bool = True
    total: int | None = None
    ranges: str = ""
    reply_to: int | None = None
    topic_id: int | None = None
    message_id: int | None = None

    @property
    def place(self) -> Place:
        """Beneath the message with the links."""
        return Place(self.chat_id, self.reply_to, self.topic_id)


class BatchMenus:
    """The table `batch_menus`."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time, bound: int = MENU_BOUND) -> None:
        self._database = database
        self._clock = clock
        self._bound = bound
        self._added = 0

    async def add(self, menu: BatchMenu) -> None:
        """Write a menu down, before it is shown."""
        await self._database.run(
            "INSERT INTO batch_menus (token, user_id, chat_id, reply_to, topic_id, message_id, prompt_id, is_list,"
            " links, title, total, ranges, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?)",
            *(menu.token, menu.user_id, menu.chat_id, menu.reply_to, menu.topic_id, menu.message_id, menu.is_list),
            *(msgspec.json.encode(menu.links).decode(), menu.title, menu.total, menu.ranges),
            self._clock(),
        )
        self._added += 1
        if self._added % SWEEP_EVERY == 0:
            await self.sweep()

    async def get(self, token: str) -> BatchMenu:
        """What a button belongs to. Raises Expired."""
        row = await self._database.one("SELECT * FROM batch_menus WHERE token = ?", token)
        if row is None or row["created_at"] < self._clock() - MENU_SECONDS:
            raise Expired("batch menu")
        return _menu(row)

    async def pressed(self, press: Pressed, token: str) -> BatchMenu:
        """What a button belongs to, in the message that it stands in. Raises Expired."""
        menu = await self.get(token)
        if menu.chat_id != press.chat_id or menu.message_id not in {None, press.message_id}:
            raise Expired("a menu of another message")
        return menu

    async def shown(self, token: str, message_id: int) -> None:
        """The menu stands in that message."""
        await self._database.run("UPDATE batch_menus SET message_id = ? WHERE token = ?", message_id, token)

    async def asked(self, token: str, prompt_id: int | None) -> int | None:
        """Positions are asked for in that message, None for no longer; the one that asked for them before."""
        before = await self._database.one("SELECT prompt_id FROM batch_menus WHERE token = ?", token)
        await self._database.run("UPDATE batch_menus SET prompt_id = ? WHERE token = ?", prompt_id, token)
        return before["prompt_id"] if before else None

    async def replied(self, chat_id: int, message_id: int) -> BatchMenu | None:
        """The list whose menu, or question for positions, is that message."""
        row = await self._database.one(
            "SELECT * FROM batch_menus WHERE chat_id = ? AND (message_id = ? OR prompt_id = ?) AND is_list"
            " AND created_at >= ? ORDER BY created_at DESC LIMIT 1",
            *(chat_id, message_id, message_id, self._clock() - MENU_SECONDS),
        )
        return _menu(row) if row else None

    async def latest(self, chat_id: int, user_id: int) -> BatchMenu | None:
        """The newest list that this person was shown there lately."""
        row = await self._database.one(
            "SELECT * FROM batch_menus WHERE chat_id = ? AND user_id = ? AND is_list AND created_at >= ?"
            " ORDER BY created_at DESC LIMIT 1",
            *(chat_id, user_id, self._clock() - RECENT_SECONDS),
        )
        return _menu(row) if row else None

    async def remove(self, token: str) -> bool:
        """Forget a menu; False where somebody else did."""
        return await self._database.run("DELETE FROM batch_menus WHERE token = ?", token) > 0

    async def sweep(self) -> None:
        """Forget the expired ones, and the oldest beyond the bound."""
        await self._database.run("DELETE FROM batch_menus WHERE created_at < ?", self._clock() - MENU_SECONDS)
        await self._database.run(
            "DELETE FROM batch_menus WHERE created_at <"
            " (SELECT created_at FROM batch_menus ORDER BY created_at DESC LIMIT 1 OFFSET ?)",
            self._bound - 1,
        )


def _menu(row: Row) -> BatchMenu:
    return BatchMenu(
        token=row["token"],
        user_id=row["user_id"],
        chat_id=row["chat_id"],
        links=msgspec.json.decode(row["links"], type=tuple[Link, ...]),
        title=row["title"],
        is_list=bool(row["is_list"]),
        total=row["total"],
        ranges=row["ranges"],
        reply_to=row["reply_to"],
        topic_id=row["topic_id"],
        message_id=row["message_id"],
    )
