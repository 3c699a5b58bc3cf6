"""The egress proxy behind another proxy: names go on unresolved, what the text alone tells is refused first."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

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
            assert ticket.failed[-1] == "proxy"
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


# --- a way out of one job's own


SOCKS = "socks5://proxy.test"


class SocksProxy:
    """A SOCKS5 proxy: expects these words in turn, answers each, then echoes or plays the site."""

    def __init__(self, *turns: tuple[bytes, bytes], after: bytes = b"") -> None:
        self.turns = turns
        self.after = after
        self.heard: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for wanted, answer in self.turns:
            self.heard.append(await reader.readexactly(len(wanted)))
            writer.write(answer)
            await writer.drain()
        if self.after:
            self.heard.append(await reader.readuntil(ground.HEAD_END))
            writer.write(self.after)
            await writer.drain()
            return
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


FREE = (b"\x05\x01\x00", b"\x05\x00")
TO_NAME = b"\x05\x01\x00\x03\x09a.example\x01\xbb"
TO_V6 = b"\x05\x01\x00\x04" + ip_address(ground.PUBLIC_V6).packed + b"\x01\xbb"
BOUND = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"


@pytest.fixture
async def job():
    """Serve one job whose own proxy behaves as the test says; what a CONNECT gives, and the world."""

    async def ask_through(proxy, url, request=None, **limits):
        async with internet(proxy) as world:
            world.names = {"proxy.test": [PUBLIC]}
            async with running(world, settings={"upstream": "http://other.test", **limits}) as egress:
                with egress.open("job", upstream=url) as ticket:
                    answer = await ask(egress, (request or (lambda own: connect(own, "a.example:443")))(ticket))
                return answer, ticket, world

    return ask_through


async def test_a_job_with_a_proxy_of_its_own_uses_no_other(job):
    """Neither the proxy for everything nor a direct connection; other jobs are not concerned."""
    proxy = Proxy(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    answer, ticket, world = await job(proxy, "http://me:pw@proxy.test:3128", lambda own: get(own, "http://a.example/"))
    assert answer.endswith(b"ok")
    assert b"Proxy-Authorization: Basic bWU6cHc=" in proxy.heads[0]
    assert (world.asked, world.dialled, ticket.route_failed) == (["proxy.test"], [(PUBLIC, 3128)], "")


@pytest.mark.parametrize("url", ["http://proxy.test", SOCKS])
@pytest.mark.parametrize("target", ["10.0.0.1:443", "[::1]:443", "localhost:443", "site.example:22"])
async def test_a_proxy_of_its_own_opens_no_other_doors(job, url, target):
    """Literal private addresses and odd ports are refused before that proxy hears of them."""
    answer, ticket, world = await job(Proxy(), url, lambda own: connect(own, target))
    assert b"X-Egress-Denied" in answer
    assert (world.dialled, ticket.route_failed) == ([], "")


@pytest.mark.parametrize(
    ("reply", "failed"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", "upstream"),
        (b"nonsense\r\n\r\n", "upstream"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", ""),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ""),
    ],
)
async def test_a_proxy_that_is_no_use_is_told_from_a_site_out_of_its_reach(job, reply, failed):
    """Wrong credentials and nonsense speak against the proxy, its refusal of one site does not."""
    answer, ticket, _ = await job(Proxy(reply), "http://proxy.test")
    assert b"X-Egress-Failed: upstream" in answer
    assert ticket.route_failed == failed


async def test_a_dead_proxy_is_noted_on_the_ticket(job):
    """Its name may be unknown, it may refuse, or never say a word."""

    async def mute(reader, writer):
        await reader.read()

    short = {"connect_seconds": 0.05, "dns_seconds": 0.05}
    assert (await job(mute, "http://proxy.test", **short))[1].route_failed == "timeout"
    assert (await job(mute, SOCKS, **short))[1].route_failed == "timeout"
    assert (await job(mute, "http://unknown.test"))[1].route_failed == "connect"


async def test_a_dead_proxy_for_everything_is_noted_nowhere():
    """Only a proxy of the job's own can be exchanged for another."""
    async with internet(Proxy()) as world, behind(world) as egress:
        world.dead = {PUBLIC}
        with egress.open("job") as ticket:
            assert b"X-Egress-Failed: connect" in await ask(egress, connect(ticket, "a.example:443"))
        assert ticket.route_failed == ""


