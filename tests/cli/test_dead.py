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


def test_before_a_server_ran_nothing_is_dead(terminal, tmp_path, monkeypatch):
    """An empty list and no such letter; a look makes no database."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    done = terminal("dead")
    assert (done.code, done.json) == (0, {"ok": True, "total": 0, "dead_letters": []})
    assert terminal("dead", "replay", "01J").json["error"]["code"] == "not_found"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_database_is_told_by_its_path(terminal, tmp_path, monkeypatch):
    """With what to do; it stays as it is."""
    path = tmp_path / "goldcrest.db"
    path.write_bytes(b"garbage" * 1000)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for words in (("list",), ("replay", "01J"), ("discard", "01J")):
        done = terminal("dead", *words)
        assert (done.code, done.json["error"]["code"]) == (1, "database")
        assert str(path) in done.json["error"]["message"]
        assert "away" in done.json["error"]["hint"]
    assert path.read_bytes() == b"garbage" * 1000


def test_a_folder_whose_name_is_no_utf_8_is_named_in_escapes(terminal, tmp_path, monkeypatch):
    """JSON has no other way to."""
    folder = tmp_path / "\udcff"
    folder.mkdir()
    (folder / "goldcrest.db").write_bytes(b"garbage" * 1000)
    monkeypatch.setenv("DATA_DIR", str(folder))
    done = terminal("dead")
    assert (done.code, done.json["error"]["code"]) == (1, "database")
    assert str(folder) in done.json["error"]["message"]


def test_somebody_elses_folder_is_told(terminal, tmp_path, monkeypatch):
    """`dead` as another user than the server's."""

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr("cli.dead.Path.exists", refuse)
    done = terminal("dead")
    assert (done.code, done.json["error"]["code"]) == (1, "database")
    assert "Run this as the user" in done.json["error"]["hint"]


@pytest.mark.parametrize("words", [("bury",), ("replay",), ("replay-all",), ("list", "x")])
def test_wrong_usage_is_told(terminal, words):
    """Exit code 2."""
    assert terminal("dead", *words).code == 2
