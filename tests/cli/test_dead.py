"""`dead`: what failed for good, at the terminal, beside a server over the same database."""

import asyncio

import pytest

from cli.dead import MIGRATIONS
from core.job_queue import FAILED, JobQueue
from platforms.shapes import Link
from utils.database import Database


async def prepared(path):
    database = Database(path, MIGRATIONS)
    await database.start()
    queue = JobQueue(database, bound=9, user_bound=9)
    for number in range(2):
        link = Link("https://site.test/1", f"site:{number}", "site", "video", str(number))
        await queue.add("telegram", link, "best", title="T", user_id=7, target={})
        await queue.move((await queue.take(("telegram",)))[0], FAILED, "site_down")
    await database.stop()


def test_it_is_listed_replayed_and_discarded(terminal, tmp_path, monkeypatch):
    """By the id that the list names; afterwards it is unknown."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert terminal("dead").code == 1  # there is no database yet, and none is made
    assert list(tmp_path.iterdir()) == []
    asyncio.run(prepared(tmp_path / "goldcrest.db"))
    shown = terminal("dead", "list").json
    first, second = (letter["id"] for letter in shown["dead_letters"])
    assert shown["total"] == 2
    assert terminal("dead", "replay", first.lower()).json["job"]
    assert terminal("dead", "replay", first).code == 1
    assert terminal("dead", "discard", second).code == 0
    assert terminal("dead", "discard", second).json["error"]["code"] == "not_found"
    assert terminal("dead").json["total"] == 0


def test_all_of_one_reason_are_replayed_at_once(terminal, tmp_path, monkeypatch):
    """By their code."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    asyncio.run(prepared(tmp_path / "goldcrest.db"))
    assert terminal("dead", "replay-all", "private").json == {"ok": True, "jobs": [], "left": 0}
    shown = terminal("dead", "replay-all", "site_down").json
    assert (len(shown["jobs"]), shown["left"]) == (2, 0)
    assert terminal("dead").json["total"] == 0


@pytest.mark.parametrize("words", [("bury",), ("replay",), ("replay-all",), ("list", "x")])
def test_wrong_usage_is_told(terminal, words):
    """Exit code 2."""
    assert terminal("dead", *words).code == 2
