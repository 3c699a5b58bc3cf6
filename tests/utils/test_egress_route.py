"""Where the egress proxy connects to: every answer checked, a checked one dialled, failures told from refusals."""

from __future__ import annotations

import pytest

from tests.utils.egress_ground import (
    PUBLIC,
    PUBLIC_TWO,
    PUBLIC_V6,
    Origin,
    ask,
    connect,
    get,
    internet,
    running,
)
from utils.egress import Refusal, open_connection


async def test_one_private_answer_refuses_the_name():
    """A name is refused for a single address that isn't public, and nothing is connected to."""
    async with internet(Origin()) as world, running(world) as egress:
        world.names["mixed.test"] = [PUBLIC, "10.0.0.1", PUBLIC_TWO]
        with egress.open("job") as ticket:
            for request in (get(ticket, "http://mixed.test/x"), connect(ticket, "mixed.test:443")):
                answer = await ask(egress, request)
                assert answer.startswith(b"HTTP/1.1 403 Denied private_address\r\nX-Egress-Denied: private_address\r\n")
            assert ticket.refused[0] == Refusal("mixed.test", "10.0.0.1 is in 10.0.0.0/8", "private_address")
            assert ticket.refused[1].host == "mixed.test:443"
        assert world.dialled == []
        assert egress.figures()["refused"] == 2


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://127.0.0.1/", "private_address"),
        ("http://[::1]/", "private_address"),
        ("http://[::ffff:10.0.0.1]/", "private_address"),
        ("http://169.254.169.254/latest/meta-data", "private_address"),
        ("http://0x7f000001/", "private_address"),
        ("http://2130706433/", "private_address"),
        ("http://localhost/", "private_address"),
        ("http://router.lan/", "private_address"),
        ("http://site.test:22/", "unsafe_link"),
        (f"http://{PUBLIC}:25/", "unsafe_link"),
        ("http://user@site.test/", "unsafe_link"),
        ("http://nodots/", "unsafe_link"),
        ("ftp://site.test/", "unsafe_link"),
    ],
)
async def test_refused_by_the_text_alone(target, code):
    """Private literals in every spelling, special names, odd ports and other schemes; nothing is connected to."""
    async with internet(Origin()) as world, running(world) as egress:
        with egress.open("job") as ticket:
            assert f"X-Egress-Denied: {code}\r\n".encode() in await ask(egress, get(ticket, target))
            assert [refusal.code for refusal in ticket.refused] == [code]
        assert world.dialled == []


async def test_a_name_is_resolved_once_and_its_checked_address_dialled():
    """A name that answers differently the second time gains nothing: there is no second time."""
    async with internet(Origin()) as world, running(world) as egress:
        with egress.open("job") as ticket:
            assert b"200 OK" in await ask(egress, get(ticket, "http://SITE.test./"))
        assert (world.asked, world.dialled) == (["site.test"], [(PUBLIC, 80)])


async def test_every_checked_address_is_tried():
    """IPv4 first, the next where one fails; when none answers it is a failure, not a refusal."""
    async with internet(Origin()) as world, running(world, settings={"connect_seconds": 0.05}) as egress:
        world.names["many.test"] = [PUBLIC_V6, PUBLIC, PUBLIC_TWO]
        world.dead = {PUBLIC}
        with egress.open("job") as ticket:
            assert b"200 OK" in await ask(egress, get(ticket, "http://many.test/"))
            assert world.dialled == [(PUBLIC, 80), (PUBLIC_TWO, 80)]
            world.dead = {PUBLIC, PUBLIC_TWO, PUBLIC_V6}
            assert b"502 Bad Gateway\r\nX-Egress-Failed: connect" in await ask(egress, get(ticket, "http://many.test/"))
            world.silent, world.dead = {PUBLIC_V6}, {PUBLIC, PUBLIC_TWO}
            assert b"504 Gateway Timeout\r\nX-Egress-Failed: timeout" in await ask(
                egress, get(ticket, "http://many.test/")
            )
            assert ticket.refused == []
        assert egress.figures()["failed"] == 2


async def test_names_without_an_address():
    """Unknown, empty, unreadable and late answers of the resolver are failures of DNS."""
    async with internet(Origin()) as world, running(world, settings={"dns_seconds": 0.05}) as egress:
        world.names |= {"empty.test": [], "odd.test": ["not an address"]}
        world.silent = {"late.test"}
        with egress.open("job") as ticket:
            for name in ("gone.test", "empty.test", "odd.test", "late.test"):
                assert b"502 Bad Gateway\r\nX-Egress-Failed: dns" in await ask(egress, get(ticket, f"http://{name}/"))
                assert ticket.failed[-1] == "dns"


async def test_real_connections():
    """Without stand-ins: an address is connected to, by its family."""
    async with internet(Origin()) as world:
        made = await open_connection("127.0.0.1", world.port)
        assert made.getpeername() == ("127.0.0.1", world.port)
        made.close()
        port = world.port
    with pytest.raises(OSError):
        await open_connection("127.0.0.1", port)
    with pytest.raises(OSError):
        await open_connection("::1", port)
