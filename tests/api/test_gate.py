"""The first thing on the port: bounds, health without the web app, and the way inside."""

import asyncio
import json
import subprocess
import sys

import pytest

import api.engine
import api.gate
import api.peers
from api.server import HttpPart
from services.app import App
from tests.api.client import raw
from tests.api.stage import LIVE, listener, settings_for
from utils.texts import Texts


class Server(HttpPart):
    """One that takes two connections inside, and tells its port."""

    def __init__(self, app, sock):
        super().__init__(app, sock, connections=2)
        self.port = sock.getsockname()[1]
        self.app = app


@pytest.fixture
async def part(tmp_path):
    app = App(settings=settings_for(tmp_path), texts=Texts(strict=True), state=lambda: dict(LIVE))
    part = Server(app, listener())
    await part.start()
    yield part
    await part.stop()


def read(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


async def test_health_is_answered_before_the_web_app_is_loaded(part):
    """A host that only asks for /health never makes the process load it."""
    status, head, body = read(await raw(part.port, b"GET /health HTTP/1.1\r\nHost: any.where\r\n\r\n"))
    assert (status, json.loads(body)["status"]) == (200, "ok")
    assert b"connection: close" in head
    assert part._engine is None


@pytest.mark.parametrize("path", [b"/health?from=render", b"/ready"])
async def test_a_query_and_readiness_are_answered_too(part, path):
    """Both questions of hosts."""
    status, _, body = read(await raw(part.port, b"GET " + path + b" HTTP/1.0\r\n\r\n"))
    assert (status, bool(json.loads(body))) == (200, True)
    assert part._engine is None


async def test_head_gets_no_body(part):
    """As HTTP wants it, with the length of the body that GET has."""
    status, head, body = read(await raw(part.port, b"HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert (status, body) == (200, b"")
    assert b"content-length: 0" not in head


async def test_readiness_is_503_while_a_vital_part_is_missing(part):
    """And it names the part."""
    down = {"state": "waiting", "vital": True, "ok": False, "detail": ""}
    part.app.state = lambda: {**LIVE, "ready": False, "parts": {"database": down}}
    status, _, body = read(await raw(part.port, b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert status == 503
    assert json.loads(body)["missing"] == ["database"]


async def test_a_question_may_come_in_pieces(part):
    """One byte after another is one request."""
    _, writer = streams = await asyncio.open_connection("127.0.0.1", part.port)
    for byte in b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0)
    assert read(await streams[0].read())[0] == 200
    writer.close()
    await writer.wait_closed()


async def test_a_slow_head_is_given_up(part, monkeypatch):
    """Whoever opens a connection and says nothing does not hold it for ever."""
    monkeypatch.setattr(api.gate, "HEAD_SECONDS", 0.02)
    assert read(await raw(part.port, b"GET / HTTP/1.1\r\nHost: a\r\n"))[0] == 408


async def test_an_endless_head_is_refused(part):
    """16 KiB are enough for any browser."""
    assert read(await raw(part.port, b"GET / HTTP/1.1\r\nX: " + b"a" * 17_000))[0] == 431


async def inside(part, count):
    """Connections that the web app keeps, after their first answer."""
    callers = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", part.port)
        writer.write(f"GET /static/page.js HTTP/1.1\r\nHost: localhost:{part.port}\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        callers.append((reader, writer))
    return callers


async def ended(reader):
    """Whether the other side ends a connection."""
    async with asyncio.timeout(30):
        try:
            while await reader.read(65536):
                pass
        except ConnectionResetError:
            pass
    return True


async def test_health_is_answered_when_all_places_are_taken(part):
    """A host that gets no answer would kill the process; others get 503, and come in when somebody has left."""
    callers = await inside(part, 2)
    for path in (b"/health", b"/ready"):
        assert read(await raw(part.port, b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 200
    assert read(await raw(part.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 503
    callers[0][1].close()
    async with asyncio.timeout(30):
        while len(part._engine.shares()) == 2:
            await asyncio.sleep(0.001)
    callers += await inside(part, 1)
    for _, writer in callers:
        writer.close()


async def test_who_says_nothing_leaves_for_the_next(part, monkeypatch):
    """The places before the gate are bounded; the caller that waited longest loses its own."""
    monkeypatch.setattr(api.gate, "WAITING", 2)
    callers = [await asyncio.open_connection("127.0.0.1", part.port) for _ in range(2)]
    assert read(await raw(part.port, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 200
    assert await ended(callers[0][0])
    callers[1][1].write(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n")
    assert read(await callers[1][0].read())[0] == 200
    for _, writer in callers:
        writer.close()


async def test_one_address_cannot_take_all_places(part, monkeypatch):
    """Whoever stands behind it."""
    monkeypatch.setattr(api.peers, "PROXY_CONNECTIONS", 1)
    [(_, writer)] = await inside(part, 1)
    assert read(await raw(part.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 503
    assert part.has_room("192.0.2.1")
    writer.close()


@pytest.mark.parametrize("unfinished", [b"GET /static/page.js HTTP/1.1\r\nX-", b"\r\n"])
async def test_a_later_head_has_its_deadline_too(part, monkeypatch, unfinished):
    """Left to itself uvicorn stops its keep-alive timer at the first byte and then waits for ever."""
    monkeypatch.setattr(api.engine, "HEAD_SECONDS", 0.02)
    [(reader, writer)] = await inside(part, 1)
    writer.write(unfinished)
    assert await ended(reader)
    writer.close()


async def test_a_body_that_nobody_asked_for_holds_no_place(part, monkeypatch):
    """The answer is out, the promised rest never comes in full."""
    monkeypatch.setattr(api.engine, "HEAD_SECONDS", 0.02)
    reader, writer = await asyncio.open_connection("127.0.0.1", part.port)
    head = f"GET /static/page.js HTTP/1.1\r\nHost: localhost:{part.port}\r\nContent-Length: 9000\r\n\r\n"
    writer.write(head.encode())
    assert b" 200 " in await reader.readline()
    writer.write(b"x")
    assert await ended(reader)
    writer.close()


async def test_many_requests_on_one_connection_are_no_trouble(part):
    """A deadline ends with the head that it was for."""
    request = f"GET /static/goldcrest.svg HTTP/1.1\r\nHost: localhost:{part.port}\r\n".encode()
    [(reader, writer)] = await inside(part, 1)
    for _ in range(3):
        writer.write(request)
        await writer.drain()
        writer.write(b"\r\n")
        await reader.readuntil(b"</svg>")
    [connection] = part._engine._state.connections
    assert not connection._head.runs
    writer.close()


async def test_who_reads_nothing_is_cut_off(part, monkeypatch):
    """A hundred answers that nobody takes hold no place for ever."""
    monkeypatch.setattr(api.engine, "STALL_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", part.port, limit=1024)
    request = f"GET /static/goldcrest.css HTTP/1.1\r\nHost: localhost:{part.port}\r\n\r\n".encode()
    writer.write(request * 400)
    async with asyncio.timeout(30):
        while part._engine is None or part._engine.shares():
            await asyncio.sleep(0.005)
    assert await ended(reader)
    writer.transport.abort()


async def test_other_requests_are_led_inside_with_all_their_bytes(part):
    """A body that came with the head, and a second request behind it, arrive."""
    host = f"Host: localhost:{part.port}\r\n".encode()
    first = b"GET /status HTTP/1.1\r\n" + host + b"Content-Length: 2\r\n\r\n{}"
    second = b"GET /ready HTTP/1.1\r\n" + host + b"\r\n"
    answers = await raw(part.port, first + second + b"GET /health HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200") == 3
    assert b'"missing":[]' in answers
    assert b'"memory_usage"' in answers
    assert b'"status":"ok"' in answers
    assert part._engine is not None


async def test_what_is_no_http_gets_a_400(part):
    """A TLS hello or a scanner's bytes break nothing."""
    assert read(await raw(part.port, b"\x16\x03\x01 nonsense\r\n\r\n"))[0] == 400


async def test_stop_turns_waiting_callers_away(part):
    """They see the end of the connection at once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", part.port)
    async with asyncio.timeout(30):
        while not part._waiting:
            await asyncio.sleep(0.001)
        await part.stop()
        assert await reader.read() == b""
    writer.close()


async def test_bytes_after_the_answer_are_ignored(part):
    """A caller that goes on talking after its answer harms nothing."""
    answers = await raw(part.port, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", then=b"GET /health HTTP/1.1\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200") == 1


def test_the_web_framework_is_not_imported_for_health():
    """The light modules stay light: no uvicorn, no starlette, no click."""
    script = "import sys, api.server, api.health; print(sorted({'uvicorn', 'starlette', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
