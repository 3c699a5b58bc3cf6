"""The dashboard: the fixed key names, and nothing that is secret."""

import asyncio
import json
import threading
from itertools import pairwise
from pathlib import Path
from socket import gaierror
from typing import Any

import pytest
from msgspec.structs import replace

import api
from api.status import status as whole_status
from core.identities import Member
from core.limits import Limits
from platforms.extractor.host import ExtractorHost
from platforms.extractor.javascript import JavaScript, Runtime
from platforms.shapes import Identity, Link, Progress
from services.reminders import Reminders
from services.reports import Reports
from services.wishes import Wish
from tests.api.stage import LIVE, MEBIBYTE, MIGRATIONS, staged
from tests.api.test_openapi import misfits
from tests.platforms.extractor.mint_server import token_of
from utils.breaker_policy import BreakerPolicy
from utils.cache import HybridCache
from utils.cache_entry import Entry
from utils.cgroups import GroupMemory
from utils.circuit_breaker import CircuitBreaker
from utils.config import load_settings
from utils.database import Database
from utils.egress import Egress
from utils.errors import GoldcrestError, RateLimited, SiteDown, TooFast
from utils.memory_manager import Looks, MemoryManager
from utils.retry_manager import Statistics

#: of the tests' own process as well
CAP_MB = 4000
LINK = Link("https://media.example.net/heron.mp4", "site:heron", "site", "video", "heron")
SCHEMA = json.loads((Path(api.__file__).parents[1] / "docs" / "status.schema.json").read_text("utf-8"))


def faults(answer):
    """What of it docs/status.schema.json does not say."""
    return _misfits(answer, SCHEMA)


def faults_of(**sections):
    """The same of single sections, which are filled."""
    assert all(sections.values())
    return [bad for name, given in sections.items() for bad in _misfits(given, SCHEMA["properties"][name])]


def _misfits(value, schema):
    return misfits(json.loads(json.dumps(value)), schema, schemas=SCHEMA["$defs"])


@pytest.fixture
async def full(stage, tmp_path):
    """The app of the stage with the parts that it has no use for, all at work."""
    app = stage.app
    memory = app.up_memory = MemoryManager(replace(app.settings.memory, cap_mb=CAP_MB))
    cache = app.up_cache = HybridCache(tmp_path / "cache", memory_bytes=MEBIBYTE, disk_bytes=MEBIBYTE)
    memory.pools.watch("cache", cache, lambda held: held.used_bytes)
    app.up_limits = Limits(app.settings.limits, lambda _: 1.0)
    app.up_reports = Reports(tmp_path / "reports", app.settings.reports)
    database = Database(tmp_path / "reminders.db", MIGRATIONS)
    app.up_reminders = Reminders(database, app.settings.reminders)
    for part in (cache, database, app.up_reminders):
        await part.start()
    cache.put("known", Entry(b"x", cache.clock(), 60))
    assert cache.get("known")
    await app.up_reminders.add(Wish("later", 7, LINK, 600.0))
    with app.up_egress.open("fetch"):
        async with memory.admit("fetch"):
            yield app
    for part in (app.up_reminders, database, cache):
        await part.stop()


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


async def test_the_answer_is_what_the_schema_says(stage, client, full):
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
    assert all(last.values())
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


async def test_memory_that_cannot_be_told_in_a_control_group():
    """What is used of the group is known all the same."""
    group = GroupMemory(100 * MEBIBYTE, 40 * MEBIBYTE)
    looks = Looks(tree=lambda: None, bound=lambda: None, group=lambda: group)
    memory = MemoryManager(load_settings({}).memory, looks=looks).figures()
    assert faults_of(memory=memory) == []
    assert (memory["used_mb"], memory["rss_mb"], memory["cgroup"]) == (None, None, {"used_mb": 40.0, "limit_mb": 100.0})


