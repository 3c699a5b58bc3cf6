"""What the edge does when an answer has begun already, and when the process ends in the middle of one."""

import asyncio
from typing import Any

import h11
import msgspec
import pytest
import structlog
from msgspec.structs import replace
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api.access import Access
from api.edge import Edge
from core.limits import Limits
from services.app import App
from services.reports import Reports
from tests.api.stage import VIDEO, settings_for, staged
from tests.api.test_access import scope
from utils.errors import Private
from utils.rate_limiter import MemoryStore
from utils.texts import Texts


async def test_a_fault_after_the_first_byte_is_raised(tmp_path):
    """The server then cuts the connection; a second head in the middle of a body would be worse."""
    sent = []

    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    async def send(message):
        sent.append(message["type"])

    nobody: Any = None
    settings = settings_for(tmp_path)
    edge = Edge(broken, Access(settings.server), App(settings=settings, texts=Texts()), nobody)
    with pytest.raises(ZeroDivisionError):
        await edge({**scope(), "path": "/"}, nobody, send)
    assert sent == ["http.response.start"]


async def test_an_unforeseen_fault_is_reported(tmp_path):
    """The answer names the report, which the operator finds; what is explained needs none."""
    settings = settings_for(tmp_path)
    reports = Reports(tmp_path / "reports", settings.reports)
    faults: list[Exception] = [KeyError("token=abcdef"), Private()]
    sent = []

    async def broken(scope, receive, send):
        raise faults.pop(0)

    async def send(message):
        sent.append(message)

    nobody: Any = None
    app = App(settings=settings, texts=Texts())
    app.up_reports = reports
    edge = Edge(broken, Access(settings.server), app, nobody)
    await edge({**scope(), "path": "/api/v1/probe"}, nobody, send)
    (note,) = reports.newest()
    error = msgspec.json.decode(sent[1]["body"])["error"]
    assert (error["code"], error["report"]) == ("internal", note.id)
    assert note.id in error["hint"]
    assert "KeyError" in (await reports.read(note.id) or "")
    await edge({**scope(), "path": "/api/v1/probe"}, nobody, send)
    assert "report" not in msgspec.json.decode(sent[3]["body"])["error"]
    assert len(reports.newest()) == 1


async def test_stop_cuts_off_who_does_not_read(stage, caplog):
    """A visitor whose line stands still holds up the end for no longer than the grace."""
    stage.sites.files = [b"x" * 30_000_000]
    job = await stage.order()
    file = (await stage.until(job["id"], "done"))["files"][0]
    stage.part._grace_seconds = 0.05
    async with stage.client.opened("GET", file["url"]) as (answer, chunks):
        assert answer.status == 200
        await anext(chunks)
        engine = stage.part._engine
        async with asyncio.timeout(30):
            await stage.part.stop()
        with pytest.raises((ConnectionError, h11.RemoteProtocolError)):
            _ = [chunk async for chunk in chunks]
    assert engine.shares() == []
    assert not engine._state.tasks
    assert caplog.records == []  # an end that was asked for is no fault


async def test_whoever_orders_too_fast_is_told_when_to_go_on(stage, client):
    """429 with Retry-After and a sentence; looking costs nothing, and each address has a rate of its own."""
    now = [100.0]
    rates = replace(stage.app.settings.limits, requests_per_minute=6, user_burst=2)
    stage.app.up_limits = Limits(rates, lambda _: 1.0, MemoryStore(clock=lambda: now[0]))
    for _ in range(2):
        assert (await client.post("/api/v1/probe", {"url": VIDEO})).status == 200
    refused = await client.post("/api/v1/probe", {"url": VIDEO})
    assert (refused.status, refused.headers["retry-after"]) == (429, "10")
    assert (refused.error["code"], refused.error["next"]) == ("too_fast", "later")
    assert (await client.get("/status")).json["limits"]["refused"]["user"] == 1
    await stage.app.up_limits.person("web", "192.0.2.1")
    now[0] += 10
    assert (await client.post("/api/v1/probe", {"url": VIDEO})).status == 200
    assert len(stage.sites.asked) == 3


async def test_behind_a_trusted_proxy_each_visitor_has_a_rate(tmp_path):
    """Whoever forges the header from elsewhere shares the rate of the address that it comes from."""
    rates = replace(settings_for(tmp_path).limits, requests_per_minute=6, user_burst=1)
    for trusted, second in (("127.0.0.1", 200), ("10.0.0.0/8", 429)):
        folder = tmp_path / trusted[:2]
        folder.mkdir()
        async with staged(folder, access="open", trusted_proxies=trusted) as stage:
            stage.app.up_limits = Limits(rates, lambda _: 1.0, MemoryStore(clock=lambda: 100.0))
            for visitor, status in (("203.0.113.7", 200), ("203.0.113.8", second)):
                answer = await stage.client.post("/api/v1/probe", {"url": VIDEO}, x_forwarded_for=visitor)
                assert answer.status == status


@pytest.mark.parametrize("given", ["", "has blanks", "x" * 65])
async def test_every_request_has_a_name_of_its_own(client, given):
    """Ours, where the caller gives none or a bad one; failures have one too."""
    names = {(await client.get(path, x_request_id=given)).headers["x-request-id"] for path in ("/status", "/x", "/x")}
    assert len(names) == 3
    assert given not in names


async def test_a_name_that_the_caller_gives_is_kept_and_logged(tmp_path):
    """What is logged on the way carries it, and nothing that is logged afterwards."""
    heard = []

    async def broken(scope, receive, send):
        raise ZeroDivisionError

    async def send(message):
        heard.append(message)

    nobody: Any = None
    settings = settings_for(tmp_path)
    edge = Edge(broken, Access(settings.server), App(settings=settings, texts=Texts()), nobody)
    with capture_logs(processors=[merge_contextvars]) as lines:
        await edge({**scope(x_request_id="trace/1-2"), "path": "/api/v1/probe"}, nobody, send)
        structlog.get_logger().info("later")
    assert (b"x-request-id", b"trace/1-2") in heard[0]["headers"]
    assert [line.get("request") for line in lines] == ["trace/1-2", None]


async def test_a_wrong_method_is_told_the_right_ones(client):
    """All of an address, also where several routes share it."""
    answer = await client.ask("PUT", "/api/v1/downloads/x")
    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD")
    assert answer.error["hint"] == "It takes DELETE, GET, HEAD."
