"""What crosses between reminders and their front: a wish, the reminder kept of it, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from platforms.shapes import Link

Kind = Literal["later", "live"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be reminded of.

    `target`: the front's own address of the message that waits; one message has one reminder. `quality` "": the link
    is looked at anew. `seconds`: from now, None where nobody knows.
    """

    kind: Kind
    user_id: int
    link: Link
    seconds: float | None
    quality: str = ""
    title: str = ""
    target: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One kept wish.

    Times are UTC epochs; `random_id` goes with the message that tells; `interrupted`: the last process ended while it
    dealt with it, so some of it may have happened.
    """

    id: str
    kind: Kind
    user_id: int
    link: Link
    quality: str
    title: str
    target: dict[str, Any]
    random_id: int
    due_at: float
    until: float
    tries: int
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """Not yet: come back, in so many seconds where that is known."""

    seconds: float | None = None


class Recipient(Protocol):
    """The front that reminders come back to."""

    async def remind(self, reminder: Reminder) -> Again | None:
        """Deal with one that is due; None when that is done. Called again after a kill, then `interrupted`."""

    async def give_up(self, reminder: Reminder) -> None:
        """Tell that nothing came of it in time."""
