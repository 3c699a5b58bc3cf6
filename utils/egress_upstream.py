"""Ways out through another proxy: HTTP (CONNECT) and SOCKS5. What a text alone can tell is refused before."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote, urlsplit

from utils.egress_http import END_OF_HEAD, HEAD_BYTES, Destination, Request, basic, connect, forwarded, status
from utils.egress_route import Dial, RouteFailed, Rules, host_header
from utils.errors import ConfigError

if TYPE_CHECKING:
    from utils.addresses import Host
    from utils.config import Egress as Settings
    from utils.egress_dns import Resolver

_OK: Final = range(200, 300)
_NO_CREDENTIALS: Final = 407
#: RFC 1928: the version, the two ways to sign in, and the lengths of addresses by their type
_SOCKS: Final = 5
_NO_PASSWORD: Final = 0
_PASSWORD: Final = 2
_SOCKS_LENGTHS: Final = {1: 4, 4: 16}


class Upstream:
    """Hands everything to another proxy, which resolves the names; what a text alone can tell is refused before.

    `url`: that proxy where it isn't the one of the settings.
    """

    scheme: ClassVar[str] = "http"
    usual_port: ClassVar[int] = 80

    def __init__(self, rules: Rules, dial: Dial, settings: Settings, resolver: Resolver, url: str = "") -> None:
        parts = urlsplit(url or settings.upstream)
        if parts.scheme != self.scheme or not parts.hostname:
            raise ConfigError(
                f"{'proxy' if url else 'egress.upstream'} = {parts.scheme}://… does not fit: "
                f"it must be {'http:// or socks5://' if url else 'http://'}[user:pass@]host:port"
            )
        self._host = parts.hostname
        self._port = parts.port or self.usual_port
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._authorization = basic(self._user, self._password) if self._user else ""
        self._rules = rules
        self._dial = dial
        self._resolver = resolver
        self._seconds = settings.connect_seconds + settings.dns_seconds

    async def open(self, request: Request, wanted: Destination) -> tuple[socket.socket, bytes]:
        """As `Direct.open`, through the other proxy."""
        host = self._rules.judge(wanted.host, wanted.port)
        self._rules.judge_port(host, wanted.port)
        made = None
        try:
            async with asyncio.timeout(self._seconds):
                address = (await self._resolver(self._host, self._port))[0]
                made = await self._dial(address, self._port)
                return made, await self._ask(made, request, wanted, host)
        except BaseException as error:
            if made is not None:
                made.close()
            if isinstance(error, TimeoutError):
                raise RouteFailed("timeout", proxy=True) from None
            if isinstance(error, OSError | IndexError):
                raise RouteFailed("connect", proxy=True) from None
            raise

    async def _ask(self, made: socket.socket, request: Request, wanted: Destination, host: Host) -> bytes:
        """Have the other proxy connect; the head to send afterwards."""
        if not wanted.tunnel:
            named = host_header(host, wanted.port)
            return forwarded(request, f"http://{named}{wanted.path}", named, self._authorization)
        await self._tunnel(made, f"{host}:{wanted.port}")
        return b""

    async def _tunnel(self, made: socket.socket, authority: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(made, connect(authority, self._authorization))
        head = b""
        while END_OF_HEAD not in head:
            chunk = await loop.sock_recv(made, HEAD_BYTES)
            head += chunk
            if not chunk or len(head) > HEAD_BYTES:
                raise RouteFailed("upstream", proxy=True)
        # In a tunnel the client speaks first: bytes behind the head belong to a refusal.
        code = status(head)
        if code not in _OK or not head.endswith(END_OF_HEAD):
            raise RouteFailed("upstream", proxy=code in {None, _NO_CREDENTIALS})


class Socks(Upstream):
    """The same through a SOCKS5 proxy (RFC 1928), with user name and password where it wants them (RFC 1929)."""

    scheme: ClassVar[str] = "socks5"
    usual_port: ClassVar[int] = 1080

    async def _ask(self, made: socket.socket, request: Request, wanted: Destination, host: Host) -> bytes:
        """Have the other proxy connect; the head to send afterwards."""
        loop = asyncio.get_running_loop()
        # One method is offered: a proxy that wants a password must not be answered with none, nor one without asked.
        method = _PASSWORD if self._user else _NO_PASSWORD
        await loop.sock_sendall(made, bytes((_SOCKS, 1, method)))
        if await _exactly(made, 2) != bytes((_SOCKS, method)):
            raise RouteFailed("upstream", proxy=True)
        if self._user:
            await loop.sock_sendall(made, b"\x01" + _counted(self._user) + _counted(self._password))
            if (await _exactly(made, 2))[1]:
                raise RouteFailed("upstream", proxy=True)
        await loop.sock_sendall(made, bytes((_SOCKS, 1, 0)) + _socks_host(host) + wanted.port.to_bytes(2, "big"))
        version, refused, _, kind = await _exactly(made, 4)
        if version != _SOCKS:
            raise RouteFailed("upstream", proxy=True)
        if refused:
            raise RouteFailed("upstream")
        length = _SOCKS_LENGTHS.get(kind) or (await _exactly(made, 1))[0]
        await _exactly(made, length + 2)
        return b"" if wanted.tunnel else forwarded(request, wanted.path, host_header(host, wanted.port))


async def _exactly(made: socket.socket, count: int) -> bytes:
    """So many bytes and none behind them. Raises RouteFailed where the other side ends."""
    data = b""
    while len(data) < count:
        chunk = await asyncio.get_running_loop().sock_recv(made, count - len(data))
        if not chunk:
            raise RouteFailed("upstream", proxy=True)
        data += chunk
    return data


def _counted(text: str) -> bytes:
    data = text.encode()[:255]
    return bytes((len(data),)) + data


def _socks_host(host: Host) -> bytes:
    """Type and address; a name stays a name, the proxy resolves it."""
    if host.address is None:
        return b"\x03" + _counted(host.name)
    return (b"\x01" if host.address.version == 4 else b"\x04") + host.address.packed  # noqa: PLR2004 - IPv4
