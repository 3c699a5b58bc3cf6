"""Who may use the bot: closed by default, owned by OWNER_ID or by whoever claims it; the owner lets others in."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from utils.health import Health

if TYPE_CHECKING:
    from utils.database import Database

OWNER: Final = "owner"
USER: Final = "user"
DAY_SECONDS: Final = 86_400.0
#: invitations that are open at the same time, each for a day; the oldest makes way
INVITE_BOUND: Final = 20
#: strangers that the owner hears of within a day; more wait for another day
STRANGERS_A_DAY: Final = 20
#: strangers remembered, so that the owner hears of each once (about 60 bytes each); the oldest are forgotten
STRANGER_BOUND: Final = 5000
NAME_LIMIT: Final = 80


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on Telegram. `name`: as Telegram shows it, "" while nobody saw it."""

    id: int
    name: str = ""


class Users:
    """A part. `owner_id`: of the setting, 0 leaves it to the claim link; `besides`: ids that a setting lets in."""

    def __init__(
        self,
        database: Database,
        owner_id: int,
        besides: Collection[int] = (),
        clock: Callable[[], float] = time.time,
        new_token: Callable[[], str] = lambda: secrets.token_urlsafe(24),
    ) -> None:
        self._database = database
        self._fixed_owner = owner_id
        self._besides = frozenset(besides)
        self._clock = clock
        self._new_token = new_token
        self._roles: dict[int, str] = {}
        self._names: dict[int, str] = {}

    async def start(self) -> None:
        """Read who is known; a few rows, so they stay in memory."""
        rows = await self._database.all("SELECT id, role, name FROM users")
        self._roles = dict.fromkeys(self._besides, USER) | {row["id"]: row["role"] for row in rows}
        self._names = {row["id"]: row["name"] for row in rows}
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

    def by_setting(self, user_id: int) -> bool:
        """Whether a setting lets this person in, which only the setting can take back."""
        return user_id in self._besides

    def people(self) -> list[Person]:
        """Who is let in besides the owner, by name."""
        let_in = (self.person(user) for user, role in self._roles.items() if role != OWNER)
        return sorted(let_in, key=lambda person: (person.name.casefold(), person.id))

    def person(self, user_id: int) -> Person:
        """An id with the name that it was last seen under."""
        return Person(user_id, self._names.get(user_id, ""))

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

    async def invite(self) -> str:
        """A token (32 characters) that lets in whoever brings it first within a day."""
        token, now = self._new_token(), self._clock()
        async with self._database.transaction():
            await self._database.run("DELETE FROM invites WHERE until <= ?", now)
            await self._database.run(
                "DELETE FROM invites WHERE token_hash IN"
                " (SELECT token_hash FROM invites ORDER BY until DESC LIMIT ? OFFSET ?)",
                *(INVITE_BOUND, INVITE_BOUND - 1),
            )
            await self._database.run(
                "INSERT INTO invites (token_hash, until) VALUES (?, ?)", _hashed(token), now + DAY_SECONDS
            )
        return token

    async def join(self, token: str, person: Person) -> bool:
        """Let in who brings an invitation, which is used up. False for a wrong, used or old one."""
        async with self._database.transaction():
            if not await self._database.run(
                "DELETE FROM invites WHERE token_hash = ? AND until > ?", _hashed(token), self._clock()
            ):
                return False
            await self._add(person)
        return True

    async def allow(self, person: Person) -> bool:
        """Let somebody in, under the name that the owner heard where none is given; False where they are already."""
        if self.may_use(person.id):
            return False
        known = await self._database.one("SELECT name FROM strangers WHERE id = ?", person.id)
        await self._add(Person(person.id, person.name or (known["name"] if known else "")))
        return True

    async def deny(self, user_id: int) -> bool:
        """Let somebody in no longer; False where they weren't, and for the owner and whom a setting lets in."""
        if not self.may_use(user_id) or self.is_owner(user_id) or self.by_setting(user_id):
            return False
        async with self._database.transaction():
            await self._database.run("DELETE FROM users WHERE id = ?", user_id)
            await self.heard_of(self.person(user_id))  # who was just put out doesn't come to the owner's ears again
        self._roles.pop(user_id, None)
        return True

    async def seen(self, person: Person) -> None:
        """Keep the name that somebody let in shows now."""
        name = person.name[:NAME_LIMIT]
        if name and self.may_use(person.id) and self._names.get(person.id) != name:
            await self._database.run("UPDATE users SET name = ? WHERE id = ?", name, person.id)
            self._names[person.id] = name

    async def unheard_of(self, user_id: int) -> bool:
        """Whether the owner is to hear of a stranger: once of each, and of so many a day."""
        if await self._database.one("SELECT 1 FROM strangers WHERE id = ?", user_id):
            return False
        since = self._clock() - DAY_SECONDS
        row = await self._database.one("SELECT COUNT(*) FROM strangers WHERE asked_at > ?", since)
        return row is not None and row[0] < STRANGERS_A_DAY

    async def heard_of(self, stranger: Person) -> None:
        """The owner knows of a stranger."""
        await self._database.run(
            "INSERT INTO strangers (id, name, asked_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
            *(stranger.id, stranger.name[:NAME_LIMIT], self._clock()),
        )
        await self._database.run(
            "DELETE FROM strangers WHERE asked_at < (SELECT asked_at FROM strangers ORDER BY asked_at DESC"
            " LIMIT 1 OFFSET ?)",
            STRANGER_BOUND - 1,
        )

    async def _add(self, person: Person) -> None:
        name = person.name[:NAME_LIMIT]
        await self._database.run(
            "INSERT INTO users (id, role, added_at, name) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            *(person.id, USER, self._clock(), name),
        )
        self._roles.setdefault(person.id, USER)
        self._names[person.id] = name or self._names.get(person.id, "")


def _hashed(token: str) -> str:
    """The token is random, so a fast hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()
