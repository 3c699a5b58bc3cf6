"""What a part of the process is, what it says of itself, and how parts stand on each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any

from utils.errors import GoldcrestError


class Phase(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Health:
    """What a part says of itself; `detail` is shown to operators and holds no secret."""

    ok: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing with a life.

    `make` is called when everything in `needs` runs, with those parts in the order of `needs`; heavy imports belong
    into it. What it returns may have `async start()`, `async stop()` and `health() -> Health`. `stop` is called after
    a start that failed halfway too. A part that is not `vital` may fail: the rest runs on, its start is tried again.
    """

    name: str
    make: Callable[..., Any]
    needs: tuple[str, ...] = ()
    vital: bool = True


@dataclass(slots=True)
class Slot:
    """The manager's notes on one part; `depth` counts the layers beneath it."""

    part: Part
    depth: int
    phase: Phase = Phase.WAITING
    made: Any = None
    failures: int = 0
    error: str = ""
    began_at: float = 0.0
    start_seconds: float | None = None
    retry_at: float | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    down: asyncio.Event = field(default_factory=asyncio.Event)

    def health(self) -> Health:
        """The part's own word where it runs and has one."""
        if self.phase is not Phase.RUNNING:
            return Health(ok=False, detail=self.error)
        asked = getattr(self.made, "health", None)
        try:
            return asked() if asked else Health()
        except Exception as error:  # noqa: BLE001 - a part that can't say how it is must not break /health
            return Health(ok=False, detail=name_of(error))

    def view(self, now: float) -> dict[str, Any]:
        """What `state()` tells of this part."""
        health = self.health()
        return {
            "state": self.phase.value,
            "vital": self.part.vital,
            "ok": health.ok,
            "detail": health.detail,
            "failures": self.failures,
            "start_seconds": self.start_seconds,
            "retry_in_seconds": None if self.retry_at is None else round(max(0.0, self.retry_at - now), 3),
        }


def plan(parts: Sequence[Part]) -> dict[str, Slot]:
    """One slot per part, in the given order. Raises ValueError where the needs do not fit together."""
    named = {part.name: part for part in parts}
    if len(named) != len(parts):
        raise ValueError("two parts share a name")
    for part in parts:
        for need in part.needs:
            if need not in named:
                raise ValueError(f"{part.name} needs {need}, which is no part")
            if part.vital and not named[need].vital:
                raise ValueError(f"{part.name} is vital but needs {need}, which is not")
    depths: dict[str, int] = {}
    for name in TopologicalSorter({part.name: part.needs for part in parts}).static_order():
        depths[name] = max((depths[need] + 1 for need in named[name].needs), default=0)
    return {name: Slot(part, depths[name]) for name, part in named.items()}


def name_of(error: BaseException) -> str:
    """What is shown of an error: its code, or its class for one that nobody foresaw; never its text."""
    return error.code if isinstance(error, GoldcrestError) else type(error).__name__
