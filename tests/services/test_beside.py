"""What is written beside a link, and that nothing of what is asked for is dropped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from platforms.registry import Registry
from services.beside import part_beside, positions_beside
from tests.cli.test_process import run, sites
from utils.errors import BadPart

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sites.harness import Sites

__all__ = ["sites"]

LIST = "https://www.youtube.com/playlist?list=PLsixty0000000000"
VIDEO = "https://youtu.be/dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("text", "positions", "part"),
    [
        (f"{LIST} 1-10,15", "1-10,15", ""),
        (f"3 {LIST}", "3", ""),
        (f"{LIST} ALL", "all", ""),
        (LIST, "", ""),
        (f"top 10: {LIST}", "", ""),
        (f"{LIST} {VIDEO} 1", "", ""),
        (f"{VIDEO} 0:43-1:20", "", "clip:43-80"),
        (f"{VIDEO} 1:20-", "", "clip:80-"),
        (f"{VIDEO} 2024", "2024", ""),
    ],
)
def test_positions_and_times_are_told_apart(text, positions, part):
    """A range of times is none of positions; words and second links make it a text like any other."""
    links = Registry().detect(text, 20).links
    assert (positions_beside(text, links), part_beside(text, links[0])) == (positions, part)


def test_times_that_make_no_sense_are_refused():
    """As from the bot."""
    with pytest.raises(BadPart):
        part_beside(f"{VIDEO} 1:20-0:43", Registry().detect(VIDEO, 1).links[0])


@pytest.mark.process
@pytest.mark.parametrize(
    ("behind", "options"),
    [
        ("", ("--items", "1", "--from", "1", "--to", "2")),
        ("", ("--minutes", "5")),
        (" 0:01-0:02", ()),
        (" 1-2", ("--from", "1")),
        (" 1-2", ("--items", "3")),
    ],
)
def test_a_part_of_a_list_and_two_wishes_are_wrong_usage(sites: Sites, tmp_path: Path, behind: str, options: list[str]):
    """Said on standard error with exit code 2; nothing is downloaded."""
    done = run(sites, "get", sites.samples()["youtube"]["list_sixty"] + behind, *options, "-o", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.process
@pytest.mark.parametrize(("sample", "behind"), [("list_sixty", " 2,3"), ("in_list", " 2-3")])
def test_positions_behind_a_link_choose_items(sites: Sites, tmp_path: Path, sample: str, behind: str):
    """Of a list, and of the one that a video was opened from."""
    done = run(sites, "get", sites.samples()["youtube"][sample] + behind, "-q", "144p", "-o", str(tmp_path))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["items"]) == (0, "2-3")
    assert len(answer["files"]) == 2


@pytest.mark.process
@pytest.mark.parametrize("sample", ["clip", "in_list"])
def test_times_behind_a_link_cut_it(sites: Sites, tmp_path: Path, sample: str):
    """Also where the link names a list besides its video."""
    done = run(sites, "get", sites.samples()["youtube"][sample] + " 0:01-0:02", "-q", "144p", "-o", str(tmp_path))
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["part"]) == (0, "clip:1-2")
    assert answer["files"][0]["duration_seconds"] < 2.5
