"""The different pictures that posts of many are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sites.recipes import STILL_SIZES, STILLS, still_name

if TYPE_CHECKING:
    from tests.sites.media import Shelf


@dataclass(frozen=True, slots=True)
class Still:
    """One picture: its file on the shelf and its size in pixels."""

    name: str
    width: int
    height: int

    @property
    def mime(self) -> str:
        """Its media type."""
        return {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}[self.name.rpartition(".")[2]]


def stills(shelf: Shelf, count: int, *, skip: int = 0) -> list[Still]:
    """The first `count` of those that can be made here, `skip` of them left out; no two alike."""
    known = [(number, still_name(number)) for number in range(STILLS) if shelf.has(still_name(number))]
    chosen = (known * 2)[skip : skip + count]
    return [Still(name, *STILL_SIZES[number % len(STILL_SIZES)]) for number, name in chosen]
