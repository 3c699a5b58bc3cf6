"""What a child reports is believed as far as it can be checked."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from platforms.extractor.replies import ending_of, facts_of, fence_of, files_of, progress_of
from platforms.shapes import FetchedFile, Progress
from utils.errors import DeadlineExceeded, MemoryShort, WorkerCrashed


def fields(**more: Any) -> dict[str, Any]:
    return {"name": "1.mp4", "kind": "video", "mime": "video/mp4", **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    job = tmp_path / "job"
    job.mkdir()
    (job / "1.mp4").write_bytes(b"12345")
    (job / "1-thumbnail.jpg").write_bytes(b"123")
    (tmp_path / "secret").write_bytes(b"secret")
    (job / "link").symlink_to(tmp_path / "secret")
    return job


def test_a_true_report_becomes_the_fields_of_a_file(folder: Path):
    """Paths are absolute, the size is the one on disk."""
    told = fields(width=640, height=360.0, duration_seconds=4.5, thumbnail="1-thumbnail.jpg", title="T", size_bytes=7)
    (file,) = files_of([told], folder)
    assert FetchedFile(**file) == FetchedFile(
        folder / "1.mp4", 5, "video", "video/mp4", 640, 360, 4.5, folder / "1-thumbnail.jpg", "T"
    )


@pytest.mark.parametrize(
    "name", ["../secret", "link", "", ".", "..", "/etc/passwd", "missing", "sub/1.mp4", None, 5, "a\0b"]
)
def test_files_that_are_not_in_the_folder(folder: Path, name: Any):
    """Neither as the file itself nor as its thumbnail."""
    for told in (fields(name=name), fields(thumbnail=name)):
        if "thumbnail" in told and name is None:
            continue  # there needn't be one
        with pytest.raises(WorkerCrashed):
            files_of([told], folder)


def test_special_files_are_no_results(folder: Path):
    os.mkfifo(folder / "pipe")
    with pytest.raises(WorkerCrashed):
        files_of([fields(name="pipe")], folder)


@pytest.mark.parametrize(
    "reported", [None, [], {}, "x", ["x"], [fields()] * 50, [fields(kind="program")], [fields(kind=[])]]
)
def test_reports_that_are_none(folder: Path, reported: Any):
    with pytest.raises(WorkerCrashed):
        files_of(reported, folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "5", [], True])
def test_figures_that_are_none_are_unknown(folder: Path, value: Any):
    (file,) = files_of([fields(width=value, height=0, duration_seconds=value, title=None)], folder)
    assert (file["width"], file["height"], file["duration_seconds"], file["title"]) == (None, None, None, "")
    progress = progress_of({"phase": "merging", "done_bytes": value, "total_bytes": value, "speed": value})
    assert progress == Progress("merging")


def test_facts_of_the_wrong_kind_are_left_out():
    """What the classifier gets is what it expects, whatever a child sends."""
    true = {"code": "site", "status": 5, "types": ["A"], "headers": {"a": "b"}, "values": {"a": 1}, "errno": 2}
    assert facts_of(true) == true
    wrong = {"code": 5, "status": "x", "types": {}, "headers": [], "values": {"a": []}, "errno": "x", "other": 1}
    assert facts_of(wrong) == {"values": {}, "headers": {}}


@pytest.mark.parametrize("asked", [float("nan"), float("inf"), float("-inf"), -1, True])
def test_a_wait_that_is_no_time_is_left_out(asked):
    """JSON as Python reads it knows NaN and Infinity; nobody is to wait for them."""
    assert facts_of({"code": "rate_limited", "retry_after_seconds": asked}) == {
        "code": "rate_limited",
        "values": {},
        "headers": {},
    }
    assert facts_of({"retry_after_seconds": 7})["retry_after_seconds"] == 7


def test_progress_without_a_known_phase_is_dropped():
    assert progress_of({"phase": "uploading"}) is None
    assert progress_of({"phase": "downloading", "done_bytes": 5, "total_bytes": 9.0}) == Progress("downloading", 5, 9)


@pytest.mark.parametrize(
    ("status", "error", "detail"),
    [
        (None, WorkerCrashed, "it went with its forkserver"),
        (0, WorkerCrashed, "exit code 0"),
        (3 << 8, WorkerCrashed, "exit code 3"),
        (signal.SIGSEGV, WorkerCrashed, "SIGSEGV"),
        (signal.SIGKILL, MemoryShort, "ended by the kernel, SIGKILL"),
        (signal.SIGXCPU, DeadlineExceeded, "SIGXCPU"),
        (100, WorkerCrashed, "signal 100"),
        (signal.SIGABRT | 0x80, WorkerCrashed, "SIGABRT"),
    ],
)
def test_how_a_child_ended(status: int | None, error: type[Exception], detail: str):
    """By the wait status of the operating system, the flag of a core file apart."""
    told = ending_of(status)
    assert isinstance(told, error)
    assert told.detail == detail


@pytest.mark.parametrize(
    "told",
    [{}, {"abi": 4}, {"abi": True, "files": True, "network": True}, {"abi": 4, "files": "yes", "network": False}],
)
def test_a_fence_that_makes_no_sense_is_none(told: dict[str, Any]):
    """It would stand in /status, whatever a captured worker has put there."""
    assert fence_of(told) is None
