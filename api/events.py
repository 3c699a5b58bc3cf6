"""Server-sent events of jobs: the newest state of each, a few times a second, until all have ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec
import structlog

from services.jobs import Event

E = TypeVar("E", bound=Event)
log = structlog.get_logger()
#: id of the last event; a client that comes back with it is told that nothing follows
LAST_ID: Final = "end"
#: a client that lost the connection comes back after that; it then gets the present state first
RECONNECT_MS: Final = 2000
#: proxies cut connections that are silent for a minute, some for half of it
HEARTBEAT_SECONDS: Final = 15.0
#: at most that often; what lies between is dropped, the newest state counts
INTERVAL_SECONDS: Final = 0.25


async def follow(
    watches: Mapping[str, AsyncIterator[E]],
    shape: Callable[[E], Any],
    closing: asyncio.Event,
    *,
    gone: Sequence[str] = (),
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    interval_seconds: float = INTERVAL_SECONDS,
) -> AsyncGenerator[bytes, None]:
    """The bytes of a stream.

    `watches`: events by id of the job or batch; `gone`: ids that were asked for and that nobody knows (any more);
    `closing`: end now, the client comes back.
    """
    board: _Board[E] = _Board()
    tasks = {asyncio.create_task(board.take(job_id, events)) for job_id, events in watches.items()}
    tasks.add(asyncio.create_task(board.close_at(closing)))
    open_jobs = set(watches)
    try:
        yield f"retry: {RECONNECT_MS}\n\n".encode()
        for number, job_id in enumerate(gone, 1):
            yield _chunk({"id": job_id}, last=not watches and number == len(gone), kind="gone")
        while open_jobs:
            events = await board.news(heartbeat_seconds)
            if closing.is_set() or board.broken:
                return  # without the last event, so that the client asks again
            open_jobs -= {identity for identity, event in events.items() if event.final}
            for number, event in enumerate(events.values(), 1):
                yield _chunk(shape(event), last=not open_jobs and number == len(events))
            if not events:
                yield b": still here\n\n"
            elif open_jobs:
                await asyncio.sleep(interval_seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


class _Board(Generic[E]):
    """The newest event of each job or batch that was not read yet."""

    def __init__(self) -> None:
        self.broken = False
        self._newest: dict[str, E] = {}
        self._changed = asyncio.Event()

    async def take(self, job_id: str, events: AsyncIterator[E]) -> None:
        """Note the events of one job until they end."""
        try:
            async for event in events:
                self._newest[job_id] = event
                self._changed.set()
        except Exception:
            log.exception("watch broke", job=job_id)
            self.broken = True
            self._changed.set()

    async def close_at(self, closing: asyncio.Event) -> None:
        """Wake the reader when the process stops."""
        await closing.wait()
        self._changed.set()

    async def news(self, seconds: float) -> dict[str, E]:
        """What came since the last call, by id; {} where nothing did for that long."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return {}
        self._changed.clear()
        events, self._newest = self._newest, {}
        return events


def _chunk(content: Any, *, last: bool, kind: str = "") -> bytes:
    head = (f"id: {LAST_ID}\n" if last else "") + (f"event: {kind}\n" if kind else "")
    return head.encode() + b"data: " + msgspec.json.encode(content) + b"\n\n"
