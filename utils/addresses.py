"""Which hosts may be contacted for a user: reading a host strictly and telling public addresses from all others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final
from urllib.parse import unquote

from utils.errors import ConfigError, PrivateAddress, UnsafeLink

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Explicit tables because `ipaddress.is_global` changes between Python releases and knows no cloud addresses.
#: IANA's special-purpose registry; 168.63.129.16 is Azure's host agent on a public address.
REFUSED_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
    )
)
#: Only global unicast; mapped, NAT64, unique-local, link-local and loopback forms lie outside of it.
GLOBAL_V6: Final = IPv6Network("2000::/3")
#: Teredo and other protocol assignments, documentation, 6to4 (which carries an IPv4 address).
REFUSED_V6: Final = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))

LOOPBACK: Final = IPv4Address("127.0.0.1")
#: Names that local resolvers answer from private networks.
SPECIAL_USE: Final = (
    ".localhost",
    ".localdomain",
    ".local",
    ".internal",
    ".intranet",
    ".private",
    ".lan",
    ".corp",
    ".home",
    ".arpa",
    ".onion",
)
#: The web's own ports; the default of `egress.ports`.
WEB_PORTS: Final = frozenset({80, 443, 8080, 8443, 8000, 8888, 8081, 2053, 2083, 2087, 2096})

_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")


@dataclass(frozen=True, slots=True)
class Host:
    """A host in its one spelling: a full name in lower-case ASCII without the root dot, or an address."""

    name: str = ""
    address: Address | None = None

    def __str__(self) -> str:
        """As it stands in a URL."""
        if self.address is None:
            return self.name
        return f"[{self.address}]" if self.address.version == 6 else str(self.address)  # noqa: PLR2004 - IP version


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks in CIDR form, or single addresses. Raises ConfigError naming the one that doesn't fit."""
    found: list[Network] = []
    for text in texts:
        try:
            found.append(ip_network(text))
        except ValueError as error:
            raise ConfigError(f"egress.allow: {text!r} is not a network such as 10.0.0.0/8 ({error})") from None
    return tuple(found)


def classify(address: Address, allow: Sequence[Network] = ()) -> str | None:
    """None where the address may be connected to, else the reason why not."""
    if any(address in network for network in allow):
        return None
    if isinstance(address, IPv4Address):
        return next((f"in {network}" for network in REFUSED_V4 if address in network), None)
    if address.scope_id is not None:
        return "bound to one interface"
    if address not in GLOBAL_V6:
        return f"outside {GLOBAL_V6}"
    return next((f"in {network}" for network in REFUSED_V6 if address in network), None)


def port_fits(
    port: int, address: Address | None, ports: Container[int] = WEB_PORTS, allow: Sequence[Network] = ()
) -> bool:
    """Whether a port may be used: one of the list, or any port of an address that the operator allowed by hand."""
    if port in ports:
        return True
    return port in range(1, 65_536) and address is not None and any(address in network for network in allow)


def plain_name(text: str) -> str:
    """A plain public host name in lower case, as nearly every link has it; "" for what `parse_host` must look at."""
    host = text.lower()
    return host if _NAME.fullmatch(host) and not host.endswith(SPECIAL_USE) else ""


def parse_host(text: str, allow: Sequence[Network] = ()) -> Host:
    """Read a host as it stands in a URL (IPv6 also without brackets); addresses come back unjudged.

    Raises PrivateAddress for names of local networks and for disguised private addresses, UnsafeLink for any other
    host that is not written plainly: `allow` only decides about `localhost` and about which of the two is raised.
    """
    if host := plain_name(text):
        return Host(name=host)
    host = text.lower()
    if "%" in host:
        raise _disguised(unquote(host), allow)
    if not host.isascii():
        host = _idn(host, allow)
    if ":" in host:
        return Host(address=_ipv6(host))
    host = host.removesuffix(".")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):  # what browsers and inet_aton read as an address
        return Host(address=_ipv4(host, allow))
    if f".{host}".endswith(".localhost") and classify(LOOPBACK, allow) is None:
        return Host(name=host)
    if f".{host}".endswith(SPECIAL_USE):
        raise PrivateAddress(f"{host} is a name of local networks")
    if not _NAME.fullmatch(host):
        raise UnsafeLink("not a full host name")
    return Host(name=host)


def public_host(text: str, allow: Sequence[Network] = ()) -> Host:
    """`parse_host`, and a literal address must be one that may be connected to. Raises PrivateAddress, UnsafeLink."""
    host = parse_host(text, allow)
    if host.address is not None and (reason := classify(host.address, allow)):
        raise PrivateAddress(f"{host.address} is {reason}")
    return host


def _idn(host: str, allow: Sequence[Network]) -> str:
    """ASCII form of an international name. One that only looks international (full-width digits) is a disguise."""
    import idna  # its tables cost memory and most hosts are ASCII

    plain = unicodedata.normalize("NFKC", host)
    if plain.isascii():
        raise _disguised(plain, allow)
    try:
        name = idna.encode(plain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise UnsafeLink("not an international host name") from None
    if "xn--" not in name:
        raise _disguised(name, allow)
    return name


def _ipv6(host: str) -> IPv6Address:
    inner = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return IPv6Address(inner)
    except AddressValueError:
        raise UnsafeLink("not an IPv6 address") from None


def _ipv4(host: str, allow: Sequence[Network]) -> IPv4Address:
    """A strict dotted quad; decimal, octal, hexadecimal and short forms are disguises."""
    try:
        return IPv4Address(host)
    except AddressValueError:
        meant = _loose_ipv4(host)
    if meant is not None and (reason := classify(meant, allow)):
        raise PrivateAddress(f"{meant} in disguise is {reason}")
    raise UnsafeLink("not a plain IPv4 address")


def _loose_ipv4(host: str) -> IPv4Address | None:
    """The address that browsers read (WHATWG URL, IPv4 parser); None where they see none either."""
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):  # noqa: PLR2004 - a quad
        return None
    try:
        *heads, last = (_loose_number(part) for part in parts)
    except ValueError:
        return None
    if any(head not in range(256) for head in heads) or last >= 256 ** (4 - len(heads)):
        return None
    return IPv4Address(last + sum(head << 8 * (3 - place) for place, head in enumerate(heads)))


def _loose_number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _disguised(plain: str, allow: Sequence[Network]) -> UnsafeLink:
    """The error for a host that reads differently after decoding: private where what it hides is private."""
    bare = unicodedata.normalize("NFKC", plain).partition("%")[0]  # a zone id stands behind %
    try:
        public_host(bare.lstrip("[").rstrip("]"), allow)
    except PrivateAddress as error:
        return error
    except UnsafeLink:
        pass
    return UnsafeLink("encoded or disguised host")
