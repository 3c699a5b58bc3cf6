"""The egress proxy behind another proxy: names go on unresolved, what the text alone tells is refused first."""

from __future__ import annotations

import asyncio

import pytest

from tests.utils import egress_ground as ground
from tests.utils.egress_ground import PUBLIC, Client, ask, connect, get, internet, running
from utils.egress import Egress
from utils.egress_http import HEAD_BYTES
from utils.errors import ConfigError

UPSTREAM = "http://me:p%40ss@proxy.test:3128"


class Proxy:
    """The other proxy: notes heads, answers `reply`, echoes afterwards."""

    def __init__(self, reply: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.reply = reply
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(ground.HEAD_END))
        writer.write(self.reply)
        await writer.drain()
        while self.heads[0].startswith(b"CONNECT") and (data := await reader.read(65536)):
            writer.write(data)
            await writer.drain()


def behind(world: ground.Internet, url: str = UPSTREAM, **changes: object):
    world.names = {"proxy.test": [PUBLIC]}
    return running(world, settings={"upstream": url, **changes})


async def test_a_tunnel_through_the_upstream():
    """The upstream is asked with its credentials for the name as it is, and then carries the bytes."""
    proxy = Proxy()
    async with internet(proxy) as world, behind(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "unknown.example:443"))
            assert b" 200 " in await client.head()
            await client.say(b"hello")
            assert await client.reader.readexactly(5) == b"hello"
            await client.close()
        assert proxy.heads == [
            b"CONNECT unknown.example:443 HTTP/1.1\r\nHost: unknown.example:443\r\n%s\r\n"
            % b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n"
        ]
        assert (world.asked, world.dialled) == (["proxy.test"], [(PUBLIC, 3128)])


async def test_plain_http_through_the_upstream():
    """Plain requests keep their absolute form; without credentials none are sent."""
    proxy = Proxy(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    async with internet(proxy) as world, behind(world, "http://proxy.test") as egress:
        with egress.open("job") as ticket:
            assert (await ask(egress, get(ticket, "http://unknown.example:8080/x?y"))).endswith(b"ok")
        assert proxy.heads == [
            b"GET http://unknown.example:8080/x?y HTTP/1.1\r\nHost: unknown.example:8080\r\nConnection: close\r\n\r\n"
        ]
        assert world.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("10.0.0.1:443", b"private_address"),
        ("[::1]:443", b"private_address"),
        ("localhost:443", b"private_address"),
        ("printer.local:443", b"private_address"),
        ("me.example:443", b"private_address"),
        ("site.example:22", b"unsafe_link"),
        (f"{PUBLIC}:22", b"unsafe_link"),
    ],
)
async def test_refused_before_the_upstream(target, code):
    """The upstream hears nothing of literal private addresses, special names, own names and odd ports."""
    async with internet(Proxy()) as world:
        world.names = {"proxy.test": [PUBLIC]}
        async with running(world, settings={"upstream": UPSTREAM}, own_hosts=("me.example",)) as egress:
            with egress.open("job") as ticket:
                assert b"X-Egress-Denied: " + code in await ask(egress, connect(ticket, target))
        assert world.dialled == []


async def test_allowed_addresses_go_to_the_upstream_too():
    """EGRESS_ALLOW is obeyed; everything goes through the one proxy."""
    proxy = Proxy(b"HTTP/1.1 200 OK\r\n\r\n")
    async with internet(proxy) as world, behind(world, allow=("127.0.0.0/8",)) as egress:
        with egress.open("job") as ticket:
            assert b"200 OK" in await ask(egress, get(ticket, "http://127.0.0.1:9/"))
        assert world.dialled == [(PUBLIC, 3128)]


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 403 Forbidden\r\n\r\nbody",
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nunasked",
        b"nonsense\r\n\r\n",
        b"x" * (HEAD_BYTES + 1),
    ],
)
async def test_an_upstream_that_refuses(reply):
    """A tunnel that the upstream doesn't open is a failure of the upstream."""
    async with internet(Proxy(reply)) as world, behind(world) as egress:
        with egress.open("job") as ticket:
            assert b"502 Bad Gateway\r\nX-Egress-Failed: upstream" in await ask(
                egress, connect(ticket, "a.example:443")
            )


async def test_an_upstream_that_hangs_up():
    """An upstream that ends without a word is a failure too."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(ground.HEAD_END)

    async with internet(mute) as world, behind(world) as egress:
        with egress.open("job") as ticket:
            assert b"X-Egress-Failed: upstream" in await ask(egress, connect(ticket, "a.example:443"))


async def test_an_upstream_out_of_reach():
    """Unknown, unreachable and silent upstreams are told apart from refusals."""
    async with internet(Proxy()) as world, behind(world, connect_seconds=0.05, dns_seconds=0.05) as egress:
        with egress.open("job") as ticket:
            request = connect(ticket, "a.example:443")
            world.dead = {PUBLIC}
            assert b"502 Bad Gateway\r\nX-Egress-Failed: connect" in await ask(egress, request)
            world.dead, world.silent = set(), {PUBLIC}
            assert b"504 Gateway Timeout\r\nX-Egress-Failed: timeout" in await ask(egress, request)
            world.names = {"proxy.test": []}
            assert b"X-Egress-Failed: connect" in await ask(egress, request)
            world.names = {}
            assert b"X-Egress-Failed: connect" in await ask(egress, request)


async def test_a_cancel_while_the_upstream_is_asked():
    """A cut leaves no socket behind, whatever the upstream is doing."""
    asked = asyncio.Event()

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(ground.HEAD_END)
        asked.set()
        await reader.read()

    async with internet(hangs) as world, behind(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "a.example:443"))
            await asked.wait()
        assert await client.ends() == "reset"
        await client.close()


@pytest.mark.parametrize("url", ["https://proxy.test:3128", "http://:3128", "socks5://proxy.test"])
def test_upstreams_of_another_kind_are_a_config_error(url):
    """Only a plain HTTP proxy is understood; the line doesn't repeat credentials."""
    with pytest.raises(ConfigError, match="upstream"):
        Egress(ground.settings(upstream=url))
