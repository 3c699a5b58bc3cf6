"""Start the parts of the process by their needs, bring back those that fall ill, stop them in reverse."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from core.bounded import Sleep, is_cancelled, race
from core.health_watch import HealthWatch
from core.keeper import Keeper
from core.parts import Part, Phase, Slot, plan
from core.restarts import Patience, Restarts
from utils.errors import ShuttingDown
from utils.health import Health
from utils.logs import get_logger

__all__ = ["Health", "Part", "Patience", "Phase", "SystemManager"]

log = get_logger()


class SystemManager:
    """The life of all parts. `stop_seconds` bounds the whole stop; `patience` everything else.

    Raises ValueError where the needs don't fit together.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        stop_seconds: float = 4.5,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        patience = patience or Patience()
        self._slots = plan(parts, lambda: Restarts(patience, clock))
        self._keeper = Keeper(self._slots, patience, clock=clock, sleep=sleep, rng=rng)
        self._watch = HealthWatch(self._slots.values(), patience, self._keeper.bring_back, clock=clock, sleep=sleep)
        self._stop_seconds = stop_seconds
        self._clock = clock
        self._sleep = sleep
        self._watching: asyncio.Task[None] | None = None
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

        `state` is starting, ok, degraded (a part is not well), stopping, stopped or failed (a vital part is given up).
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
        for slot in self._slots.values():
            slot.since = self._began_at
        keepers = {name: self._keeper.begin(slot) for name, slot in self._slots.items()}
        self._watching = asyncio.create_task(self._watch.run(), name="health of parts")
        try:
            await asyncio.gather(*(keepers[name] for name, slot in self._slots.items() if slot.part.vital))
        except BaseException as error:
            stopped = self._stopping is not None
            await self.stop()
            if stopped and isinstance(error, asyncio.CancelledError) and not is_cancelled():
                raise ShuttingDown("stopped during the start") from None
            raise
        self._ready_seconds = round(self._clock() - self._began_at, 3)
        log.info("system.ready", seconds=self._ready_seconds)

    async def lost(self) -> str:
        """Wait until a vital part can't be brought back; a line that says which. The process had better end then."""
        await self._keeper.lost.wait()
        return self._keeper.loss

    async def stop(self) -> None:
        """Stop all parts in reverse, each bounded, together within `stop_seconds`. Further calls wait for the first."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop_all(), name="stop all parts")
        await asyncio.shield(self._stopping)

    async def _stop_all(self) -> None:
        deadline = self._clock() + self._stop_seconds
        tasks = self._keeper.cancel()
        if self._watching is not None:
            self._watching.cancel()
            tasks.append(self._watching)
        ending = asyncio.gather(*tasks, self._watch.stop(), return_exceptions=True)
        await race(ending, self._stop_seconds / 4, self._sleep)
        await asyncio.gather(*(self._stop_slot(slot, deadline) for slot in self._slots.values()))
        log.info("system.stopped", seconds=round(self._clock() - deadline + self._stop_seconds, 3))

    async def _stop_slot(self, slot: Slot, deadline: float) -> None:
        for other in self._slots.values():
            if slot.part.name in other.part.needs:
                await other.down.wait()
        if slot.phase is not Phase.FAILED:
            slot.enter(Phase.STOPPING)
        left = max(0.0, deadline - self._clock())
        # what stands beneath needs its time too
        await self._keeper.halt(slot, left / 2 if slot.depth else left, grace_seconds=0.0)
        slot.made = None
        if slot.phase is not Phase.FAILED:
            slot.enter(Phase.STOPPED)
        slot.down.set()

    def _overall(self, well: bool) -> str:
        phases = [slot.phase for slot in self._slots.values()]
        if Phase.FAILED in phases:
            return "failed"
        if self._stopping is not None:
            return "stopped" if self._stopping.done() else "stopping"
        if self._ready_seconds is None:
            return "starting"
        return "ok" if well else "degraded"
