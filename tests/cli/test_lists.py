"""`info` and `get` on lists, as processes with the real extractor against the replicas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_process import run, sites
from tests.sites.youtube_lists import playlist_id

if TYPE_CHECKING:
    from tests.sites.harness import Sites

__all__ = ["sites"]
pytestmark = pytest.mark.process


def lists(running: Sites) -> dict[str, str]:
    return running.samples()["youtube"]


def test_info_shows_a_page(sites: Sites):
    """Positions, titles and lengths of the items, and how many there are; the first ten where nothing is said."""
    first = json.loads(run(sites, "info", lists(sites)["list_sixty"]).stdout)
    assert first["ok"]
    page = first["list"]
    assert (page["kind"], page["title"], page["total"], page["more"]) == ("playlist", "Replica list sixty", 60, True)
    assert [entry["position"] for entry in page["entries"]] == list(range(1, 11))
    assert page["entries"][4] == {
        "position": 5,
        "url": "https://www.youtube.com/watch?v=clip0000004",
        "title": "Item 5",
        "duration_seconds": 4,
    }
    page = json.loads(run(sites, "info", lists(sites)["in_list"], "--page", "3", "--count", "25").stdout)["list"]
    assert (page["canonical"], page["first"], page["more"]) == (f"youtube:playlist:{playlist_id('sixty')}", 51, False)
    assert len(page["entries"]) == 10


def test_a_video_in_a_list_is_a_video(sites: Sites):
    """As long as nobody asks for the list."""
    assert json.loads(run(sites, "info", lists(sites)["in_list"]).stdout)["media"]["id"] == "clip0000005"


def test_get_fetches_items_and_tells_failures_at_the_end(sites: Sites, tmp_path: Path):
    """The rest goes on; exit code 0 as long as something came."""
    done = run(sites, "get", lists(sites)["list_faulty"], "--items", "6,1-3", "-q", "144p", "-o", str(tmp_path))
    assert done.returncode == 0, done.stdout
    answer = json.loads(done.stdout)
    assert (answer["ok"], answer["items"], answer["list"]["total"]) == (True, "1-3,6", 30)
    assert answer["counts"] == {"queued": 0, "running": 0, "done": 2, "failed": 2, "cancelled": 0}
    assert [file["position"] for file in answer["files"]] == [1, 2]
    assert [(each["position"], each["error"]["code"]) for each in answer["failures"]] == [
        (3, "private"),
        (6, "removed"),
    ]
    assert sorted(str(path) for path in tmp_path.iterdir()) == sorted(file["path"] for file in answer["files"])


@pytest.mark.parametrize(
    ("sample", "items", "code"),
    [
        ("list_faulty", "3", "private"),
        ("list_empty", "", "empty_list"),
        ("list_hidden", "", "private"),
        ("list_sixty", "61-", "bad_range"),
        ("list_sixty", "x", "bad_range"),
        ("list_many", "1-201", "bad_range"),
    ],
)
def test_where_nothing_comes_the_exit_code_is_1(sites: Sites, tmp_path: Path, sample: str, items: str, code: str):
    """With the reason, in the shape of every failure."""
    chosen = ["--items", items] if items else []
    done = run(sites, "get", lists(sites)[sample], *chosen, "-o", str(tmp_path))
    answer: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, answer["ok"], answer["error"]["code"]) == (1, False, code)
    assert answer["error"]["message"]
    assert list(tmp_path.iterdir()) == []
