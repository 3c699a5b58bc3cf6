"""Where the egress proxy may connect: every answer of a name is checked, and only a checked address is dialled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from utils.addresses import Address, Host, classify, parse_host, parse_networks, port_fits
from utils.egress_http import Destination, Request, forwarded
from utils.errors import PrivateAddress, UnsafeLink

if TYPE_CHECKING:
    from utils.config import Egress as Settings
    from utils.egress_dns import Resolver

#: address as text, port -> a connected socket that doesn't block
Dial = Callable[[str, int], Awaitable[socket.socket]]

#: A name with more answers is tried that often and no more.
DIALS: Final = 4


class RouteFailed(Exception):
    """The destination is allowed and can't be reached; `why` is dns, connect, timeout or upstream.

    `proxy`: not the destination is in the way but the other proxy itself, out of reach or without the right words.
    """

    def __init__(self, why: str, *, proxy: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.proxy = proxy


class Route(Protocol):
    """Judges a destination and connects to it."""

    async def open(self, request: Request, wanted: Destination) -> tuple[socket.socket, bytes]:
        """A connection and the head to send on it. Raises PrivateAddress, UnsafeLink, RouteFailed."""


async def open_connection(address: str, port: int) -> socket.socket:
    """Connect to a literal address. Raises OSError."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made


class Rules:
    """What may be connected to. `own_hosts`: names and addresses of this very service, each perhaps with `:port`."""

    def __init__(self, settings: Settings, own_hosts: Sequence[str], resolver: Resolver) -> None:
        self.allow = parse_networks(settings.allow)
        self._ports = frozenset(settings.ports)
        self._own = frozenset(_own(text) for text in own_hosts)
        self._resolver = resolver
        self._dns_seconds = settings.dns_seconds

    def judge(self, text: str, port: int) -> Host:
        """Read a host and refuse what can be refused without asking anybody. Raises UnsafeLink, PrivateAddress."""
        host = parse_host(text, self.allow)
        self._not_own(str(host), port)
        if host.address is not None:
            self._check(host.address, port)
        return host

    async def addresses(self, host: Host, port: int) -> list[Address]:
        """All addresses of a judged host, IPv4 first. One that is refused refuses the name.

        Raises PrivateAddress, UnsafeLink, RouteFailed.
        """
        if host.address is not None:
            return [host.address]
        try:
            async with asyncio.timeout(self._dns_seconds):
                texts = await self._resolver(host.name, port)
            found = [ip_address(text) for text in dict.fromkeys(texts)]
        except (OSError, ValueError, UnicodeError):  # TimeoutError is an OSError
            raise RouteFailed("dns") from None
        if not found:
            raise RouteFailed("dns")
        for address in found:
            self._check(address, port)
            self._not_own(str(Host(address=address)), port)
        return sorted(found, key=lambda address: address.version)

    def judge_port(self, host: Host, port: int) -> None:
        """The port rule for a host whose address nobody here will know. Raises UnsafeLink."""
        if host.address is None and not port_fits(port, None, self._ports, self.allow):
            raise UnsafeLink(f"port {port}")

    def _check(self, address: Address, port: int) -> None:
        if reason := classify(address, self.allow):
            raise PrivateAddress(f"{address} is {reason}")
        if not port_fits(port, address, self._ports, self.allow):
            raise UnsafeLink(f"port {port}")

    def _not_own(self, host: str, port: int) -> None:
        if (host, None) in self._own or (host, port) in self._own:
            raise PrivateAddress("this service itself")


def _own(text: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`."""
    parts = urlsplit(f"//{text}")
    name = (parts.hostname or "").removesuffix(".")
    return (f"[{ip_address(name)}]" if ":" in name else name), parts.port


class Direct:
    """Connects itself, to an address that was checked."""

    def __init__(self, rules: Rules, dial: Dial, connect_seconds: float) -> None:
        self._rules = rules
        self._dial = dial
        self._connect_seconds = connect_seconds

    async def open(self, request: Request, wanted: Destination) -> tuple[socket.socket, bytes]:
        """A connection to the destination and the head to send on it ("" for a tunnel).

        Raises PrivateAddress, UnsafeLink, RouteFailed.
        """
        host = self._rules.judge(wanted.host, wanted.port)
        addresses = await self._rules.addresses(host, wanted.port)
        made = await self._first(addresses[:DIALS], wanted.port)
        if wanted.tunnel:
            return made, b""
        return made, forwarded(request, wanted.path, host_header(host, wanted.port))

    async def _first(self, addresses: Sequence[Address], port: int) -> socket.socket:
        why = "connect"
        for address in addresses:
            try:
                async with asyncio.timeout(self._connect_seconds):
                    return await self._dial(str(address), port)
            except TimeoutError:
                why = "timeout"
            except OSError:
                why = "connect"
        raise RouteFailed(why)


def host_header(host: Host, port: int) -> str:
    """The value of `Host` for plain HTTP."""
    return str(host) if port == 80 else f"{host}:{port}"  # noqa: PLR2004 - HTTP's own port
