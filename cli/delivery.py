"""The way back to a person at a terminal: files with clean names in a folder of theirs."""

from __future__ import annotations

import asyncio
import errno
import shutil
import stat
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from utils.errors import DiskFull, LocalError
from utils.filenames import file_name

if TYPE_CHECKING:
    from core.job_queue import Job
    from platforms.shapes import Fetched, FetchedFile, ProgressSink
    from services.jobs import JobEvent, StoredFile

#: copies of one name before something must be wrong
NAMES_BOUND: Final = 10_000


class FolderDelivery:
    """Moves finished files into `folder`.

    `files` holds what lies there and `missing` what of a post could not be had, both in the shape of the answer.
    """

    keeps = False

    def __init__(self, folder: Path) -> None:
        self.files: list[dict[str, Any]] = []
        self.missing: list[dict[str, Any]] = []
        self._folder = folder

    async def send(self, job: Job, fetched: Fetched, on_progress: ProgressSink) -> tuple[StoredFile, ...]:  # noqa: ARG002 - a move takes no time
        """Move all files. Raises DiskFull or LocalError."""
        count = len(fetched.files)
        for number, file in enumerate(fetched.files, start=1):
            name = file_name(file.title or fetched.media.title, file.path.suffix, f"{number} of {count}" * (count > 1))
            path = await asyncio.to_thread(self._place, file.path, name)
            place = {"position": job.batch_position} if job.batch else {}
            self.files.append({**_shape(file, path), **place})
        self.missing += [asdict(each) for each in fetched.missing]
        return ()

    async def resend(self, job: Job, stored: tuple[StoredFile, ...]) -> bool:  # noqa: ARG002 - the shape of a Delivery
        """Telegram's copies are of no use here."""
        return False

    async def report(self, job: Job, event: JobEvent) -> None:
        """The command follows its job by itself."""

    def _place(self, source: Path, name: str) -> Path:
        """Move a file under a name that nobody has: "name.mp4", "name (2).mp4" and so on."""
        try:
            path = self._reserve(name)
            try:
                mode = stat.S_IMODE(path.stat().st_mode)  # what this person's umask gives; the source is private
                _move(source, path)
                path.chmod(mode)
            except OSError:
                path.unlink(missing_ok=True)
                raise
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(str(error)) from error
            raise LocalError(f"{name} can't be written: {error.strerror}") from error
        return path

    def _reserve(self, name: str) -> Path:
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in range(1, NAMES_BOUND):
            path = self._folder / (name if number == 1 else f"{stem} ({number}){suffix}")
            try:
                path.touch(exist_ok=False)
            except FileExistsError:
                continue
            return path
        raise FileExistsError(errno.EEXIST, "too many files of that name")


def _move(source: Path, path: Path) -> None:
    try:
        source.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, path)


def _shape(file: FetchedFile, path: Path) -> dict[str, Any]:
    return {
        "path": str(path),
        "size_bytes": file.size_bytes,
        "kind": file.kind,
        "mime": file.mime,
        "width": file.width,
        "height": file.height,
        "duration_seconds": file.duration_seconds,
    }
