"""One connection to the egress proxy: heads that are refused, and clients that misbehave."""

from __future__ import annotations

import pytest

from tests.utils import egress_ground as ground
from tests.utils.egress_ground import (
    Client,
    Origin,
    ask,
    internet,
    running,
    until,
)
from utils import egress_session


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://site.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"GET http://site.test/ HTTP/1.1\r\nA: b\nC: d\r\n",
        b"GET /origin-form HTTP/1.1\r\n",
    ],
)
async def test_what_two_readers_could_take_differently_is_refused(head):
    """Request smuggling ends with 400 before anything is connected to."""
    async with internet(Origin()) as world, running(world) as egress:
        with egress.open("job") as ticket:
            assert b"400 Bad Request" in await ask(egress, head + ground.authorization(ticket) + b"\r\n")
        assert world.dialled == []


async def test_heads_have_a_size_and_a_time():
    """Too long, without its carriage returns, or dripping: the head is given up; a client that leaves is no error."""
    async with internet(Origin()) as world, running(world, head_seconds=0.1) as egress:
        assert b"400 Bad Request: head" in await ask(egress, b"GET http://site.test/ HTTP/1.1\r\nA: " + b"a" * 33_000)
        assert b"400 Bad Request: head" in await ask(egress, b"GET http://site.test/ HTTP/1.1\nA: b\n\n")
        assert b"408 Request Timeout" in await ask(egress, b"GET http")
        client = await Client.connect(egress.port)
        await client.say(b"GET")
        await client.close()
        await until(lambda: egress.figures()["open"] == 0)


async def test_a_client_that_doesnt_hang_up_is_left(monkeypatch):
    """After a refusal a silent client is left after a moment, a talkative one after some reads."""
    monkeypatch.setattr(egress_session, "LINGER_SECONDS", 0.05)
    monkeypatch.setattr(egress_session, "LINGER_READS", 1)
    async with internet(Origin()) as world, running(world) as egress:
        silent, talkative = await Client.connect(egress.port), await Client.connect(egress.port)
        for client in (silent, talkative):
            await client.say(b"GET http://site.test/ HTTP/1.1\r\n\r\n")
            assert b" 407 " in await client.head()
        await talkative.say(b"more")
        await until(lambda: egress.figures()["open"] == 0)
        for client in (silent, talkative):
            await client.close()