@pytest.mark.parametrize(
    ("url", "target", "turns"),
    [
        (SOCKS, "a.example:443", [FREE, (TO_NAME, BOUND)]),
        (SOCKS, "a.example:443", [FREE, (TO_NAME, b"\x05\x00\x00\x03\x02ab\x00\x00")]),
        (SOCKS, "a.example:443", [FREE, (TO_NAME, b"\x05\x00\x00\x04" + bytes(18))]),
        (
            "socks5://me:p%40ss@proxy.test:1081",
            "a.example:443",
            [(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x02me\x04p@ss", b"\x01\x00"), (TO_NAME, BOUND)],
        ),
        (SOCKS, f"{PUBLIC}:443", [FREE, (b"\x05\x01\x00\x01\x5d\xb8\xd8\x22\x01\xbb", BOUND)]),
        (SOCKS, f"[{ground.PUBLIC_V6}]:443", [FREE, (TO_V6, BOUND)]),
    ],
)
async def test_a_tunnel_through_socks(url, target, turns):
    """Names go on unresolved, with user and password where there are any; then bytes pass both ways."""
    proxy = SocksProxy(*turns)
    async with internet(proxy) as world:
        world.names = {"proxy.test": [PUBLIC]}
        async with running(world) as egress:
            with egress.open("job", upstream=url) as ticket:
                client = await Client.connect(egress.port)
                await client.say(connect(ticket, target))
                assert b" 200 " in await client.head()
                await client.say(b"hello")
                assert await client.reader.readexactly(5) == b"hello"
                await client.close()
    assert proxy.heard == [wanted for wanted, _ in turns]


async def test_plain_http_through_socks(job):
    """The site sees an ordinary request, the proxy only where it goes."""
    proxy = SocksProxy(
        FREE, (b"\x05\x01\x00\x03\x09a.example\x00\x50", BOUND), after=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )
    answer, _, _ = await job(proxy, SOCKS, lambda own: get(own, "http://a.example/x"))
    assert answer.endswith(b"ok")
    assert proxy.heard[-1] == b"GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("url", "turns", "failed"),
    [
        (SOCKS, [(FREE[0], b"\x05\xff")], "upstream"),
        (SOCKS, [(FREE[0], b"HT")], "upstream"),
        (SOCKS, [FREE, (TO_NAME, b"\x04\x00\x00\x01")], "upstream"),
        (SOCKS, [FREE, (TO_NAME, b"\x05\x04\x00\x01")], ""),
        ("socks5://me:pw@proxy.test", [(b"\x05\x01\x02", b"\x05\x02"), (b"\x01\x02me\x02pw", b"\x01\x01")], "upstream"),
    ],
)
async def test_a_socks_proxy_that_refuses(job, url, turns, failed):
    """A refusal to serve us speaks against the proxy, a site that it can't reach doesn't."""
    answer, ticket, _ = await job(SocksProxy(*turns), url)
    assert b"X-Egress-Failed: upstream" in answer
    assert ticket.route_failed == failed


async def test_a_socks_proxy_that_hangs_up(job):
    """In the middle of its first word."""

    async def brief(reader, writer):
        await reader.readexactly(3)
        writer.write(b"\x05")

    answer, ticket, _ = await job(brief, SOCKS)
    assert b"X-Egress-Failed: upstream" in answer
    assert ticket.route_failed == "upstream"


async def test_a_proxy_of_another_kind_is_refused_at_once(job):
    """The line names what fits and repeats no credentials."""
    with pytest.raises(ConfigError, match=r"proxy = https://… does not fit: it must be http:// or socks5://") as error:
        await job(Proxy(), "https://me:secret@proxy.test")
    assert "secret" not in error.value.detail
