"""The further sites by the names that the registry knows them under."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sites.reddit import Reddit
from tests.sites.twitter import Twitter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sites.media import Shelf
    from tests.sites.routes import Replica

MORE: Final[Mapping[str, type[Replica]]] = {
    "reddit": Reddit,
    "twitter": Twitter,
}


def more_replicas(shelf: Shelf) -> dict[str, Replica]:
    """One of each."""
    return {name: replica(shelf) for name, replica in MORE.items()}
