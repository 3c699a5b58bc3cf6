"""What a part of the process is, what it says of itself, and how parts stand on each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from graphlib import TopologicalSorter
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from utils.errors import GoldcrestError
from utils.health import Health

if TYPE_CHECKING:
    from core.restarts import Restarts


class Phase(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    DEGRADED = "degraded"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing with a life.

    `make` is called when everything in `needs` runs, with those parts in the order of `needs`; heavy imports belong
    into it. What it returns may have

    - `async start()` and `async stop()`, the latter called after a start that failed halfway too, and perhaps twice;
      after a stop it may be started again;
    - `health() -> Health`, asked at every look and therefore cheap, or `async health()`, asked now and then;
    - `async restart()`, which heals with less than a stop and a start.

    A part that isn't `vital` may fail: the rest runs on. A vital one that can't be brought back `ends` the process,
    unless a new process would be no better off. One that is `renewed` can't be started twice: it is made anew, and so
    is everything that stands on it.
    """

    name: str
    make: Callable[..., Any]
    needs: tuple[str, ...] = ()
    vital: bool = True
    renewed: bool = False
    ends: bool = True


@dataclass(slots=True)
class Slot:
    """The manager's notes on one part.

    `depth` counts the layers beneath it, `since` is when its state changed, `note` what the manager adds to the detail.
    """

    part: Part
    depth: int
    restarts: Restarts
    phase: Phase = Phase.WAITING
    since: float = 0.0
    made: Any = None
    failures: int = 0
    error: str = ""
    last_error: str = ""
    note: str = ""
    start_seconds: float | None = None
    retry_at: float | None = None
    verdict: Health = field(default_factory=Health)
    sick_checks: int = 0
    up: asyncio.Event = field(default_factory=asyncio.Event)
    down: asyncio.Event = field(default_factory=asyncio.Event)
    keeper: asyncio.Task[None] | None = None
    asking: asyncio.Task[Health] | None = None
    asked_at: float = 0.0

    def enter(self, phase: Phase) -> None:
        """Go over to another phase; only a running part is there for others."""
        self.phase = phase
        self.since = self.restarts.clock()
        self.retry_at = None
        if phase is Phase.RUNNING:
            self.verdict = Health()
            self.sick_checks = 0
            self.error = self.note = ""
            self.up.set()
        else:
            self.up.clear()

    def fail(self, error: BaseException) -> None:
        """Note what went wrong."""
        self.failures += 1
        self.error = self.last_error = name_of(error)

    def health(self) -> Health:
        """The part's own word where it runs and has one; what it said last where it has to be waited for."""
        if self.phase is not Phase.RUNNING:
            return Health(ok=False, detail=self.error)
        asked = getattr(self.made, "health", None)
        if asked is None or iscoroutinefunction(asked):
            return self.verdict
        try:
            health: Health = asked()
        except Exception as error:  # noqa: BLE001 - a part that can't say how it is must not break /health
            return Health(ok=False, detail=name_of(error))
        return health

    @property
    def detail(self) -> str:
        """What is wrong with it, and what comes of it; "" where nothing is."""
        return self._told(self.health())

    def _told(self, health: Health) -> str:
        return health.detail if health.ok or not self.note else f"{health.detail}; {self.note}"

    def view(self, now: float) -> dict[str, Any]:
        """What `state()` tells of this part."""
        health = self.health()
        return {
            "state": self.phase.value,
            "vital": self.part.vital,
            "ok": health.ok,
            "detail": self._told(health),
            "since_seconds": round(now - self.since, 3),
            "restarts": self.restarts.total,
            "failures": self.failures,
            "last_error": self.last_error,
            "start_seconds": self.start_seconds,
            "retry_in_seconds": None if self.retry_at is None else round(max(0.0, self.retry_at - now), 3),
        }


def plan(parts: Sequence[Part], restarts: Callable[[], Restarts]) -> dict[str, Slot]:
    """One slot per part, each after what it needs. Raises ValueError where the needs do not fit together."""
    named = {part.name: part for part in parts}
    if len(named) != len(parts):
        raise ValueError("two parts share a name")
    for part in parts:
        for need in part.needs:
            if need not in named:
                raise ValueError(f"{part.name} needs {need}, which is no part")
            if part.vital and not named[need].vital:
                raise ValueError(f"{part.name} is vital but needs {need}, which is not")
    slots: dict[str, Slot] = {}
    for name in TopologicalSorter({part.name: part.needs for part in parts}).static_order():
        depth = max((slots[need].depth + 1 for need in named[name].needs), default=0)
        slots[name] = Slot(named[name], depth, restarts())
    return slots


def above(slots: dict[str, Slot], name: str) -> list[Slot]:
    """Everything that stands on a part, directly or not, each after what it needs."""
    found = {name}
    for slot in slots.values():
        if found.intersection(slot.part.needs):
            found.add(slot.part.name)
    return [slot for slot in slots.values() if slot.part.name in found - {name}]


def name_of(error: BaseException) -> str:
    """What is shown of an error: its code, or its class for one that nobody foresaw; never its text."""
    return error.code if isinstance(error, GoldcrestError) else type(error).__name__
