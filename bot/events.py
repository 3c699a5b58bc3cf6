"""What people do, as the bot sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.users import Person


@dataclass(frozen=True, slots=True)
class Attached:
    """A document that came with a message, as its sender calls it."""

    name: str
    mime: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that somebody wrote.

    Ids are marked as Telegram's bots know them: people positive, groups negative, supergroups -100…. `user_id` is None
    where no person stands behind it (anonymous admins, channels). `topic_id`: the thread of a forum. `text` holds the
    words and, on lines of their own, the links that hide behind words. `reply_to`: the message that it replies to.
    `document`: a file that was sent as such. `name`: what Telegram shows of the sender. `author`: who wrote a message
    that was passed on, with the id 0 where Telegram hides it. `edited_at`: when it was changed, in whole seconds since
    1970; 0 for a new one.
    """

    chat_id: int
    message_id: int
    user_id: int | None
    text: str
    private: bool
    topic_id: int | None = None
    reply_to: int | None = None
    document: Attached | None = None
    name: str = ""
    author: Person | None = None
    edited_at: int = 0

    @property
    def key(self) -> str:
        """What tells it apart from every other update."""
        return f"{self.original_key}:{self.edited_at}" if self.edited_at else self.original_key

    @property
    def original_key(self) -> str:
        """The key of the message as it was when it was new."""
        return f"message:{self.chat_id}:{self.message_id}"


@dataclass(slots=True)
class Pressed:
    """A button that somebody pressed. `answered` is set by whoever answered the press; Telegram takes one answer."""

    query_id: int
    chat_id: int
    message_id: int
    user_id: int
    data: str
    private: bool
    answered: bool = field(default=False, compare=False)

    @property
    def key(self) -> str:
        """What tells it apart from every other update."""
        return f"press:{self.query_id}"


Event = Incoming | Pressed
