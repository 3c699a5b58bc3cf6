"""The present values of the figures that rules of alerts watch."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from utils.process_memory import tree_bytes

if TYPE_CHECKING:
    from services.app import App

MEBIBYTE: Final = 1 << 20
TELEGRAM: Final = "telegram"
#: a part that starts or stops isn't ill
QUIET: Final = frozenset({"waiting", "starting", "stopping", "stopped"})


class AlertValues:
    """Call it: figure -> value, None where it can't be told now.

    `used`: bytes of the whole process tree, asked where no memory manager is up; `disk`: (total, free) bytes.
    """

    def __init__(
        self,
        app: App,
        *,
        clock: Callable[[], float] = time.monotonic,
        used: Callable[[], int | None] = tree_bytes,
        disk: Callable[[Path], tuple[int, int]] | None = None,
    ) -> None:
        self._app = app
        self._clock = clock
        self._used = used
        self._disk = disk or _disk
        self._down_at: float | None = None

    async def __call__(self) -> dict[str, float | None]:
        """Look at everything once."""
        app = self._app
        monitor = app.up_monitor
        parts: dict[str, Any] = app.state().get("parts", {})
        return {
            "memory": await self._memory(),
            "disk": await asyncio.to_thread(self._disk_share),
            "queue": await self._queue(),
            "error_rate": monitor.error_rate() if monitor else None,
            "platforms_down": self._platforms_down(),
            "telegram_down_seconds": self._telegram_down(parts.get(TELEGRAM)),
            "parts_down": float(sum(_is_ill(part) for name, part in parts.items() if name != TELEGRAM)),
        }

    async def _memory(self) -> float | None:
        if self._app.up_memory is not None:
            return float(self._app.up_memory.figures()["share_percent"]) / 100
        used = await asyncio.to_thread(self._used)
        return None if used is None else used / (self._app.settings.memory.cap_mb * MEBIBYTE)

    def _disk_share(self) -> float | None:
        try:
            total, free = self._disk(self._app.settings.data_dir)
        except OSError:
            return None
        return 1 - free / total if total else None

    async def _queue(self) -> float | None:
        if self._app.up_downloads is None:
            return None
        waiting = await self._app.up_downloads.open_jobs()
        return sum(waiting.values()) / self._app.settings.downloads.queue_bound

    def _platforms_down(self) -> float | None:
        """Of the sites that were used lately; None where there was none."""
        if self._app.up_monitor is None or self._app.up_downloads is None:
            return None
        breakers = self._app.up_downloads.guard.breakers()
        used = self._app.up_monitor.used()
        return sum(is_down(breakers.get(name, {})) for name in used) / len(used) if used else None

    def _telegram_down(self, part: dict[str, Any] | None) -> float | None:
        if part is None:
            return None
        if part["ok"] or part["state"] in QUIET:
            self._down_at = None
            return 0.0
        if self._down_at is None:
            self._down_at = self._clock()
        return self._clock() - self._down_at


def is_down(breaker: dict[str, Any]) -> bool:
    """Whether a site isn't let in for now; of the hosts behind "generic" whether none of them is."""
    if "hosts" in breaker:
        return bool(breaker["hosts_open"] == breaker["hosts"])
    return bool(breaker.get("state", "closed") != "closed")


def _is_ill(part: dict[str, Any]) -> bool:
    return not part["ok"] and part["state"] not in QUIET


def _disk(folder: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free
