"""The bounds of one job: quota, cancel, and what is remembered."""

from __future__ import annotations

import os

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
from utils.egress import Refusal
from utils.egress_ticket import REFUSALS, Figures, Ticket

BODY = os.urandom(1 << 20) * 3


async def test_the_quota_cuts():
    """What moves more than its quota is cut off with a reset, and gets no more connections."""
    origin = Origin(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job", quota_bytes=100_000) as ticket:
            client = await Client.connect(egress.port)
            await client.say(get(ticket, "http://site.test/"))
            assert await client.ends() == "reset"
            await client.close()
            assert ticket.over_quota
            assert b"X-Egress-Denied: quota" in await ask(egress, get(ticket, "http://site.test/"))
        assert egress.figures()["over_quota"] == 1
        assert len(world.dialled) == 1


async def test_the_quota_counts_uploads():
    """Bytes that go up count as well."""
    async with internet(echo) as world, running(world) as egress:
        with egress.open("job", quota_bytes=1000) as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "site.test:443") + bytes(2000))
            assert await client.ends() == "reset"
            await client.close()
            assert ticket.over_quota


async def test_cancel_cuts_at_once():
    """Cancelling resets every connection of the ticket, those of others go on, and its credentials are dead."""
    async with internet(echo) as world, running(world) as egress:
        ticket, other = egress.open("one"), egress.open("two")
        clients = [await Client.connect(egress.port) for _ in range(3)]
        for client, owner in zip(clients, (ticket, ticket, other), strict=True):
            await client.say(connect(owner, "site.test:443"))
            await client.head()
        ticket.cancel()
        assert [await client.ends() for client in clients[:2]] == ["reset", "reset"]
        await clients[2].say(b"x")
        assert await clients[2].reader.readexactly(1) == b"x"
        assert b" 407 " in await ask(egress, get(ticket, "http://site.test/"))
        assert (ticket.connections, ticket.open_connections) == (2, 0)
        for client in clients:
            await client.close()


async def test_a_cancel_reaches_a_connection_that_is_still_being_made():
    """Neither DNS nor dialling outlives the ticket."""
    async with internet(echo) as world, running(world) as egress:
        world.silent = {PUBLIC}
        with egress.open("job") as ticket:
            client = await Client.connect(egress.port)
            await client.say(connect(ticket, "site.test:443"))
            await until(lambda: bool(world.dialled))
        assert await client.ends() == "reset"
        await client.close()
        await until(lambda: egress.figures()["open"] == 0)


async def test_refusals_kept_are_bounded():
    """A page of ten thousand private links fills no memory."""
    async with internet(Origin()) as world, running(world) as egress:
        ticket = egress.open("job")
        for number in range(REFUSALS + 5):
            ticket.refuse(Refusal(str(number), "why", "private_address"))
        assert (len(ticket.refused), egress.figures()["refused"]) == (REFUSALS, REFUSALS + 5)


def test_destinations_out_of_reach_are_noted_within_a_bound():
    """The first ones tell the story."""
    ticket = Ticket("a", 1, Figures(), lambda _ticket: None, quota_bytes=None, idle_seconds=1)
    for number in range(REFUSALS + 5):
        ticket.fail(f"dns{number}")
    assert ticket.failed == [f"dns{number}" for number in range(REFUSALS)]
