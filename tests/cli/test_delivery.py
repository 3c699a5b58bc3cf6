"""Files in the folder of a person at a terminal."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.delivery import FolderDelivery
from core.job_queue import Job
from platforms.shapes import Fetched, FetchedFile, Missing
from services.jobs import JobEvent
from tests.cli.conftest import LINK, MEDIA
from utils.errors import DiskFull, LocalError

JOB = Job("01J", "cli", LINK, "best", "", None, {}, "running", 1, 5, None, 0.0, 0.0)


def fetched(folder: Path, *names: str, title: str = "") -> Fetched:
    folder.mkdir(exist_ok=True)
    files = []
    for name in names:
        (folder / name).write_text(name)
        files.append(FetchedFile(folder / name, 5, "photo", "image/jpeg", title=title))
    return Fetched(MEDIA, tuple(files))


async def send(delivery: FolderDelivery, what: Fetched) -> list[str]:
    assert await delivery.send(JOB, what, lambda _: None) == ()
    return [Path(file["path"]).name for file in delivery.files]


async def test_several_files_are_numbered(tmp_path):
    """A carousel's pictures say which of how many they are; the file's own title comes first."""
    what = fetched(tmp_path / "job", "a.jpg", "b.png", title="Walk")
    assert await send(FolderDelivery(tmp_path), what) == ["Walk (1 of 2).jpg", "Walk (2 of 2).png"]
    assert list((tmp_path / "job").iterdir()) == []


async def test_what_of_a_post_is_missing_is_kept_for_the_answer(tmp_path):
    """With its place and the code of the reason."""
    delivery = FolderDelivery(tmp_path)
    await send(delivery, replace(fetched(tmp_path / "job", "a.jpg"), missing=(Missing(2, "removed"),)))
    assert delivery.missing == [{"position": 2, "code": "removed"}]


async def test_files_get_the_usual_mode(tmp_path):
    """Working files are private; what a person asked for is as readable as anything they make."""
    usual = tmp_path / "usual"
    usual.touch()
    what = fetched(tmp_path / "job", "a.jpg")
    what.files[0].path.chmod(0o600)
    await send(FolderDelivery(tmp_path), what)
    assert (tmp_path / "A B título.jpg").stat().st_mode == usual.stat().st_mode


async def test_another_file_system(tmp_path, monkeypatch):
    """Where a move can't be a renaming, it is a copy."""

    def refuse(_self: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "cross-device")

    monkeypatch.setattr(Path, "replace", refuse)
    await send(FolderDelivery(tmp_path), fetched(tmp_path / "job", "a.jpg"))
    assert (tmp_path / "A B título.jpg").read_text() == "a.jpg"


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EACCES, LocalError)]
)
async def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path, monkeypatch, number, error):
    """A full disk has its own error; the reserved name is free again."""

    def refuse(_self: Path, _target: Path) -> None:
        raise OSError(number, "refused")

    what = fetched(tmp_path / "job", "a.jpg")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(error):
        await send(FolderDelivery(tmp_path), what)
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


async def test_names_have_an_end(tmp_path, monkeypatch):
    """A folder that has every name is an error, not an endless search."""

    def taken(_self: Path, **_options: Any) -> None:
        raise FileExistsError

    what = fetched(tmp_path / "job", "a.jpg")
    monkeypatch.setattr(Path, "touch", taken)
    with pytest.raises(LocalError, match="too many files"):
        await send(FolderDelivery(tmp_path), what)


async def test_stored_copies_are_of_no_use(tmp_path):
    """Telegram's copies stay there; reports go another way."""
    delivery = FolderDelivery(tmp_path)
    assert not delivery.keeps
    assert not await delivery.resend(JOB, ())
    await delivery.report(JOB, JobEvent("01J", "queued"))
