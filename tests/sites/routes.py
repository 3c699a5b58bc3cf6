"""Which replica answers for which host."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tests.sites.messages import Reply, Request, file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sites.media import Medium, Shelf


class Replica:
    """One site. `hosts`: exact names, or "*.name" for every subdomain of it."""

    hosts: ClassVar[tuple[str, ...]] = ()

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def answer(self, request: Request) -> Reply | None:
        """The reply; None where the site has no such page."""
        raise NotImplementedError

    def samples(self) -> dict[str, str]:
        """Links that show each of its behaviours, by a short name."""
        return {}

    def medium(self, name: str) -> Medium:
        return self.shelf.medium(name)

    def serve(self, name: str) -> Reply:
        """A file of the shelf."""
        return file(self.shelf.path(name))

    def claims(self, host: str) -> bool:
        """Whether this replica answers for that host."""
        return any(host == known or (known.startswith("*.") and host.endswith(known[1:])) for known in self.hosts)


class Routes:
    """The first replica that claims a host answers for it."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = tuple(replicas)

    def find(self, host: str) -> Replica | None:
        return next((replica for replica in self.replicas if replica.claims(host)), None)
