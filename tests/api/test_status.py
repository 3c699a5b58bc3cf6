"""The dashboard: the fixed key names, and nothing that is secret."""

import asyncio
import json
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import api
from api.status import status as whole_status
from platforms.shapes import Progress
from tests.api.stage import LIVE, staged
from tests.api.test_openapi import misfits
from utils.errors import SiteDown

SCHEMA = json.loads((Path(api.__file__).parents[1] / "docs" / "status.schema.json").read_text("utf-8"))


def faults(answer):
    """What of it docs/status.schema.json does not say."""
    return misfits(answer, SCHEMA, schemas=SCHEMA["$defs"])


async def test_the_fixed_names_hold(stage, client):
    """Others build on them."""
    job = await stage.order()
    await stage.until(job["id"], "done")
    status = (await client.get("/status")).json
    assert status["system"]["state"] == "running"
    assert status["system"]["uptime"] == "2h 45m"
    assert status["system"]["memory_usage"].endswith("%)")
    assert status["downloads"]["total"] == 1
    assert status["downloads"]["success_rate"] == 100.0
    assert status["downloads"]["avg_duration_ms"] >= 0
    assert status["platforms"] == {"generic": {"success": 1, "failed": 0}}
    assert status["shelf"] == {"files": 1, "bytes": 10_000}
    assert "landlock" in status["extractor"]


async def test_tasks_and_threads_are_counted(client):
    """What a process that runs for months must not gather."""
    first = (await client.get("/status")).json["system"]
    over = threading.Event()
    more = asyncio.create_task(asyncio.sleep(60))
    thread = threading.Thread(target=over.wait)
    thread.start()
    then = (await client.get("/status")).json["system"]
    more.cancel()
    over.set()
    thread.join()
    assert then["tasks"] == first["tasks"] + 1
    assert then["threads"] > first["threads"]


async def test_a_process_that_just_woke_has_a_status(stage, client):
    """Sections of parts that aren't up are empty."""
    stage.app.up_downloads = stage.app.up_shelf = stage.app.up_extractor = None
    stage.app.state = dict
    status = (await client.get("/status")).json
    assert status["system"]["state"] == "starting"
    assert status["downloads"] == status["platforms"] == status["shelf"] == status["extractor"] == {}
    stage.app.up_monitor = stage.app.up_alerts = None
    status = (await client.get("/status")).json
    assert status["queue"] == status["monitoring"] == status["alerts"] == status["memory"] == {}
    assert faults(status) == []


async def test_the_answer_is_what_the_schema_says(stage, client):
    """Idle, at work, after jobs that ended well and badly, degraded, with an alert."""
    answers = [(await client.get("/status")).json]
    stage.sites.gate.clear()
    stage.sites.steps = [Progress("downloading", 1, 2, 3.0, 4.0), Progress("merging")]
    job = await stage.order()
    await stage.until(job["id"], "merging")
    answers.append((await client.get("/status")).json)
    assert answers[-1]["queue"] == {
        "accepted": 0,
        "running": 1,
        "sending": 0,
        "open": 1,
        "bound": 500,
        "dead_letters": 0,
        "days": [],
    }
    assert answers[-1]["monitoring"]["open_traces"] == 1
    stage.sites.gate.set()
    await stage.until(job["id"], "done")
    stage.sites.fails = [SiteDown()]
    failed = await stage.order(url="https://media.example.net/films/gone.mp4")
    await stage.until(failed["id"], "failed")
    stage.app.state = lambda: (
        LIVE
        | {
            "state": "degraded",
            "parts": {"telegram": {"state": "degraded", "vital": False, "ok": False, "detail": "waits 1057 s"}},
        }
    )
    await stage.watch.see(memory=0.99)
    answers.append((await client.get("/status")).json)
    assert [faults(answer) for answer in answers] == [[], [], []]
    last = answers[-1]
    assert list(last["monitoring"]["phases"]) == ["download", "merge", "probe", "queue", "upload"]
    assert last["monitoring"]["categories"] == {"site": 1}
    (trace,) = last["monitoring"]["notable"]
    assert (trace["id"], trace["error"], trace["outcome"]) == (failed["id"], "site_down", "failed")
    assert [rule["name"] for rule in last["alerts"]["active"]] == ["memory_critical"]
    assert last["alerts"]["last"]["kind"] == "raised"
    health = (await client.get("/health")).json
    assert health["status"] == "degraded"
    assert health["reasons"] == ["telegram: waits 1057 s", "alert: memory_critical"]


async def test_a_job_shows_its_phases(stage, client):
    """When each began and ended, one after the other."""
    job = await stage.order()
    ended = await stage.until(job["id"], "done")
    phases = ended["phases"]
    assert [phase["name"] for phase in phases] == ["queue", "probe", "download", "upload"]
    assert all(a["ended_at"] == b["began_at"] for a, b in pairwise(phases))
    assert phases[0]["began_at"] == pytest.approx(ended["created_at"], abs=5)


async def test_the_schema_finds_what_is_wrong(stage):
    """So that an empty list means something."""
    good = await whole_status(stage.app)
    assert faults(good) == []
    bads: tuple[dict[str, Any], ...] = (
        {"system": {}},
        {"alerts": {"active": []}},
        {"queue": {"open": "many"}},
        {"platforms": {"youtube": {"success": 1}}},
        {"more": 1},
    )
    assert all(faults(good | bad) for bad in bads)


async def test_no_secret_and_no_link_is_shown(tmp_path):
    """Neither the key nor what people ordered."""
    key = "a-key-of-more-than-16"
    async with staged(tmp_path, access="key", access_key=key) as stage:
        stage.client.headers["authorization"] = f"Bearer {key}"
        job = await stage.order()
        await stage.until(job["id"], "done")
        text = json.dumps((await stage.client.get("/status")).json)
    assert key not in text
    assert "media.example.net" not in text
    assert stage.sites.title not in text
