"""Start the parts of the process by their needs, keep a live view of them, stop them in reverse."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from core.parts import Health, Part, Phase, Slot, name_of, plan
from utils.errors import GoldcrestError, ShuttingDown
from utils.logs import get_logger

__all__ = ["Health", "Part", "Phase", "SystemManager"]

log = get_logger()


class SystemManager:
    """The life of all parts.

    `stop_seconds` bounds the whole stop. A part that isn't vital and fails to start is tried again for as long as the
    process lives, waiting `retry_base_seconds` doubled each time, at most `retry_cap_seconds`, half of it by chance;
    never sooner than the `retry_after_seconds` of its error. Raises ValueError where the needs don't fit together.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        stop_seconds: float = 4.5,
        retry_base_seconds: float = 2.0,
        retry_cap_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._slots = plan(parts)
        self._stop_seconds = stop_seconds
        self._retry_base_seconds = retry_base_seconds
        self._retry_cap_seconds = retry_cap_seconds
        self._clock = clock
        self._sleep = sleep
        self._rng = rng
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping: asyncio.Task[None] | None = None
        self._began_at: float | None = None
        self._ready_seconds: float | None = None

    @property
    def ready(self) -> bool:
        """Whether every vital part runs."""
        vital = (slot.phase is Phase.RUNNING for slot in self._slots.values() if slot.part.vital)
        return self._began_at is not None and self._stopping is None and all(vital)

    def made(self, name: str) -> Any:
        """The running part of that name, None while it doesn't run."""
        slot = self._slots[name]
        return slot.made if slot.phase is Phase.RUNNING else None

    def state(self) -> dict[str, Any]:
        """The live view: `state`, `ready`, times, and every part.

        `state` is starting, ok, degraded (a part is not well), stopping, stopped or failed (a vital part did).
        """
        now = self._clock()
        parts = {name: slot.view(now) for name, slot in self._slots.items()}
        return {
            "state": self._overall(all(part["ok"] for part in parts.values())),
            "ready": self.ready,
            "uptime_seconds": 0.0 if self._began_at is None else round(now - self._began_at, 3),
            "ready_seconds": self._ready_seconds,
            "parts": parts,
        }

    async def start(self) -> None:
        """Start all parts; return when the vital ones run, the others go on by themselves.

        A vital part that fails stops what has started, in reverse, and its error is raised. A stop in the middle of the
        start raises ShuttingDown.
        """
        self._began_at = self._clock()
        keepers = {
            name: asyncio.create_task(self._keep(slot), name=f"part {name}") for name, slot in self._slots.items()
        }
        self._keepers = list(keepers.values())
        try:
            await asyncio.gather(*(keepers[name] for name, slot in self._slots.items() if slot.part.vital))
        except BaseException as error:
            stopped = self._stopping is not None
            await self.stop()
            if stopped and isinstance(error, asyncio.CancelledError) and not _is_cancelled():
                raise ShuttingDown("stopped during the start") from None
            raise
        self._ready_seconds = round(self._clock() - self._began_at, 3)
        log.info("system.ready", seconds=self._ready_seconds)

    async def stop(self) -> None:
        """Stop all parts in reverse, each bounded, together within `stop_seconds`. Further calls wait for the first."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop_all(), name="stop all parts")
        await asyncio.shield(self._stopping)

    async def _keep(self, slot: Slot) -> None:
        """Bring one part up, however long its needs take and, unless it is vital, however often it fails."""
        for need in slot.part.needs:
            await self._slots[need].up.wait()
        while (error := await self._attempt(slot)) is not None:
            slot.failures += 1
            slot.error = name_of(error)
            slot.phase = Phase.FAILED if slot.part.vital else Phase.DEGRADED
            unforeseen = None if isinstance(error, GoldcrestError) else error
            log.error("part.failed", part=slot.part.name, error=str(error) or slot.error, exc_info=unforeseen)
            await self._halt(slot, self._stop_seconds)
            if slot.part.vital:
                raise error
            wait_seconds = self._wait_seconds(slot.failures, error)
            slot.retry_at = self._clock() + wait_seconds
            await self._sleep(wait_seconds)

    async def _attempt(self, slot: Slot) -> BaseException | None:
        """Make and start a part once; what went wrong, if anything."""
        slot.phase = Phase.STARTING
        slot.began_at = self._clock()
        slot.retry_at = None
        try:
            slot.made = slot.part.make(*(self._slots[need].made for need in slot.part.needs))
            if start := getattr(slot.made, "start", None):
                await start()
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            return error  # the part's own doing, not a request to us
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller decides by the part's vitality
            return error
        slot.phase = Phase.RUNNING
        slot.error = ""
        slot.start_seconds = round(self._clock() - slot.began_at, 3)
        slot.up.set()
        log.debug("part.started", part=slot.part.name, seconds=slot.start_seconds)
        return None

    def _wait_seconds(self, failures: int, error: BaseException) -> float:
        longest: float = min(self._retry_cap_seconds, self._retry_base_seconds * 2.0 ** min(failures - 1, 30))
        asked = error.retry_after_seconds if isinstance(error, GoldcrestError) else None
        return max(longest * (0.5 + 0.5 * self._rng()), asked or 0.0)

    async def _stop_all(self) -> None:
        deadline = self._clock() + self._stop_seconds
        for keeper in self._keepers:
            keeper.cancel()
        await self._within(asyncio.gather(*self._keepers, return_exceptions=True), self._stop_seconds / 4)
        await asyncio.gather(*(self._stop_slot(slot, deadline) for slot in self._slots.values()))
        log.info("system.stopped", seconds=round(self._clock() - deadline + self._stop_seconds, 3))

    async def _stop_slot(self, slot: Slot, deadline: float) -> None:
        for other in self._slots.values():
            if slot.part.name in other.part.needs:
                await other.down.wait()
        if slot.phase is not Phase.FAILED:
            slot.phase = Phase.STOPPING
        left = max(0.0, deadline - self._clock())
        await self._halt(slot, left / 2 if slot.depth else left)  # what stands beneath needs its time too
        if slot.phase is not Phase.FAILED:
            slot.phase = Phase.STOPPED
        slot.down.set()

    async def _halt(self, slot: Slot, seconds: float) -> None:
        """Stop what was made, if anything; neither its errors nor its slowness hold up the others."""
        made, slot.made = slot.made, None
        stop = getattr(made, "stop", None)
        if stop is None:
            return
        try:
            if not await self._within(stop(), seconds):
                log.error("part.stop_unfinished", part=slot.part.name, seconds=round(seconds, 3))
        except Exception as error:
            log.exception("part.stop_failed", part=slot.part.name, error=str(error))

    async def _within(self, work: Awaitable[Any], seconds: float) -> bool:
        """Whether `work` finished in that time; it is cancelled where not. Its error is raised."""
        task = asyncio.ensure_future(work)
        timer = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            if not task.done():
                task.add_done_callback(lambda late: late.cancelled() or late.exception())
                task.cancel()
        if not task.done() or task.cancelled():
            return False
        task.result()
        return True

    def _overall(self, well: bool) -> str:
        phases = [slot.phase for slot in self._slots.values()]
        if Phase.FAILED in phases:
            return "failed"
        if self._stopping is not None:
            return "stopped" if self._stopping.done() else "stopping"
        if not self.ready:
            return "starting"
        return "ok" if well else "degraded"


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
