"""Brings parts up, brings them back when they fall ill, takes them away; one task per part at a time does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from core.bounded import GRACE_SECONDS, Late, Sleep, is_cancelled, within
from core.parts import Phase, Slot, above
from utils.errors import GoldcrestError
from utils.logs import get_logger

if TYPE_CHECKING:
    from core.restarts import Patience

log = get_logger()


class Keeper:
    """`lost` is set once a vital part can't be brought back, `loss` is a line that says which."""

    def __init__(
        self,
        slots: dict[str, Slot],
        patience: Patience,
        *,
        clock: Callable[[], float],
        sleep: Sleep,
        rng: Callable[[], float],
    ) -> None:
        self.loss = ""
        self.lost = asyncio.Event()
        self._slots = slots
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._rng = rng
        self._closed = False

    def begin(self, slot: Slot) -> asyncio.Task[None]:
        """Bring a part up for the first time; the task raises what a vital part's start raises."""
        return self._task(slot, self._keep(slot))

    def bring_back(self, slot: Slot) -> None:
        """Restart a part, unless somebody is at it."""
        if not self._closed and slot.keeper is not None and slot.keeper.done():
            self._task(slot, self._recover(slot))

    def cancel(self) -> list[asyncio.Task[None]]:
        """Bring nothing up any more; the tasks that were at it and are ending."""
        self._closed = True
        tasks = [slot.keeper for slot in self._slots.values() if slot.keeper is not None]
        for task in tasks:
            task.cancel()
        return tasks

    async def halt(self, slot: Slot, seconds: float, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Stop what was made, if anything; neither its errors nor its slowness hold up the others."""
        if (stop := getattr(slot.made, "stop", None)) is None:
            return
        try:
            await within(stop(), seconds, self._sleep, grace_seconds=grace_seconds)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
        except Late as late:
            log.error("part.stop_unfinished", part=slot.part.name, error=str(late))  # noqa: TRY400 - only our own frames
        except Exception as error:
            log.exception("part.stop_failed", part=slot.part.name, error=str(error))

    # --- bringing up --------------------------------------------------------------------------------------------------

    async def _keep(self, slot: Slot) -> None:
        """Bring one part up for the first time, unless it is vital however often it fails."""
        while (error := await self._attempt(slot, self._patience.start_seconds)) is not None:
            await self._fail(slot, error)
            slot.made = None
            if slot.part.vital:
                slot.enter(Phase.FAILED)
                raise error
            await self._rest(slot, self._patience.retry_pause(slot.failures, error, self._rng()))

    async def _attempt(self, slot: Slot, seconds: float) -> BaseException | None:
        """Make a part, unless there is one, and start it once what it needs runs; what went wrong, if anything."""
        needs = [self._slots[name] for name in slot.part.needs]
        while missing := [need for need in needs if not need.up.is_set()]:
            await missing[0].up.wait()
        slot.enter(Phase.STARTING)
        began_at = self._clock()
        try:
            if slot.made is None:
                slot.made = slot.part.make(*(need.made for need in needs))
            if start := getattr(slot.made, "start", None):
                await within(start(), seconds, self._sleep)
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            return error  # the part's own doing, not a request to us
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller decides by the part's vitality
            return error
        slot.start_seconds = round(self._clock() - began_at, 3)
        slot.enter(Phase.RUNNING)
        log.debug("part.started", part=slot.part.name, seconds=slot.start_seconds)
        return None

    async def _fail(self, slot: Slot, error: BaseException) -> None:
        """Note what went wrong with a start, and take away what it left."""
        slot.enter(Phase.DEGRADED)
        self._note(slot, error)
        await self.halt(slot, self._patience.halt_seconds)

    def _note(self, slot: Slot, error: BaseException) -> None:
        slot.fail(error)
        unforeseen = None if isinstance(error, GoldcrestError | Late) else error
        log.error("part.failed", part=slot.part.name, error=str(error) or slot.error, exc_info=unforeseen)

    async def _rest(self, slot: Slot, seconds: float) -> None:
        slot.retry_at = self._clock() + seconds
        await self._sleep(seconds)
        slot.retry_at = None

    # --- bringing back ------------------------------------------------------------------------------------------------

    async def _recover(self, slot: Slot) -> None:
        """Restart a part until it runs, or there have been too many restarts and it is vital."""
        while True:
            if (rest_seconds := slot.restarts.rest()) > 0:
                slot.note = "restarted too often, rests"
                log.error("part.given_up", part=slot.part.name, detail=slot.detail, seconds=round(rest_seconds, 1))
                if slot.part.vital and slot.part.ends:
                    self._lose(slot)
                    return
                await self._rest(slot, rest_seconds)
                slot.note = ""
            await self._rest(slot, slot.restarts.pause(self._rng()))
            if slot.phase is Phase.RUNNING and not slot.sick_checks:
                return  # it has come back by itself meanwhile
            slot.restarts.count()
            if (error := await self._again(slot)) is None:
                log.info("part.restarted", part=slot.part.name, restarts=slot.restarts.total)
                return
            await self._fail(slot, error)

    async def _again(self, slot: Slot) -> BaseException | None:
        """One restart, as gentle as it can be; what went wrong, if anything."""
        gentle = getattr(slot.made, "restart", None) if slot.phase is Phase.RUNNING else None
        if slot.phase is Phase.RUNNING:
            slot.error = slot.verdict.detail
        slot.enter(Phase.RESTARTING)
        if gentle is not None and await self._mended(slot, gentle()):
            slot.enter(Phase.RUNNING)
            return None
        if slot.part.renewed:
            await self._clear(slot)
        else:
            await self.halt(slot, self._patience.halt_seconds)
        return await self._attempt(slot, self._patience.restart_seconds)

    async def _mended(self, slot: Slot, work: Coroutine[Any, Any, None]) -> bool:
        """Whether a part healed itself; where not, a stop and a start may still do."""
        try:
            await within(work, self._patience.restart_seconds, self._sleep)
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            self._note(slot, error)
            return False
        except Exception as error:  # noqa: BLE001 - noted, and something stronger follows
            self._note(slot, error)
            return False
        return True

    async def _clear(self, slot: Slot) -> None:
        """Take a part away with all that stands on it, in reverse; the latter come back when it does."""
        higher = above(self._slots, slot.part.name)
        for other in reversed(higher):
            assert other.keeper is not None
            other.keeper.cancel()
            await asyncio.wait({other.keeper})
            other.enter(Phase.WAITING)
            await self.halt(other, self._patience.halt_seconds)
        await self.halt(slot, self._patience.halt_seconds)
        slot.made = None
        for other in higher:
            other.made = None
            self._task(other, self._return(other))

    async def _return(self, slot: Slot) -> None:
        """Start a part anew whose needs are being made anew."""
        if (error := await self._attempt(slot, self._patience.restart_seconds)) is not None:
            await self._fail(slot, error)
            await self._recover(slot)

    def _lose(self, slot: Slot) -> None:
        self.loss = f"{slot.part.name} does not come back ({slot.detail})"
        slot.enter(Phase.FAILED)
        log.error("system.lost", part=slot.part.name, detail=slot.detail)
        self.lost.set()

    def _task(self, slot: Slot, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        slot.keeper = asyncio.create_task(work, name=f"part {slot.part.name}")
        return slot.keeper
