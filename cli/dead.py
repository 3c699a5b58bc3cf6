"""`dead`: what failed for good, read from the server's own database; a running server begins a replay by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.job_queue import JobQueue
from services.shapes import letter_shape
from utils.database import Database
from utils.errors import DatabaseUnreadable, NotFound

if TYPE_CHECKING:
    from utils.config import Settings
    from utils.texts import Texts

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "core" / "migrations"


async def listed(settings: Settings, texts: Texts) -> dict[str, Any]:
    """The newest ones, and how many there are: none where no server ran yet."""
    if _path(settings) is None:
        return {"ok": True, "total": 0, "dead_letters": []}
    async with _queue(settings) as queue:
        letters = [letter_shape(letter, texts) for letter in await queue.letters.newest()]
        return {"ok": True, "total": await queue.letters.count(), "dead_letters": letters}


async def replay(settings: Settings, letter_id: str) -> dict[str, Any]:
    """A fresh job for the same target. Raises NotFound."""
    async with _queue(settings) as queue:
        job = await queue.replay(letter_id.upper())
    if job is None:
        raise NotFound(f"dead letter {letter_id}")
    return {"ok": True, "job": job.id}


async def replay_all(settings: Settings, error_code: str) -> dict[str, Any]:
    """Fresh jobs for the oldest that failed for that reason; what is left of them waits for the next call."""
    async with _queue(settings) as queue:
        jobs = await queue.replay_all(error_code)
        return {"ok": True, "jobs": [job.id for job in jobs], "left": await queue.letters.count(error_code)}


async def discard(settings: Settings, letter_id: str) -> dict[str, Any]:
    """Forget one. Raises NotFound."""
    async with _queue(settings) as queue:
        if await queue.letters.take(letter_id.upper()) is None:
            raise NotFound(f"dead letter {letter_id}")
    return {"ok": True}


def _path(settings: Settings) -> Path | None:
    """The server's database; None where no server ran yet. Raises DatabaseUnreadable where it is somebody else's."""
    path = settings.data_dir / "goldcrest.db"
    try:
        return path if path.exists() else None
    except PermissionError as error:
        raise DatabaseUnreadable(str(error), path=path) from error


@asynccontextmanager
async def _queue(settings: Settings) -> AsyncIterator[JobQueue]:
    """The queue of the data folder. Raises NotFound where there is none yet (a look makes none), DatabaseUnreadable."""
    path = _path(settings)
    if path is None:
        raise NotFound("no database yet")
    database = Database(path, MIGRATIONS)
    await database.start()
    try:
        bounds = settings.downloads
        yield JobQueue(database, bound=bounds.queue_bound, user_bound=bounds.user_bound)
    finally:
        await database.stop()
