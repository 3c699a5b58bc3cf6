"""A database that can't be written for a while: orders are refused or done, nothing is lost or sent twice."""

import asyncio
import sqlite3

import pytest

from tests.services.conftest import ended, order
from utils.errors import StorageTrouble


@pytest.fixture
async def impatient(database):
    """SQLite gives up at once, so that a held file is met many times within a short test."""
    await database.run("PRAGMA busy_timeout=20")
    return database


async def state(downloads, job):
    return (await downloads.job(job.id)).state


@pytest.mark.parametrize("moment", ["waiting", "downloading", "sending"])
async def test_a_job_survives_a_held_database_in_every_phase(downloads, telegram, sites, impatient, moment):
    """Another program holds the file; the job goes on by itself afterwards and comes once."""
    gate = {"downloading": sites, "sending": telegram}.get(moment)
    if gate:
        gate.gate.clear()
    job = await downloads.submit(order())
    if gate:
        await gate.began.wait()
    other = sqlite3.connect(impatient._path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageTrouble):
        await downloads.submit(order("2"))
    if gate:
        gate.gate.set()
    await asyncio.sleep(0.1)
    other.execute("COMMIT")
    other.close()
    assert (await ended(downloads, job)).phase == "done"
    assert await state(downloads, job) == "done"
    assert [job_id for job_id, _ in telegram.sent] == [job.id]
    counts = await impatient.all("SELECT state FROM jobs")
    assert [row["state"] for row in counts] == ["done"]


async def test_a_full_disk_refuses_orders_and_ends_no_work(downloads, telegram, sites, database):
    """No page may be added: a new order is refused, the one under way is done as soon as there is room."""
    sites.gate.clear()
    job = await downloads.submit(order())
    await sites.began.wait()
    row = await database.one("PRAGMA page_count")
    await database.one(f"PRAGMA max_page_count = {row[0]}")
    refused = 0
    for number in range(400):
        try:
            await downloads.submit(order(f"{number}" + "x" * 2000, user=None, front="web"))
        except StorageTrouble:
            refused += 1
            break
        except Exception as error:  # noqa: BLE001 - the queue's own bound comes first only if pages were free
            pytest.fail(repr(error))
    assert refused == 1
    sites.gate.set()
    await asyncio.sleep(0.1)
    await database.one("PRAGMA max_page_count = 1073741823")
    assert (await ended(downloads, job)).phase == "done"
    assert [job_id for job_id, _ in telegram.sent] == [job.id]
