"""The tables of batches: bounds, states that only go forward, and what is forgotten."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import batch_table
from core.batch_table import HISTORY_SECONDS, OPEN_BOUND, OPEN_PER_USER, READ_ALL, BatchTable, ItemRow
from core.job_queue import JobQueue
from platforms.shapes import Link
from utils.database import Database
from utils.errors import Busy

MIGRATIONS = Path(__file__).parents[2] / "core" / "migrations"
LIST = Link("https://site.test/l", "site:playlist:l", "site", "playlist", "l")


def item(position: int, **more: Any) -> ItemRow:
    link = Link(f"https://site.test/{position}", f"site:{position}", "site", "video", str(position))
    return ItemRow(position, link, link.url, f"Item {position}", **more)


@pytest.fixture
async def database(tmp_path: Path):
    database = Database(tmp_path / "goldcrest.db", MIGRATIONS)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
def now() -> list[float]:
    return [1_000_000.0]


@pytest.fixture
def table(database: Database, now: list[float]) -> BatchTable:
    return BatchTable(database, clock=lambda: now[0])


async def add(table: BatchTable, user: int | None = 7, **more: Any):
    return await table.add("telegram", "T", "best", user, {"chat_id": user}, **more)


async def end(table: BatchTable, batch_id: str) -> None:
    assert await table.move(batch_id, ("open",), "done")


async def test_what_a_target_has_at_work(table: BatchTable):
    """By the fields that it begins with, until its end."""
    target = {"chat_id": 7, "status_id": 12}
    batch = await table.add("telegram", "T", "best", 7, {**target, "reply_to": None}, items=[item(1)])
    assert await table.at_work("telegram", target)
    assert not await table.at_work("web", target)
    assert not await table.at_work("telegram", {"chat_id": 7, "status_id": 1})
    await end(table, batch.id)
    assert not await table.at_work("telegram", target)


async def test_a_batch_comes_back_as_it_was_written(table: BatchTable, now: list[float]):
    """Links, list, ranges, target; single links are read already, a list isn't."""
    links = await add(table, items=[item(1), item(2, state="failed", error_code="private")])
    assert (links.total, links.read_to, links.ended) == (2, READ_ALL, False)
    assert await table.get(links.id) == links
    assert await table.items(links.id) == [item(1), item(2, state="failed", error_code="private")]
    assert await table.items(links.id, ("failed",), 1) == [item(2, state="failed", error_code="private")]
    now[0] += 1
    listed = await add(table, listing=LIST, ranges="1-5")
    assert (listed.total, listed.read_to, (await table.get(listed.id))) == (None, 0, listed)
    assert [row.id for row in await table.under_way()] == [links.id, listed.id]
    assert await table.get("no such") is None


async def test_a_page_is_noted_with_how_far_it_reaches(table: BatchTable):
    """Read twice it is there once."""
    row = await add(table, listing=LIST, ranges="1-5")
    for _ in range(2):
        await table.read(row.id, [item(1), replace(item(2), link=None, url="")], 30, 60)
    assert await table.get(row.id) == replace(row, read_to=30, total=60)
    assert await table.counts(row.id) == {"waiting": 2}
    assert (await table.items(row.id))[1].link is None
    await table.read(row.id, (), READ_ALL, 60, "site_down")
    assert await table.get(row.id) == replace(row, read_to=READ_ALL, total=60, error_code="site_down")


async def test_states_only_go_forward(table: BatchTable):
    """An end is final; the length is what was read where nobody told it."""
    row = await add(table, listing=LIST, ranges="1-5")
    await table.read(row.id, [item(1), item(2)], 30, None)
    assert await table.move(row.id, ("open",), "cancelling")
    assert not await table.move(row.id, ("open",), "cancelling")
    found = await table.get(row.id)
    assert found
    assert (found.total, found.ended) == (None, False)
    assert await table.move(row.id, ("open", "cancelling"), "cancelled")
    assert not await table.move(row.id, ("open", "cancelling"), "done")
    found = await table.get(row.id)
    assert found
    assert (found.total, found.ended) == (2, True)
    assert await table.under_way() == []


async def test_what_became_of_an_item(table: BatchTable):
    """Its job stays known when its end is noted; what is no job yet can be given up."""
    row = await add(table, items=[item(1), item(2)])
    await table.note(row.id, 1, "working", job_id="01J")
    await table.note(row.id, 1, "failed", error_code="private")
    await table.give_up_waiting(row.id)
    assert await table.items(row.id) == [
        item(1, state="failed", job_id="01J", error_code="private"),
        item(2, state="cancelled"),
    ]
    assert await table.counts(row.id) == {"failed": 1, "cancelled": 1}


async def test_an_item_is_never_two_jobs(table: BatchTable, database: Database):
    """The jobs that are there are found by their place; a second one for that place is refused."""
    queue = JobQueue(database, bound=9, user_bound=9)
    row = await add(table, items=[item(1), item(2)])
    link = item(1).link
    assert link
    more: dict[str, Any] = {"title": "", "user_id": 7, "target": {}}
    job = await queue.add("telegram", link, "best", **more, batch=row.id, batch_position=1)
    assert await queue.get(job.id) == job
    assert (job.batch, job.batch_position) == (row.id, 1)
    with pytest.raises(sqlite3.IntegrityError):
        await queue.add("telegram", link, "best", **more, batch=row.id, batch_position=1)
    for _ in range(2):
        await queue.add("telegram", link, "best", **more)
    await table.catch_up(row.id)
    assert await table.items(row.id) == [item(1, state="working", job_id=job.id), item(2)]


async def test_open_batches_are_bounded(table: BatchTable, monkeypatch: pytest.MonkeyPatch):
    """By person and in all; visitors of the page count as one person; ended ones don't count."""
    rows = [await add(table, None) for _ in range(OPEN_PER_USER)]
    with pytest.raises(Busy) as mine:
        await add(table, None)
    assert mine.value.values == {"mine": True, "bound": OPEN_PER_USER}
    await add(table)
    monkeypatch.setattr(batch_table, "OPEN_BOUND", OPEN_PER_USER + 1)
    with pytest.raises(Busy) as all_of_them:
        await add(table, 9)
    assert all_of_them.value.values["mine"] is False
    assert OPEN_BOUND > OPEN_PER_USER
    await end(table, rows[0].id)
    await add(table, 9)


async def test_an_end_is_told_once(table: BatchTable):
    """To its own front."""
    row = await add(table)
    assert await table.untold("telegram") == []
    await end(table, row.id)
    assert [each.id for each in await table.untold("telegram")] == [row.id]
    assert await table.untold("web") == []
    await table.told(row.id)
    assert await table.untold("telegram") == []


async def test_history_is_bounded(table: BatchTable, now: list[float], monkeypatch: pytest.MonkeyPatch):
    """By age and by number, with all items; what is open stays."""
    old, kept = await add(table, items=[item(1)]), await add(table, items=[item(1)])
    await end(table, old.id)
    now[0] += HISTORY_SECONDS + 1
    later = []
    for _ in range(3):
        now[0] += 1
        later.append(await add(table))
        await end(table, later[-1].id)
    assert await table.get(old.id) is None
    assert await table.counts(old.id) == {}
    monkeypatch.setattr(batch_table, "HISTORY_BOUND", 2)
    now[0] += 1
    await add(table)
    assert [bool(await table.get(row.id)) for row in (kept, *later)] == [True, False, True, True]
    assert await table.counts(kept.id) == {"waiting": 1}
