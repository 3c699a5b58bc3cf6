"""Server-sent events: the newest state, heartbeats, the end, and coming back."""

import asyncio
from contextlib import aclosing

import pytest

import api.downloads
from api.events import follow
from platforms.shapes import Progress
from services.jobs import JobEvent
from tests.api.client import events
from utils.errors import SiteDown


async def test_a_stream_tells_every_phase_and_ends(client, stage):
    """It begins with the present state; the last message carries the id that ends it for good."""
    stage.sites.gate.clear()
    job = await stage.order()
    path = f"/api/v1/downloads/{job['id']}/events"
    async with asyncio.timeout(30), client.opened("GET", path) as (answer, chunks):
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert answer.headers["cache-control"] == "no-store"
        seen = []
        async for fields, state in events(chunks):
            seen.append((state["phase"], fields.get("id")))
            stage.sites.gate.set()
    assert seen[0][0] in {"queued", "probing", "downloading"}
    assert seen[-1] == ("done", "end")
    assert state["files"]
    assert [identity for _, identity in seen[:-1]] == [None] * (len(seen) - 1)


async def test_who_comes_back_gets_the_present_state(client, stage):
    """A cut connection loses nothing; after the end, 204 stops the browser from coming back."""
    stage.sites.gate.clear()
    job = await stage.order()
    path = f"/api/v1/downloads/{job['id']}/events"
    for _ in range(2):
        await stage.until(job["id"], "downloading")
        async with client.opened("GET", path) as (_, chunks):
            _, state = await anext(events(chunks))
            assert state["phase"] == "downloading"
    stage.sites.gate.set()
    await stage.until(job["id"], "done")
    ended = await client.get(path)
    assert ended.body.startswith(b"retry: 2000\n\nid: end\ndata: {")
    assert (await client.get(path, last_event_id="end")).status == 204


async def test_one_stream_follows_several_jobs(client, stage):
    """It ends with the last of them; a failure is told in it."""
    stage.sites.gate.clear()
    stage.sites.fails = [SiteDown()]
    jobs = [await stage.order(url=f"https://media.example.net/{number}.mp4") for number in range(2)]
    ids = ",".join(job["id"] for job in jobs)
    last = {}
    async with asyncio.timeout(30), client.opened("GET", f"/api/v1/downloads/events?ids={ids}") as (_, chunks):
        async for fields, state in events(chunks):
            last[state["id"]] = state["phase"], fields.get("id")
            stage.sites.gate.set()
    assert sorted(last.values(), key=str) == sorted([("failed", None), ("done", "end")], key=str) or sorted(
        last.values(), key=str
    ) == sorted([("failed", "end"), ("done", None)], key=str)


async def test_a_stream_without_ids_or_of_one_unknown_job(client):
    """Told as plain failures."""
    assert (await client.get("/api/v1/downloads/events")).error["message"] == "The field ids is missing."
    assert (await client.get("/api/v1/downloads/unknown/events")).status == 404


async def test_an_unknown_id_holds_up_no_other(client, stage):
    """It is told as gone; the known ones are followed to their end. Where none is known the stream ends with that."""
    job = await stage.order()
    await stage.until(job["id"], "done")
    answer = await client.get(f"/api/v1/downloads/events?ids=lost,{job['id']}")
    retry, gone, last, rest = answer.body.decode().split("\n\n")
    assert (retry, gone, rest) == ("retry: 2000", 'event: gone\ndata: {"id":"lost"}', "")
    assert last.startswith(f'id: end\ndata: {{"id":"{job["id"]}","phase":"done"')
    answer = await client.get("/api/v1/downloads/events?ids=lost")
    assert answer.body.decode().endswith('\n\nid: end\nevent: gone\ndata: {"id":"lost"}\n\n')
    assert (await client.get("/api/v1/downloads/events?ids=lost", last_event_id="end")).status == 204


async def test_head_of_a_stream_does_not_wait(client, stage):
    """The head is all there is."""
    stage.sites.gate.clear()
    job = await stage.order()
    answer = await client.ask("HEAD", f"/api/v1/downloads/{job['id']}/events")
    assert (answer.status, answer.body) == (200, b"")


async def test_streams_are_bounded_and_freed(client, stage, monkeypatch):
    """One too many is told to come again; a visitor who left makes room."""
    monkeypatch.setattr(api.downloads, "STREAMS", 1)
    stage.sites.gate.clear()
    job = await stage.order()
    path = f"/api/v1/downloads/{job['id']}/events"
    async with client.opened("GET", path) as (_, chunks):
        await anext(chunks)
        refused = (await client.get(path)).error
        assert (refused["code"], refused["message"].partition(",")[0]) == ("busy", "1 event streams are open already")
    async with asyncio.timeout(30):
        while True:
            async with client.opened("GET", path) as (answer, _):
                if answer.status == 200:
                    break
            await asyncio.sleep(0.005)


async def test_stop_ends_streams_at_once_and_answers_in_time(stage):
    """Whoever follows a job does not hold up the end of the process."""
    stage.sites.gate.clear()
    job = await stage.order()
    async with stage.client.opened("GET", f"/api/v1/downloads/{job['id']}/events") as (_, chunks):
        await anext(events(chunks))
        engine = stage.part._engine
        async with asyncio.timeout(30):
            await stage.part.stop()
            rest = [fields async for fields, _ in events(chunks)]
    assert all("id" not in fields for fields in rest)
    assert engine.shares() == []


# --- the generator alone ---------------------------------------------------------------------------------------------


async def scripted(*steps):
    for step in steps:
        if isinstance(step, asyncio.Event):
            await step.wait()
        elif isinstance(step, Exception):
            raise step
        else:
            yield step


def at(phase, done=0):
    return JobEvent("a", phase, Progress(phase, done))


def shape(event):
    return [event.phase, event.progress.done_bytes]


async def test_only_the_newest_of_many_reports_is_sent():
    """A thousand progress reports in one turn are one message."""
    reports = [at("downloading", number) for number in range(1000)]
    stream = follow({"a": scripted(*reports, at("done"))}, shape, asyncio.Event(), interval_seconds=0)
    chunks = [chunk async for chunk in stream]
    assert chunks == [b"retry: 2000\n\n", b'id: end\ndata: ["done",0]\n\n']


async def test_silence_is_filled_with_heartbeats():
    """Comments that keep proxies from cutting the connection."""
    never = asyncio.Event()
    stream = follow(
        {"a": scripted(at("queued"), never)}, shape, asyncio.Event(), heartbeat_seconds=0.001, interval_seconds=0
    )
    async with aclosing(stream):
        chunks = [await anext(stream) for _ in range(4)]
    assert chunks[2:] == [b": still here\n\n"] * 2


async def test_a_broken_watch_ends_the_stream_without_its_end_mark():
    """So that the client comes back and asks again."""
    stream = follow({"a": scripted(at("queued"), RuntimeError("x"))}, shape, asyncio.Event(), interval_seconds=0)
    chunks = [chunk async for chunk in stream]
    assert not any(b"id: end" in chunk for chunk in chunks)


@pytest.mark.parametrize("early", [True, False])
async def test_closing_ends_it(early):
    """Before the first event, or in the middle."""
    closing, never = asyncio.Event(), asyncio.Event()
    stream = follow({"a": scripted(at("queued"), never)}, shape, closing, interval_seconds=0)
    if early:
        closing.set()
    chunks = []
    async with asyncio.timeout(30):
        async for chunk in stream:
            chunks.append(chunk)
            if b"queued" in chunk:
                closing.set()
    assert len(chunks) == (1 if early else 2)
