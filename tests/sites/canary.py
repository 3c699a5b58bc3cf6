"""A canary on a private address: it answers nothing of use and remembers whoever knocks, over TCP or UDP."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from tests.sites.messages import Request

#: A web port, so that a refusal can only be about the address; every process takes a loopback address of its own.
PORT: Final = 8080
NETS: Final = range(77, 97)
SEEN_BYTES: Final = 200
WAIT_SECONDS: Final = 0.3
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 4\r\nConnection: close\r\n\r\nprey"
GLOBAL_V6: Final = IPv6Network("2000::/3")
#: Teredo and 6to4 carry an IPv4 address inside
TUNNELS_V6: Final = (IPv6Network("2001::/23"), IPv6Network("2002::/16"))
#: private in effect though not by Python's tables: protocol assignments and a cloud's host agent
ODD_V4: Final = frozenset({IPv4Address("192.0.0.192"), IPv4Address("168.63.129.16")})


@dataclass(slots=True)
class Knock:
    """One contact: where it came in and, as soon as something was said, how it began."""

    place: str
    first: bytes = b""


class Canary:
    """`host` and `port` are what attacks aim at; `plain_port` is the same on 127.0.0.1 and, where there is one, ::1.

    `own_ports` are ports of 127.0.0.1 that tests may ask for through the proxy.
    """

    def __init__(self) -> None:
        self.knocks: list[Knock] = []
        self.host = ""
        self.port = 0
        self.plain_port = 0
        self.own_ports: set[int] = set()
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen on an address of 127.0.0.0/8 that nobody else has."""
        number = os.getpid()
        for net in NETS:
            wanted = f"127.{net}.{number >> 8 & 255}.{number & 255}"
            with contextlib.suppress(OSError):
                self.host, self.port = wanted, await self._listen(wanted, PORT)
                break
        else:  # another system than Linux has 127.0.0.1 only
            self.host, self.port = "127.0.0.1", await self._listen("127.0.0.1", 0)
        self.plain_port = await self._listen("127.0.0.1", 0)
        if socket.has_dualstack_ipv6():
            await self._listen("::1", self.plain_port)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(self.host, self.port))
        self._datagrams.append(transport)

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for writer in self._writers:
            writer.transport.abort()
        for transport in self._datagrams:
            transport.close()
        await asyncio.sleep(0)  # the loop closes the sockets in its next turn

    def notice(self, request: Request) -> bool:
        """Note a request for a private address that reached the proxy: there it is as good as a connection."""
        own = request.host in {"127.0.0.1", "localhost"} and request.port in self.own_ports
        if own or not leads_inside(request.host):
            return False
        self.knocks.append(Knock("proxy", request.url.encode()[:SEEN_BYTES]))
        return True

    async def _listen(self, host: str, port: int) -> int:
        server = await asyncio.start_server(self._connected, host, port)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        place = ":".join(map(str, writer.get_extra_info("sockname")[:2]))
        try:
            # Noted before a byte has come: the connection itself is the offence.
            knock = Knock(place)
            self.knocks.append(knock)
            knock.first = await asyncio.wait_for(reader.read(SEEN_BYTES), WAIT_SECONDS)
            writer.write(ANSWER)
            await writer.drain()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


def leads_inside(host: str) -> bool:
    """Whether a host is a private address in any spelling that the most lenient parser would accept."""
    plain = unicodedata.normalize("NFKC", unquote(host)).strip("[].").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return True
    for read in (ip_address, _as_libc_reads, _without_leading_zeros):
        with contextlib.suppress(ValueError, OSError):
            if _inside(read(plain)):
                return True
    return False


def _inside(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address not in GLOBAL_V6 or any(address in network for network in TUNNELS_V6)
    return not address.is_global or address.is_multicast or address in ODD_V4


def _as_libc_reads(host: str) -> IPv4Address:
    return IPv4Address(socket.inet_aton(host))


def _without_leading_zeros(host: str) -> IPv4Address:
    """As those read it who don't know octal."""
    return IPv4Address(".".join(part.lstrip("0") or "0" for part in host.split(".")))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, canary: Canary) -> None:
        self._canary = canary

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._canary.knocks.append(Knock("udp", data[:SEEN_BYTES]))
