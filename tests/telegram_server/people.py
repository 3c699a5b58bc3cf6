"""Accounts as Telegram knows them: what people and bots have in common, and bots."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.telegram_server.chats import Box, Channel, Group
from tests.telegram_server.messages import Message

if TYPE_CHECKING:
    from tests.telegram_server.world import World


@dataclass(eq=False, repr=False)
class Account:
    """Somebody with an id; `box` keeps private chats and basic groups."""

    world: "World"
    id: int
    name: str
    username: str | None
    box: Box
    home_dc: int = 2
    access_hash: int = field(default_factory=lambda: random.getrandbits(62))
    blocked: set[int] = field(default_factory=set)
    deactivated: bool = False
    language: str = "en"
    last_name: str | None = None
    started: set[int] = field(default_factory=set)
    is_bot = False
    privacy = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.id}>"

    def has_met(self, other: "Account") -> bool:
        """Tell whether it knows somebody well enough to write first."""
        return True

    def messages(self, chat: "Account | Group | Channel | None" = None) -> list[Message]:
        """Give what this account sees now, oldest first; of one chat, or of all."""
        return self.world.seen_by(self, chat)


@dataclass(eq=False, repr=False)
class Bot(Account):
    """A bot account. It knows people it has `met`, in a group for instance, but writes only to those who `started` it.

    With `privacy` on, as is Telegram's default, it hears in groups only commands, mentions and replies to itself,
    unless it is an admin there. `missed` keeps what nobody was connected for and no message box replays.
    """

    token: str = ""
    privacy: bool = True
    met: set[int] = field(default_factory=set)
    commands: dict[tuple[str, str], Sequence[Any]] = field(default_factory=dict)
    menu_button: Any = None
    qts: int = 0
    missed: list[tuple[int, Callable[[], Any]]] = field(default_factory=list)
    is_bot = True

    def has_met(self, other: Account) -> bool:
        """Tell whether somebody has started it or shares a group with it."""
        return other is self or other.id in self.met
