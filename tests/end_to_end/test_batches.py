"""A batch of real downloads in a process that is killed again and again."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.api.client import Client
from tests.api.test_process import free_port
from tests.sites.harness import threaded_sites
from tests.sites.youtube_lists import samples

ROOT = Path(__file__).parents[2]
ITEMS = 7
pytestmark = pytest.mark.process


async def started(port: int, environment: dict[str, str]) -> Process:
    """A server that answers."""
    settings = {"PATH": os.environ["PATH"], "PORT": str(port), **environment}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "main.py", "serve", cwd=ROOT, env=settings, stderr=DEVNULL
    )
    async with asyncio.timeout(60):
        while not await ready(port):
            assert process.returncode is None
            await asyncio.sleep(0.02)
    return process


async def ready(port: int) -> bool:
    with suppress(ConnectionRefusedError):
        return bool((await Client(port).get("/ready")).status == 200)
    return False


async def until(port: int, batch_id: str, done: int) -> dict[str, Any]:
    """The batch once so many of its items have ended, or all."""
    async with asyncio.timeout(100):
        while True:
            batch: dict[str, Any] = (await Client(port).get(f"/api/v1/batches/{batch_id}")).json["batch"]
            if batch["final"] or batch["counts"]["done"] + batch["counts"]["failed"] >= done:
                return batch
            await asyncio.sleep(0.02)


async def test_a_batch_survives_kills(tmp_path: Path):
    """Killed after its first items and while it works: every item ends exactly once, failures included."""
    with threaded_sites() as sites:
        port, environment = free_port(), {**sites.env(), "DATA_DIR": str(tmp_path)}
        process = await started(port, environment)
        try:
            body = {"url": samples()["list_faulty"], "items": f"1-{ITEMS}", "quality": "144p"}
            batch_id = (await Client(port).post("/api/v1/batches", body)).json["batch"]["id"]
            for done in (0, 2, 4):
                await until(port, batch_id, done)
                process.kill()
                await process.wait()
                process = await started(port, environment)
            batch = await until(port, batch_id, ITEMS + 1)
        finally:
            process.kill()
            await process.wait()
    assert (batch["final"], batch["total"]) == (True, ITEMS)
    assert (batch["counts"]["done"], batch["counts"]["failed"]) == (5, 2)
    assert [(each["position"], each["error"]["code"]) for each in batch["failures"]] == [(3, "private"), (6, "removed")]
    database = sqlite3.connect(tmp_path / "goldcrest.db")
    jobs = database.execute("SELECT batch_position, state FROM jobs ORDER BY batch_position").fetchall()
    database.close()
    failed = {3, 6}
    assert jobs == [(place, "failed" if place in failed else "done") for place in range(1, ITEMS + 1)]