async def test_limits_that_were_met():
    """By a person and at sites, which are asked more slowly then."""
    settings = replace(load_settings({}).limits, requests_per_minute=1, platform_burst=1)
    limits = Limits(settings, lambda _: 0.001)
    for ask in (limits.person, lambda _, name: limits.site(name)):
        await ask("web", "youtube")
        with pytest.raises(TooFast):
            await ask("web", "youtube")
    for name in ("youtube", "generic:media.example.net"):
        limits.answered(name, RateLimited())
    assert faults_of(limits=limits.figures()) == []
    assert limits.figures()["refused"] == {"user": 1, "platform": 1, "global": 0}
    assert limits.figures()["slowed"] == {"youtube": 0.5, "generic": 0.5}


async def nowhere(_name, _port):
    raise gaierror


async def deno(_setting):
    return Runtime("deno", ("/opt/deno",), (2, 3, 0))


async def test_a_worker_and_its_tools(tmp_path):
    """A real one, in its fence and with JavaScript, a proof of origin and several ways, to a host that nobody knows."""
    given = {"DATA_DIR": str(tmp_path), "MAX_MEMORY_MB": str(CAP_MB), "YOUTUBE_PO_TOKEN": token_of(1)}
    settings = load_settings(given)
    egress, memory = Egress(settings.egress, resolver=nowhere), MemoryManager(settings.memory)
    host = ExtractorHost(settings, egress, memory=memory)
    host.tools.ways.note("youtube", "web", "worked")
    javascript = host.tools._javascript = JavaScript("auto", memory.room_for, deno, reserve=memory.reserve)
    await egress.start()
    with pytest.raises(GoldcrestError):
        await host.resolve("https://media.example.net/short")
    assert await javascript.ready()
    assert await javascript.take_turn(prepared=True)
    extractor, used = host.state(), memory.figures()
    javascript.give_back(prepared=True)
    await host.stop()
    await egress.stop()
    assert faults_of(extractor=extractor, egress=egress.figures(), memory=used) == []
    assert set(extractor["landlock"]) == {"abi", "files", "network"}
    assert extractor["ways"]["youtube"]["ways"] == {"web": {"tried": 1, "worked": 1}}
    assert (extractor["javascript"]["version"], extractor["po_tokens"]["given"]) == ("2.3.0", 1)
    assert egress.figures()["failed"] == 1
    assert used["pools"]["javascript"]["holders"] == 1


def test_identities_and_retries_are_held():
    """Those of a real account and a real series of tries."""
    member = Member(Identity("anna", cookies="x"), CircuitBreaker("youtube/anna", BreakerPolicy())).figures()
    member["expires_in_days"] = None
    site = {"success": 1, "failed": 0, "identities": [member]}
    assert faults_of(platforms={"youtube": site}, retries={"youtube.probe": Statistics().figures()}) == []


async def test_the_schema_finds_what_is_wrong(full):
    """So that an empty list means something."""
    good = await whole_status(full)
    assert faults(good) == []
    bads: tuple[dict[str, Any], ...] = (
        {"system": {}},
        {"alerts": {"active": []}},
        {"queue": {"open": "many"}},
        {"platforms": {"youtube": {"success": 1}}},
        {"more": 1},
        {"memory": good["memory"] | {"level": "low"}},
        {"cache": good["cache"] | {"disk": good["cache"]["memory"]}},
        {"limits": good["limits"] | {"slowed": {"youtube": "half"}}},
        {"egress": good["egress"] | {"tickets": None}},
        {"extractor": good["extractor"] | {"landlock": {"abi": 4}}},
        {"extractor": good["extractor"] | {"ways": {"youtube": {"first": "", "ways": {"web": {"tried": "often"}}}}}},
        {"reminders": {"waiting": 0.5}},
        {"retries": {"youtube.probe": {"calls": 1}}},
        {"platforms": {"youtube": {"success": 1, "failed": 0, "identities": [{"name": "anna"}]}}},
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
