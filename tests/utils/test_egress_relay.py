"""What passes through the egress proxy, byte by byte, and how transfers end."""

from __future__ import annotations

import asyncio
import os

from tests.utils import egress_ground as ground
from tests.utils.egress_ground import (
    PUBLIC,
    Client,
    Origin,
    ask,
    connect,
    echo,
    get,
    internet,
    running,
    until,
)

BODY = os.urandom(1 << 20) * 3


async def test_plain_http_is_relayed():
    """The origin sees an origin-form request without anything of the proxy's, the client the exact bytes."""
    origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            answer = await ask(
                egress, get(ticket, "http://site.test/a?b=c", b"Proxy-Connection: keep-alive\r\nAccept: */*\r\n")
            )
            assert answer.partition(ground.HEAD_END)[2] == BODY
            assert origin.heads == [
                b"GET /a?b=c HTTP/1.1\r\nHost: site.test\r\naccept: */*\r\nConnection: close\r\n\r\n"
            ]
            assert world.dialled == [(PUBLIC, 80)]
            assert ticket.bytes_down == len(answer)
            assert ticket.figures() == {
                "bytes_down": len(answer),
                "bytes_up": len(origin.heads[0]),
                "connections": 1,
                "refused": 0,
            }
        assert egress.figures()["bytes_down"] == len(answer)


async def test_a_tunnel_carries_both_directions():
    """After CONNECT bytes pass unchanged; the end of one direction leaves the other open."""
    async with internet(echo) as world, running(world) as egress, asyncio.timeout(20):
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "site.test:443") + b"early ")
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")

            async def send() -> None:
                await client.say(BODY)
                client.writer.write_eof()

            sending = asyncio.create_task(send())
            assert await client.all() == b"early " + BODY + b"bye"
            await sending
            await client.close()
            await until(lambda: ticket.open_connections == 0)
            assert (ticket.bytes_up, ticket.bytes_down) == (6 + len(BODY), 9 + len(BODY))


async def test_silence_is_cut():
    """A connection on which nothing moves is reset after the ticket's idle limit; movement prolongs it."""
    now, asked = [0.0], [0]

    def clock() -> float:
        asked[0] += 1
        return now[0]

    async with internet(echo) as world, running(world, clock=clock) as egress:
        with egress.open("job", idle_seconds=0.01) as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "site.test:443"))
            await client.head()
            for _ in range(3):
                now[0] += 0.009
                await client.say(b"x")
                assert await client.reader.readexactly(1) == b"x"
            before = asked[0]
            await until(lambda: asked[0] > before)  # the timer looks and finds movement
            now[0] += 0.01
            assert await client.ends() == "reset"
            await client.close()


async def test_a_broken_answer_is_seen_as_broken():
    """Where the origin breaks off the client sees a reset: a clean end could pass for the end of a file."""

    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(ground.HEAD_END)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await writer.drain()
        Client(reader, writer).abort()

    async with internet(breaks) as world, running(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(get(ticket, "http://site.test/"))
            assert await client.ends() == "reset"
            await client.close()


async def test_a_client_that_leaves_ends_the_transfer():
    """Nothing is fetched for a client that has gone."""
    origin = Origin(b"HTTP/1.1 200 OK\r\n\r\n", stay=True)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(get(ticket, "http://site.test/"))
            await client.head()
            await client.close()
            await asyncio.wait_for(origin.ended.wait(), 10)
            await until(lambda: ticket.open_connections == 0)


async def test_a_client_that_breaks_off_ends_a_tunnel():
    """A reset of the client reaches the other side."""
    origin = Origin(b"x", stay=True)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "site.test:443") + ground.HEAD_END)
            await client.head()
            client.abort()
            await asyncio.wait_for(origin.ended.wait(), 10)
            await until(lambda: ticket.open_connections == 0)


async def test_a_body_is_passed_on():
    """A request's body goes up whole, whatever its pieces."""
    origin = Origin(stay=True)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            head = get(ticket, "http://site.test/", b"Content-Length: 10\r\n").replace(b"GET", b"POST")
            client = await Client.connect(egress.port)
            await client.say(head + b"12345")
            await until(lambda: origin.after == b"12345")
            await client.say(b"67890")
            await until(lambda: origin.after == b"1234567890")
            await client.close()
            await asyncio.wait_for(origin.ended.wait(), 10)


async def test_a_body_cut_short():
    """A client that leaves in the middle of its body ends the exchange."""
    origin = Origin(stay=True)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(get(ticket, "http://site.test/", b"Content-Length: 10\r\n") + b"12345")
            await until(lambda: origin.after == b"12345")
            await client.close()
            await asyncio.wait_for(origin.ended.wait(), 10)


async def test_a_second_request_never_reaches_the_first_origin():
    """One request per connection: what follows, at once or later, is not relayed."""
    origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", stay=True)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            second = get(ticket, "http://10.0.0.1/secret")
            early = await Client.connect(egress.port)
            await early.say(get(ticket, "http://site.test/") + second)
            assert await early.ends() == "reset"
            late = await Client.connect(egress.port)
            await late.say(get(ticket, "http://site.test/"))
            await late.head()
            await late.say(second)
            assert await late.ends() == "reset"
            await early.close()
            await late.close()
        assert (len(origin.heads), origin.after) == (1, b"")


async def test_an_upgrade_is_not_tunnelled():
    """A websocket is asked for in vain: the origin never hears of it, and what follows goes nowhere."""
    origin = Origin(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", stay=True)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(get(ticket, "http://site.test/", b"Upgrade: websocket\r\nConnection: Upgrade\r\n"))
            await client.head()
            await client.say(b"frame")
            assert await client.ends() == "reset"
            await client.close()
        assert b"pgrade" not in origin.heads[0]
        assert origin.after == b""
