"""The egress proxy as a part: tickets, credentials, bounds, start and stop, and what real clients make of it."""

from __future__ import annotations

import asyncio
import http.client
import socket
import urllib.error
import urllib.request

import pytest

from tests.utils import egress_ground as ground
from tests.utils import media_ground as ground_media
from tests.utils.egress_ground import (
    PUBLIC,
    PUBLIC_TWO,
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
from utils import egress as egress_module
from utils import egress_session
from utils.egress import Egress
from utils.errors import ConfigError
from utils.ffmpeg import GATE, GATE_VARIABLE


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


def test_what_a_ticket_shows():
    """Its name is plain whatever it was called; its representation holds no token."""
    egress = Egress(ground.settings())
    ticket = egress.open("ü/@:x")
    assert ticket.name == "----x"
    assert ticket.proxy_url.startswith("http://----x:")
    assert repr(ticket) == "<Ticket ----x>"
    assert egress.open("").name == "job"


@pytest.mark.parametrize("bad", [{"allow": ("nonsense",)}, {"upstream": "https://proxy.test"}])
def test_bad_settings_are_told_at_once(bad):
    """Not at the first job: a network that is none, an upstream of another kind."""
    with pytest.raises(ConfigError):
        Egress(ground.settings(**bad))
    assert Egress(ground.settings(upstream="http://proxy.test")).figures()["open"] == 0


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


@pytest.mark.parametrize("closed", [False, True])
async def test_it_accepts_again_on_the_same_port(closed):
    """Its task is dead, or its port is closed too; whoever has credentials keeps them."""
    async with internet(Origin()) as world, running(world) as egress:
        ticket, port = egress.open("job"), egress.port
        assert egress.health().ok
        egress._accepting.cancel()
        await asyncio.wait({egress._accepting})
        assert egress.health().detail == "egress: its task is dead"
        if closed:
            egress._listener.close()
            assert egress.health().detail == "its port is closed"
        await egress.restart()
        assert egress.health().ok
        assert egress.port == port
        assert b"200 OK" in await ask(egress, get(ticket, "http://site.test/"))


async def test_a_port_that_somebody_has_taken_is_told():
    """Then the part can't be brought back like this."""
    async with internet(Origin()) as world, running(world) as egress:
        egress._listener.close()
        with socket.create_server(("127.0.0.1", egress.port)), pytest.raises(OSError, match="in use"):
            await egress.restart()
