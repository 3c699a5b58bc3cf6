"""The loops of a part: tasks that run for as long as it does, and are begun again where one dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from utils.health import Health, of_task


class Loops:
    """`runs`: what each of them runs, by its name."""

    def __init__(self, runs: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]) -> None:
        self._runs = runs
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Those that were begun, for their owner to end."""
        return list(self._tasks.values())

    def revive(self) -> None:
        """Begin each that doesn't run."""
        for name, run in self._runs.items():
            if name not in self._tasks or self._tasks[name].done():
                self._tasks[name] = asyncio.create_task(run(), name=name)

    def health(self) -> Health:
        """Well while all of them run."""
        sick = [health for name in self._runs if not (health := of_task(self._tasks.get(name), name)).ok]
        return sick[0] if sick else Health()
