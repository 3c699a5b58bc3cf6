"""The first thing on the port: bounds, health without the web app, and the way inside."""

import asyncio
import json
import subprocess
import sys

import pytest

import api.gate
from api.server import HttpPart
from services.app import App
from tests.api.client import raw
from tests.api.stage import LIVE, listener, settings_for
from utils.texts import Texts


class Server(HttpPart):
    """One that takes two connections, and tells its port."""

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


async def test_more_callers_than_the_bound_are_turned_away(part):
    """The third of two gets 503 at once; after one has left there is room again."""
    callers = [await asyncio.open_connection("127.0.0.1", part.port) for _ in range(2)]
    assert read(await raw(part.port, b""))[0] == 503
    for _, writer in callers:
        writer.close()
        await writer.wait_closed()
    async with asyncio.timeout(30):
        while part._waiting:
            await asyncio.sleep(0.001)
    assert read(await raw(part.port, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"))[0] == 200


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
