"""The egress proxy with real sockets: what passes, what is refused, and what ends a connection."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import urllib.error
import urllib.request

import pytest

from tests.utils import egress_ground as ground
from tests.utils import media_ground as ground_media
from tests.utils.egress_ground import PUBLIC, PUBLIC_TWO, PUBLIC_V6, Client, ask, connect, get, internet, running, until
from utils import egress as egress_module
from utils import egress_session
from utils.egress import Egress, Refusal, open_connection
from utils.egress_ticket import REFUSALS
from utils.errors import ConfigError
from utils.ffmpeg import GATE, GATE_VARIABLE

BODY = os.urandom(1 << 20) * 3


class Origin:
    """Notes every head and answers `reply`; then closes unless told to `stay`."""

    def __init__(self, reply: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", *, stay: bool = False) -> None:
        self.reply = reply
        self.stay = stay
        self.heads: list[bytes] = []
        self.after = b""
        self.ended = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.heads.append(await reader.readuntil(ground.HEAD_END))
            writer.write(self.reply)
            await writer.drain()
            if self.stay:
                while data := await reader.read(65536):
                    self.after += data
        finally:
            self.ended.set()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back what it gets, and a last word after the client's end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write(b"bye")
    await writer.drain()


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


async def test_without_credentials_nothing_goes_out():
    """No, wrong or ended credentials: 407, which is how ffmpeg learns to send them."""
    async with internet(Origin()) as world, running(world) as egress:
        ticket, other = egress.open("job"), egress.open("job")
        assert (ticket.name, other.name) == ("job", "job.2")
        requests = [
            b"GET http://site.test/ HTTP/1.1\r\n\r\n",
            get(ticket, "http://site.test/").replace(
                ground.authorization(ticket), b"Proxy-Authorization: Basic am9iOng=\r\n"
            ),
            get(ticket, "http://site.test/").replace(
                ground.authorization(ticket), b"Proxy-Authorization: Basic bm86eA==\r\n"
            ),
        ]
        ticket.close()
        ticket.close()
        requests.append(get(ticket, "http://site.test/"))
        for request in requests:
            answer = await ask(egress, request)
            assert answer.startswith(b"HTTP/1.1 407 ")
            assert b"Proxy-Authenticate: Basic" in answer
        assert b"200 OK" in await ask(egress, get(other, "http://site.test/"))
        assert len(world.dialled) == 1


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


async def test_connections_are_bounded(monkeypatch):
    """One job holds so many connections, all together so many."""
    monkeypatch.setattr(egress_session, "TICKET_CONNECTIONS", 1)
    monkeypatch.setattr(egress_module, "CONNECTIONS", 2)
    async with internet(echo) as world, running(world) as egress:
        with egress.open("job") as ticket, egress.open("other") as other:
            first = await Client.connect(egress.port)
            await first.say(connect(ticket, "site.test:443"))
            await first.head()
            assert b"503 Too Many Connections" in await ask(egress, connect(ticket, "site.test:443"))
            await until(lambda: egress.figures()["open"] == 1)
            second = await Client.connect(egress.port)
            await second.say(connect(other, "site.test:443"))
            await second.head()
            third = await Client.connect(egress.port)
            assert await third.ends() == "reset"
            for client in (first, second, third):
                await client.close()


async def test_refusals_kept_are_bounded():
    """A page of ten thousand private links fills no memory."""
    async with internet(Origin()) as world, running(world) as egress:
        ticket = egress.open("job")
        for number in range(REFUSALS + 5):
            ticket.refuse(Refusal(str(number), "why", "private_address"))
        assert (len(ticket.refused), egress.figures()["refused"]) == (REFUSALS, REFUSALS + 5)


async def test_this_service_is_no_destination():
    """Own names and addresses are refused, and the proxy itself even where its network is allowed."""
    own = ("me.example.com", f"{PUBLIC_TWO}:443", "[2606:4700::1]")
    async with (
        internet(Origin()) as world,
        running(world, own_hosts=own, settings={"allow": ("127.0.0.0/8",)}) as egress,
    ):
        world.names |= {
            "me.example.com": [PUBLIC],
            "alias.test": [PUBLIC_TWO],
            "six.test": ["2606:4700::1"],
            "loop.test": ["127.0.0.1"],
        }
        with egress.open("job") as ticket:
            for target in ("me.example.com:443", "alias.test:443", "six.test:80", f"loop.test:{egress.port}"):
                assert b"403 Denied private_address" in await ask(egress, connect(ticket, target)), target
            assert b"403 Denied private_address" in await ask(egress, get(ticket, f"http://127.0.0.1:{egress.port}/"))
            assert world.dialled == []
            assert b"200 OK" in await ask(egress, get(ticket, "http://alias.test/"))


async def test_allowed_networks():
    """EGRESS_ALLOW opens a network, with every port, and nothing beside it."""
    async with internet(Origin()) as world, running(world, settings={"allow": ("127.0.0.0/8",)}) as egress:
        with egress.open("job") as ticket:
            assert b"200 OK" in await ask(egress, get(ticket, f"http://127.0.0.1:{world.port}/"))
            world.names["localhost"] = ["127.0.0.1"]
            assert b"200 OK" in await ask(egress, get(ticket, f"http://localhost:{world.port}/"))
            assert b"403 Denied" in await ask(egress, get(ticket, "http://10.0.0.1/"))


async def test_stopping_cuts_everything():
    """After stop nothing is open, a second stop does nothing, and a start serves again."""
    async with internet(echo) as world:
        egress = Egress(ground.settings(), resolver=world.resolve, dial=world.dial)
        await egress.stop()
        await egress.start()
        client = await Client.connect(egress.port)
        await client.say(connect(egress.open("job"), "site.test:443"))
        await client.head()
        await egress.stop()
        await egress.stop()
        assert await client.ends() == "reset"
        await client.close()
        assert (egress.figures()["tickets"], egress.figures()["open"], egress.port) == (0, 0, 0)
        await egress.start()
        assert b" 407 " in await ask(egress, b"GET http://site.test/ HTTP/1.1\r\n\r\n")
        await egress.stop()


async def test_running_out_of_descriptors_is_survived(monkeypatch):
    """A failed accept is tried again after a rest."""
    monkeypatch.setattr(egress_module, "ACCEPT_REST_SECONDS", 0)
    loop = asyncio.get_running_loop()
    accept, failures = loop.sock_accept, [OSError(24, "Too many open files")]

    async def failing(listener: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop()
        return await accept(listener)

    monkeypatch.setattr(loop, "sock_accept", failing)
    async with internet(Origin()) as world, running(world) as egress:
        with egress.open("job") as ticket:
            assert b"200 OK" in await ask(egress, get(ticket, "http://site.test/"))
    assert failures == []


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


def test_what_a_ticket_shows():
    """Its name is plain whatever it was called; its representation holds no token."""
    egress = Egress(ground.settings())
    ticket = egress.open("ü/@:x")
    assert ticket.name == "----x"
    assert ticket.proxy_url.startswith("http://----x:")
    assert repr(ticket) == "<Ticket ----x>"
    assert egress.open("").name == "job"


def test_bad_networks_are_a_config_error():
    """A bad EGRESS_ALLOW is told at once."""
    with pytest.raises(ConfigError):
        Egress(ground.settings(allow=("nonsense",)))


async def test_real_clients_understand_the_refusals():
    """Plain urllib shows the header of a refused plain request, http.client the code of a refused tunnel."""
    async with internet(Origin()) as world, running(world) as egress:
        with egress.open("job") as ticket:
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({"http": ticket.proxy_url, "https": ticket.proxy_url})
            )

            def fetch(url: str) -> bytes:
                with opener.open(url, timeout=10) as response:
                    return bytes(response.read())

            assert await asyncio.to_thread(fetch, "http://site.test/") == b"ok"
            with pytest.raises(urllib.error.HTTPError) as plain:
                await asyncio.to_thread(fetch, "http://10.0.0.1/")
            assert plain.value.headers["X-Egress-Denied"] == "private_address"
            plain.value.close()
            with pytest.raises((urllib.error.URLError, http.client.HTTPException), match="403 Denied private_address"):
                await asyncio.to_thread(fetch, "https://10.0.0.1/")


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


async def test_ffmpeg_reaches_the_network_through_the_proxy_alone(tmp_path):
    """The real program sends its credentials when asked; without the proxy the gate lets it nowhere."""
    media = ground_media.make(tmp_path, "sound.mp3", *ground_media.TONE)
    origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % media.stat().st_size + media.read_bytes())
    async with internet(origin) as world, running(world) as egress:
        with egress.open("job") as ticket:

            async def ffmpeg(url: str, proxy: str) -> int:
                given = {GATE_VARIABLE: str(ground_media.program()), "http_proxy": proxy, "no_proxy": "*"}
                arguments = ("-loglevel", "error", "-i", url, "-f", "null", "-")
                process = await asyncio.create_subprocess_exec(
                    GATE, *arguments, env=given, stderr=asyncio.subprocess.DEVNULL
                )
                return await process.wait()

            assert await ffmpeg("http://site.test/sound.mp3", ticket.proxy_url) == 0
            assert await ffmpeg("http://10.0.0.1/sound.mp3", ticket.proxy_url) != 0
            assert await ffmpeg("http://site.test/sound.mp3", "") != 0
            assert [refusal.host for refusal in ticket.refused] == ["10.0.0.1:80"]
