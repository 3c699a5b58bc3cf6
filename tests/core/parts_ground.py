"""A clock that moves only when told to, and parts that write down what happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from core.system_manager import Health, Part, Patience, SystemManager


class Time:
    """A clock that moves only when told to, with sleepers that wake by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleepers: list[tuple[float, asyncio.Event]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self.sleepers.append((self.now + seconds, woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        await settle()
        self.now += seconds
        for at, woken in self.sleepers:
            if at <= self.now:
                woken.set()
        await settle()


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


class Recorder:
    """Makes parts that write down what happens to them."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, list[BaseException]] = {}
        self.made: dict[str, list[Any]] = {}

    def part(
        self, name: str, *needs: str, vital: bool = True, renewed: bool = False, kind: type[Recorded] | None = None
    ) -> Part:
        return Part(name, lambda *given: self._make(name, given, kind or Recorded), needs, vital, renewed)

    def _make(self, name: str, given: tuple[Any, ...], kind: type[Recorded]) -> Any:
        self.events.append(f"make {name}")
        made = kind(self, name, given)
        self.made.setdefault(name, []).append(made)
        return made


class Recorded:
    """A part whose health is what `said` says."""

    def __init__(self, recorder: Recorder, name: str, given: tuple[Any, ...]) -> None:
        self.recorder = recorder
        self.name = name
        self.given = given
        self.said: Callable[[], Health] = Health

    async def start(self) -> None:
        if gate := self.recorder.gates.get(f"start {self.name}"):
            await gate.wait()
        if errors := self.recorder.errors.get(f"start {self.name}"):
            raise errors.pop(0)
        self.recorder.events.append(f"start {self.name}")

    async def stop(self) -> None:
        if gate := self.recorder.gates.get(f"stop {self.name}"):
            await gate.wait()
        if errors := self.recorder.errors.get(f"stop {self.name}"):
            raise errors.pop(0)
        self.recorder.events.append(f"stop {self.name}")

    def health(self) -> Health:
        return self.said()


def manager_of(time: Time, *parts: Part, stop_seconds: float = 4.0, patience: Patience | None = None) -> SystemManager:
    return SystemManager(
        parts, stop_seconds=stop_seconds, patience=patience, clock=time, sleep=time.sleep, rng=lambda: 1.0
    )


class Asked(Recorded):
    """The same with a health that has to be waited for."""

    async def health(self) -> Health:  # type: ignore[override]  # either is allowed
        if gate := self.recorder.gates.get(f"health {self.name}"):
            await gate.wait()
        return self.said()


class Gentle(Recorded):
    """A part that can heal itself."""

    async def restart(self) -> None:
        if errors := self.recorder.errors.get(f"restart {self.name}"):
            raise errors.pop(0)
        self.said = Health
        self.recorder.events.append(f"restart {self.name}")
