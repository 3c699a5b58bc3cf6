"""Where an offer stands: its buttons count only there, and what they order comes beneath the message with its link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.messenger import Target
from utils.errors import Expired

if TYPE_CHECKING:
    from bot.events import Pressed
    from utils.database import Database


class Shown:
    """The columns of the table `offers` that say so; without them an offer is nowhere, like one of the page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, token: str, chat_id: int, message_id: int | None, reply_to: int) -> None:
        """Write down where an offer is about to stand, None for a message that isn't sent yet."""
        await self._database.run(
            "UPDATE offers SET chat_id = ?, message_id = ?, reply_to = ? WHERE token = ?",
            *(chat_id, message_id, reply_to, token),
        )

    async def sent(self, chat_id: int, message_id: int, reply_to: int) -> None:
        """The message that wasn't sent yet is this one."""
        await self._database.run(
            "UPDATE offers SET message_id = ? WHERE chat_id = ? AND reply_to = ? AND message_id IS NULL",
            *(message_id, chat_id, reply_to),
        )

    async def target(self, press: Pressed, token: str) -> Target:
        """Where the answers to a press go. Raises Expired where the offer doesn't stand in the pressed message."""
        row = await self._database.one("SELECT chat_id, message_id, reply_to FROM offers WHERE token = ?", token)
        if row is None or row["chat_id"] != press.chat_id or row["message_id"] not in {None, press.message_id}:
            raise Expired("an offer of another message")
        return Target(press.chat_id, press.message_id, row["reply_to"] or None, offer=token)
