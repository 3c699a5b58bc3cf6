"""Who may use the bot: closed by default, owned by OWNER_ID or by whoever opens the one-time claim link first."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from utils.health import Health

if TYPE_CHECKING:
    from utils.database import Database

OWNER: Final = "owner"
USER: Final = "user"


class Users:
    """A part. `owner_id` is the setting; 0 leaves the question to the claim link."""

    def __init__(
        self,
        database: Database,
        owner_id: int,
        clock: Callable[[], float] = time.time,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        self._database = database
        self._fixed_owner = owner_id
        self._clock = clock
        self._new_token = new_token
        self._roles: dict[int, str] = {}

    async def start(self) -> None:
        """Read who is known; a few rows, so they stay in memory."""
        rows = await self._database.all("SELECT id, role FROM users")
        self._roles = {row["id"]: row["role"] for row in rows}
        if self._fixed_owner:
            # the setting is the stronger word: whoever claimed the bot before is an ordinary user beside it
            self._roles = dict.fromkeys(self._roles, USER) | {self._fixed_owner: OWNER}

    def health(self) -> Health:
        """Well as long as they are in memory; it says where the bot has no owner."""
        return Health(detail="" if self.owner_id is not None else "nobody owns the bot yet")

    @property
    def owner_id(self) -> int | None:
        """The owner's Telegram id, None while there is none."""
        return next((user for user, role in self._roles.items() if role == OWNER), None)

    def is_owner(self, user_id: int | None) -> bool:
        """Whether this is the owner."""
        return user_id is not None and self._roles.get(user_id) == OWNER

    def may_use(self, user_id: int | None) -> bool:
        """Whether the bot serves this person."""
        return user_id is not None and user_id in self._roles

    async def new_claim(self) -> str | None:
        """A fresh claim token (32 characters), the only valid one from now on; None where the bot has an owner."""
        if self.owner_id is not None:
            return None
        token = self._new_token()
        async with self._database.transaction():
            await self._database.run("DELETE FROM claims")
            await self._database.run(
                "INSERT INTO claims (token_hash, made_at) VALUES (?, ?)", _hashed(token), self._clock()
            )
        return token

    async def claim(self, token: str, user_id: int) -> bool:
        """Make this person the owner; the token is used up. False for a wrong or used one."""
        async with self._database.transaction():
            if self.owner_id is not None:
                return False
            if not await self._database.run("DELETE FROM claims WHERE token_hash = ?", _hashed(token)):
                return False
            await self._database.run(
                "INSERT INTO users (id, role, added_at) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET role = excluded.role",
                *(user_id, OWNER, self._clock()),
            )
            self._roles[user_id] = OWNER
        return True


def _hashed(token: str) -> str:
    """The token is random, so a fast hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()
