"""Messages that were changed: a link added or put right counts as long as nothing was made of the message yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.events import Incoming
    from bot.seen import SeenUpdates
    from utils.database import Database


class Edits:
    """Reads what was made of a message out of the tables of offers and of menus for many."""

    def __init__(self, database: Database, seen: SeenUpdates) -> None:
        self._database = database
        self._seen = seen

    async def count(self, message: Incoming) -> bool:
        """Whether a changed message is looked at: it was dealt with as it was before, and nothing is offered for it.

        One that is just being dealt with, or comes later than its change after a pause, was or is read as it is now.
        """
        if not await self._seen.knows(message.original_key):
            return False
        for table in ("offers", "batch_menus"):
            query = f"SELECT 1 FROM {table} WHERE chat_id = ? AND reply_to = ?"  # noqa: S608 - constant
            if await self._database.one(query, message.chat_id, message.message_id):
                return False
        return True
