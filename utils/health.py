"""What a part of the process says of itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

#: a disk with less than that takes neither a page of SQLite nor a report any more
ROOM_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Health:
    """`detail` is shown to operators and holds no secret.

    A part that isn't `ok` is restarted, unless it `heals` by itself or waits for something that no restart brings back
    (Telegram, a full disk, a lock of somebody else's).
    """

    ok: bool = True
    detail: str = ""
    heals: bool = False


def of_task(task: asyncio.Task[Any] | None, name: str) -> Health:
    """The health of a part that lives as long as one task: well while it runs; `name` says which one died."""
    if task is None or task.done():
        return Health(ok=False, detail=f"{name}: its task is dead")
    return Health()


def of_folder(folder: Path, room_bytes: int = ROOM_BYTES) -> Health:
    """The health of a part that writes into a folder, which may not be there yet; no restart makes room on a disk."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):  # a file may stand in its place
        return Health(ok=False, detail="its folder is not writable", heals=True)
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < room_bytes:
        return Health(ok=False, detail="the disk is full", heals=True)
    return Health()
