"""Places where messages go: private dialogs, basic groups, channels and supergroups; and the boxes that keep them."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.telegram_server.faults import RpcError
from tests.telegram_server.tl import T

if TYPE_CHECKING:
    from tests.telegram_server.messages import Message
    from tests.telegram_server.people import Account

WRITERS = ("creator", "admin", "member")
ADMINS = ("creator", "admin")


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a box: kind is new, edit or delete; `pts` is the box's state after it."""

    kind: str
    pts: int
    count: int
    at: float
    message: "Message | None" = None
    ids: tuple[int, ...] = ()


class Box:
    """A numbered sequence of messages with the log of its changes, from which clients catch up."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.messages: dict[int, Message] = {}
        self.events: list[Event] = []
        self.pts = 1
        self._clock, self._last_id = clock, 0

    def put(self, message: "Message") -> None:
        """Number a message and keep it."""
        self._last_id += 1
        message.ids[self] = self._last_id
        self.messages[self._last_id] = message

    def log(self, kind: str, message: "Message | None" = None, ids: tuple[int, ...] = ()) -> Event:
        """Note a change."""
        count = len(ids) or 1
        self.pts += count
        self.events.append(event := Event(kind, self.pts, count, self._clock(), message, ids))
        return event


@dataclass(eq=False, repr=False)
class Dialog:
    """The private chat of two accounts; each of them has an own copy of every message."""

    first: "Account"
    second: "Account"

    def __repr__(self) -> str:
        return f"<{self.first.name} and {self.second.name}>"

    def audience(self) -> list["Account"]:
        """Who takes part."""
        return list(dict.fromkeys((self.first, self.second)))

    def other(self, viewer: "Account") -> "Account":
        """With whom somebody talks here."""
        return self.second if viewer is self.first else self.first

    def box_of(self, viewer: "Account") -> Box:
        """Where somebody's copies are."""
        return viewer.box

    def shows(self, message: "Message", viewer: "Account") -> bool:
        """Tell whether somebody sees a message."""
        return message.chat is self and viewer in (self.first, self.second)

    def peer(self, viewer: "Account") -> Any:
        """Name the chat as TL does, for a viewer."""
        return T.PeerUser(user_id=self.other(viewer).id)

    def check_writer(self, account: "Account") -> None:
        """Refuse who must not write here."""
        other = self.other(account)
        if other.deactivated:
            raise RpcError(400, "INPUT_USER_DEACTIVATED")
        if account.id in other.blocked:
            raise RpcError(400, "USER_IS_BLOCKED")
        if account.is_bot and other.is_bot and other is not account:
            raise RpcError(400, "USER_IS_BOT")
        if account.is_bot and other.id not in account.started and other is not account:
            raise RpcError(400, "PEER_ID_INVALID")


@dataclass(eq=False, repr=False)
class Members:
    """What groups and channels have in common. Roles: creator, admin, member, left, banned."""

    id: int
    title: str
    accounts: dict[int, "Account"]
    members: dict[int, str] = field(default_factory=dict)
    at: int = 1_700_000_000

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title!r}>"

    def audience(self) -> list["Account"]:
        """Who takes part."""
        return [self.accounts[user_id] for user_id, role in self.members.items() if role in WRITERS]

    def role(self, account: "Account") -> str:
        """Give somebody's role, "" for strangers."""
        return self.members.get(account.id, "")

    def is_banned(self, account: "Account") -> bool:
        """Tell whether somebody was thrown out."""
        return self.role(account) == "banned"

    def hears(self, message: "Message", viewer: "Account") -> bool:
        """Tell whether a message reaches a member.

        Bots don't hear other bots and, with privacy on, only what is meant for them.
        """
        if not viewer.is_bot or message.sender is viewer:
            return True
        if message.sender.is_bot:
            return False
        if not viewer.privacy or self.role(viewer) in ADMINS or message.action is not None:
            return True
        if message.reply_to is not None and message.reply_to.sender is viewer:
            return True
        name = re.escape(viewer.username or "")
        command = re.match(r"/\w+(@\w+)?", message.text)
        if command and not (command[1] and command[1][1:].lower() != (viewer.username or "").lower()):
            return True
        return bool(name) and re.search(rf"@{name}\b", message.text, re.IGNORECASE) is not None


@dataclass(eq=False, repr=False)
class Group(Members):
    """A basic group: every member has an own copy of each message."""

    def box_of(self, viewer: "Account") -> Box:
        """Where somebody's copies are."""
        return viewer.box

    def shows(self, message: "Message", viewer: "Account") -> bool:
        """Tell whether somebody sees a message."""
        return message.chat is self and viewer.box in message.ids

    def peer(self, viewer: "Account") -> Any:
        """Name the chat as TL does."""
        return T.PeerChat(chat_id=self.id)

    def check_writer(self, account: "Account") -> None:
        """Refuse who must not write here."""
        if self.role(account) not in WRITERS:
            raise RpcError(403, "CHAT_WRITE_FORBIDDEN")


@dataclass(eq=False, repr=False)
class Channel(Members):
    """A channel, where admins post, or a supergroup, where members talk; one box for all."""

    box: Box = field(kw_only=True)
    supergroup: bool = False
    forum: bool = False
    username: str | None = None
    access_hash: int = field(default_factory=lambda: random.getrandbits(62))

    def hears(self, message: "Message", viewer: "Account") -> bool:
        """Tell whether a message reaches a member; posts of a channel reach everybody."""
        return not self.supergroup or super().hears(message, viewer)

    def box_of(self, viewer: "Account") -> Box:
        """Where the messages are, for everybody."""
        return self.box

    def shows(self, message: "Message", viewer: "Account") -> bool:
        """Tell whether somebody sees a message."""
        return message.chat is self and self.hears(message, viewer)

    def peer(self, viewer: "Account") -> Any:
        """Name the chat as TL does."""
        return T.PeerChannel(channel_id=self.id)

    def check_writer(self, account: "Account") -> None:
        """Refuse who must not write here."""
        role = self.role(account)
        if role == "banned":
            raise RpcError(400, "USER_BANNED_IN_CHANNEL")
        if role not in (WRITERS if self.supergroup else ADMINS):
            raise RpcError(403, "CHAT_WRITE_FORBIDDEN") if self.supergroup else RpcError(400, "CHAT_ADMIN_REQUIRED")


Chat = Dialog | Group | Channel
