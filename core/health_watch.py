"""The eye on the running parts: asks each how it is, bounds the answer, and tells who has been sick for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Final

from core.bounded import Sleep, end
from core.parts import Phase, Slot, name_of
from utils.health import Health
from utils.logs import get_logger

if TYPE_CHECKING:
    from core.restarts import Patience

log = get_logger()
SILENT: Final = Health(ok=False, detail="does not answer")


class HealthWatch:
    """`on_sick(slot)` is called at every check of a part from the `sick_checks`th in a row on."""

    def __init__(
        self,
        slots: Collection[Slot],
        patience: Patience,
        on_sick: Callable[[Slot], None],
        *,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._slots = slots
        self._patience = patience
        self._on_sick = on_sick
        self._clock = clock
        self._sleep = sleep
        self._ended = False

    async def run(self) -> None:
        """Look at all of them again and again."""
        while True:
            await self._sleep(self._patience.check_seconds)
            for slot in self._slots:
                self._look(slot)

    async def stop(self) -> None:
        """Wait for no answer any more."""
        self._ended = True
        await asyncio.gather(*(end(slot.asking, self._sleep) for slot in self._slots if slot.asking is not None))

    def _look(self, slot: Slot) -> None:
        """Ask one part; a question that is still open is not put again."""
        ask = getattr(slot.made, "health", None)
        if slot.phase is not Phase.RUNNING or ask is None:
            return
        if slot.asking is not None:
            if self._clock() - slot.asked_at >= self._patience.answer_seconds:
                slot.asking.cancel()
                self._judge(slot, SILENT)
        elif iscoroutinefunction(ask):
            slot.asked_at = self._clock()
            slot.asking = asyncio.create_task(ask(), name=f"health of {slot.part.name}")
            slot.asking.add_done_callback(partial(self._answered, slot, slot.made))
        else:
            self._judge(slot, slot.health())

    def _answered(self, slot: Slot, made: object, task: asyncio.Task[Health]) -> None:
        slot.asking = None
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if self._ended or slot.phase is not Phase.RUNNING or slot.made is not made:
            return  # of a life that is over
        if error is None:
            self._judge(slot, task.result())
        elif slot.verdict is not SILENT or not task.cancelled():  # not by us, who have said so already
            self._judge(slot, Health(ok=False, detail=name_of(error)))

    def _judge(self, slot: Slot, health: Health) -> None:
        before, slot.verdict = slot.verdict, health
        if health.ok != before.ok:
            slot.since = self._clock()
            if health.ok:
                log.info("part.well", part=slot.part.name)
            else:
                slot.last_error = health.detail
                log.warning("part.sick", part=slot.part.name, detail=health.detail, heals=health.heals)
        slot.sick_checks = 0 if health.ok or health.heals else slot.sick_checks + 1
        if slot.sick_checks >= self._patience.sick_checks:
            self._on_sick(slot)
