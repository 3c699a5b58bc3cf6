"""What the buttons of lists and batches carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.keyboards import Packed


@dataclass(frozen=True, slots=True)
class ListPage(Packed):
    """Show entries of a list from that position on."""

    verb: ClassVar[str] = "lp"
    token: str
    first: int


@dataclass(frozen=True, slots=True)
class ListEntry(Packed):
    """Show the menu of one entry of a list."""

    verb: ClassVar[str] = "le"
    token: str
    position: int


@dataclass(frozen=True, slots=True)
class ListShelf(Packed):
    """Show another list of the same channel."""

    verb: ClassVar[str] = "ls"
    token: str
    position: int


@dataclass(frozen=True, slots=True)
class ListBeside(Packed):
    """Show the list that the link of an offer names besides its item."""

    verb: ClassVar[str] = "lb"
    token: str


@dataclass(frozen=True, slots=True)
class ListAsk(Packed):
    """Ask for positions."""

    verb: ClassVar[str] = "la"
    token: str


@dataclass(frozen=True, slots=True)
class ListPick(Packed):
    """Offer qualities for those positions, such as "11-20" or "all"."""

    verb: ClassVar[str] = "lr"
    token: str
    ranges: str


@dataclass(frozen=True, slots=True)
class BatchTake(Packed):
    """Fetch those positions in that quality; "" stands for what the menu holds."""

    verb: ClassVar[str] = "bt"
    token: str
    ranges: str
    quality: str


@dataclass(frozen=True, slots=True)
class BatchEach(Packed):
    """Show a menu for each link."""

    verb: ClassVar[str] = "be"
    token: str


@dataclass(frozen=True, slots=True)
class BatchStop(Packed):
    """End a batch with all that is left of it."""

    verb: ClassVar[str] = "bx"
    batch_id: str


@dataclass(frozen=True, slots=True)
class BatchSkip(Packed):
    """End one job of a batch."""

    verb: ClassVar[str] = "bs"
    job_id: str


@dataclass(frozen=True, slots=True)
class BatchRetry(Packed):
    """Fetch again what failed of a batch."""

    verb: ClassVar[str] = "br"
    batch_id: str
