"""A small internet for fetching without an upstream proxy: poisoned names, and the test sites at public addresses."""

from __future__ import annotations

import socket
from itertools import cycle
from typing import TYPE_CHECKING, Final

from tests.sites.bait import HOST as LURE
from tests.sites.disguises import CANARY_NAMES, POISONED_NAMES
from tests.sites.origin import HOST as ORIGIN
from utils.egress import open_connection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The sites' names and where they are; whoever connects there gets the sites, on any port.
PUBLIC: Final = {LURE: "93.184.216.34", ORIGIN: "151.101.1.69"}


class Internet:
    """Resolver and dial of an egress proxy.

    A private address is really dialled, as an egress proxy without its checks would; `strays` tells of it also where
    nobody listens.
    """

    def __init__(self, sites_port: int, canary: str) -> None:
        self.strays: list[tuple[str, int]] = []
        self._sites_port = sites_port
        some = PUBLIC[LURE]
        answers: dict[str, Sequence[Sequence[str]]] = {
            **{name: [(address,)] for name, address in PUBLIC.items()},
            **{name: [addresses] for name, addresses in POISONED_NAMES.items()},
            **dict(zip(CANARY_NAMES, ([(canary,)], [(some, canary)], [(some,), (canary,)]), strict=True)),
        }
        self._answers: dict[str, Iterator[Sequence[str]]] = {name: cycle(turns) for name, turns in answers.items()}

    async def resolve(self, name: str, port: int) -> Sequence[str]:
        """The next answer for a name."""
        if name not in self._answers:
            raise socket.gaierror(socket.EAI_NONAME, "unknown name")
        return next(self._answers[name])

    async def dial(self, address: str, port: int) -> socket.socket:
        """Connect to the sites, or to where nobody should."""
        if address in PUBLIC.values():
            return await open_connection("127.0.0.1", self._sites_port)
        self.strays.append((address, port))
        return await open_connection(address, port)
