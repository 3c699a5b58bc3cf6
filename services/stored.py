"""Tables behind the downloads: files that Telegram keeps for us, and menus that people were offered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from platforms.shapes import Link, Media
from services.jobs import Offer, StoredFile
from utils.errors import Expired
from utils.ids import button_token

if TYPE_CHECKING:
    from utils.database import Database

#: files known (about 400 bytes each)
STORED_BOUND: Final = 50_000
#: a button older than this answers that it has expired
OFFER_SECONDS: Final = 7 * 86_400
#: offers kept (about 4 kB each); the oldest go first, also when they are younger than that
OFFER_BOUND: Final = 10_000
#: offers are swept at a start and once in so many new ones
SWEEP_EVERY: Final = 200


class StoredFiles:
    """Telegram's copies by canonical key and quality; at most `bound` files, those used longest ago are forgotten."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time, bound: int = STORED_BOUND) -> None:
        self._database = database
        self._clock = clock
        self._bound = bound
        self._kept = 0

    async def find(self, canonical: str, quality: str, part: str = "") -> tuple[StoredFile, ...]:
        """All files of an item in their order; () where nothing is stored."""
        rows = await self._database.all(
            "SELECT canonical, quality, position, file_id, chat_id, message_id, kind, size_bytes, width, height,"
            " duration_seconds, title, performer, part FROM stored_files"
            " WHERE canonical = ? AND quality = ? AND part = ? ORDER BY position",
            *(canonical, quality, part),
        )
        return tuple(StoredFile(**dict(row)) for row in rows)

    async def qualities(self, canonical: str, part: str = "") -> frozenset[str]:
        """Which qualities of an item, or of a part of it, are stored."""
        rows = await self._database.all(
            "SELECT DISTINCT quality FROM stored_files WHERE canonical = ? AND part = ?", canonical, part
        )
        return frozenset(row["quality"] for row in rows)

    async def keep(self, files: tuple[StoredFile, ...]) -> None:
        """Write or replace."""
        now = self._clock()
        async with self._database.transaction():
            for key in {(file.canonical, file.quality, file.part) for file in files}:
                await self.forget(*key)
            for file in files:
                await self._database.run(
                    "INSERT INTO stored_files (canonical, quality, position, file_id, chat_id, message_id, kind,"
                    " size_bytes, width, height, duration_seconds, title, performer, stored_at, part, used_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    *(file.canonical, file.quality, file.position, file.file_id, file.chat_id, file.message_id),
                    *(file.kind, file.size_bytes, file.width, file.height, file.duration_seconds),
                    *(file.title, file.performer, now, file.part, now),
                )
            self._kept += 1
            if self._kept % SWEEP_EVERY == 0:
                await self.sweep()

    async def used(self, canonical: str, quality: str, part: str = "") -> None:
        """Somebody got it again: it stays longer."""
        await self._database.run(
            "UPDATE stored_files SET used_at = ? WHERE canonical = ? AND quality = ? AND part = ?",
            *(self._clock(), canonical, quality, part),
        )

    async def sweep(self) -> None:
        """Forget what was used longest ago beyond the bound; the files of one item leave together."""
        await self._database.run(
            "DELETE FROM stored_files WHERE used_at <="
            " (SELECT used_at FROM stored_files ORDER BY used_at DESC LIMIT 1 OFFSET ?)",
            self._bound,
        )

    async def forget(self, canonical: str, quality: str, part: str = "") -> None:
        """Drop what can't be used any more."""
        await self._database.run(
            "DELETE FROM stored_files WHERE canonical = ? AND quality = ? AND part = ?", canonical, quality, part
        )


class Offers:
    """Menus, so that a button works after a restart too."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time, bound: int = OFFER_BOUND) -> None:
        self._database = database
        self._clock = clock
        self._bound = bound
        self._made = 0

    async def make(self, media: Media, link: Link, user_id: int | None) -> str:
        """Keep what a menu offers; its token for callback data."""
        token = button_token()
        await self._database.run(
            "INSERT INTO offers (token, user_id, link, media, created_at) VALUES (?, ?, ?, ?, ?)",
            *(token, user_id, msgspec.json.encode(link).decode(), msgspec.json.encode(media).decode(), self._clock()),
        )
        self._made += 1
        if self._made % SWEEP_EVERY == 0:
            await self.sweep()
        return token

    async def get(self, token: str) -> Offer:
        """What a token means. Raises Expired."""
        row = await self._database.one("SELECT * FROM offers WHERE token = ?", token)
        if row is None or row["created_at"] < self._clock() - OFFER_SECONDS:
            raise Expired("offer")
        link = msgspec.json.decode(row["link"], type=Link)
        return Offer(token, msgspec.json.decode(row["media"], type=Media), link, row["user_id"])

    async def sweep(self) -> None:
        """Forget the expired ones, and the oldest beyond the bound."""
        await self._database.run("DELETE FROM offers WHERE created_at < ?", self._clock() - OFFER_SECONDS)
        await self._database.run(
            "DELETE FROM offers WHERE created_at <"
            " (SELECT created_at FROM offers ORDER BY created_at DESC LIMIT 1 OFFSET ?)",
            self._bound - 1,
        )
