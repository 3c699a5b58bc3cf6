"""Who is at the other end of a connection: whom a trusted proxy speaks for, and how many connections one may have."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: connections at the same time from one address: ten browsers with six each
STRANGER_CONNECTIONS: Final = 64
#: the same from this machine or from a trusted proxy, behind which many people may stand
PROXY_CONNECTIONS: Final = 192
#: an IPv6 network of that size belongs to one customer as a rule (RFC 6177)
CUSTOMER_BITS: Final = 64
FORWARDED_FOR: Final = b"x-forwarded-for"


class Peers:
    """`trusted`: networks of the proxies whose X-Forwarded-For is believed."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._trusted = tuple(ipaddress.ip_network(text, strict=False) for text in trusted)

    def caller(self, scope: Mapping[str, Any]) -> str:
        """The visitor's address, "" where nobody knows it.

        Each hop appends whom it heard, so the header is read from the right and only as far as the hops are trusted;
        what stands further left may be forged.
        """
        caller = (scope.get("client") or ("",))[0]
        told = b",".join(value for name, value in scope["headers"] if name == FORWARDED_FOR).decode("latin-1")
        for text in reversed(told.split(",")):
            if not self._trusts(caller) or (address := address_of(_bare(text))) is None:
                break
            caller = str(address)
        return caller

    def bound(self, address: str) -> int:
        """How many connections may come from there at the same time."""
        near = (found := address_of(address)) is not None and found.is_loopback
        return PROXY_CONNECTIONS if near or self._trusts(address) else STRANGER_CONNECTIONS

    def _trusts(self, text: str) -> bool:
        address = address_of(text)
        return address is not None and any(address in network for network in self._trusted)


def address_of(text: str) -> Address | None:
    """An address; an IPv4 one also where it is written as IPv6."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def share_of(text: str) -> str:
    """What counts as one visitor: an IPv4 address, or the network of an IPv6 customer; any other text as it is."""
    address = address_of(text)
    if address is None:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address), CUSTOMER_BITS), strict=False))


def _bare(hop: str) -> str:
    """The address of an entry, which may carry a port: "192.0.2.1:80", "[2001:db8::1]:80"."""
    hop = hop.strip()
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
