"""What the edge does when an answer has begun already, and when the process ends in the middle of one."""

import asyncio
from typing import Any

import h11
import msgspec
import pytest
from msgspec.structs import replace

from api.access import Access
from api.edge import Edge
from core.limits import Limits
from services.app import App
from services.reports import Reports
from tests.api.stage import VIDEO, settings_for
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
