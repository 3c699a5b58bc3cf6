"""GET /status: the JSON dashboard for operators; no secrets, nothing about users."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final

from utils.process_memory import tree_bytes

if TYPE_CHECKING:
    from services.app import App

MEBIBYTE: Final = 1 << 20
#: the dashboard's word where the manager says "ok"
RUNNING: Final = "running"


async def status(app: App) -> dict[str, Any]:
    """Everything at once. Sections of parts that aren't up yet are empty."""
    state = app.state()
    used_bytes = await asyncio.to_thread(tree_bytes)
    cap_mb = app.settings.memory.cap_mb
    uptime = state.get("uptime_seconds", 0.0)
    downloads = app.up_downloads
    phase = state.get("state", "starting")
    return {
        "system": {
            "state": RUNNING if phase == "ok" else phase,
            "ready": state.get("ready", False),
            "uptime": uptime_text(uptime),
            "uptime_seconds": uptime,
            "ready_seconds": state.get("ready_seconds"),
            "memory_usage": memory_text(used_bytes, cap_mb),
            "memory_bytes": used_bytes,
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "parts": state.get("parts", {}),
        },
        "downloads": downloads.figures.downloads() if downloads else {},
        "monitoring": app.up_monitor.figures() if app.up_monitor else {},
        "platforms": _platforms(app),
        "egress": app.up_egress.figures() if app.up_egress else {},
        "extractor": app.up_extractor.state() if app.up_extractor else {},
        "memory": app.up_memory.figures() if app.up_memory else {},
        "queue": await _queue(app),
        "cache": app.up_cache.figures() if app.up_cache else {},
        "limits": app.up_limits.figures() if app.up_limits else {},
        "breakers": downloads.guard.breakers() if downloads else {},
        "retries": downloads.guard.retries() if downloads else {},
        "alerts": app.up_alerts.figures() if app.up_alerts else {},
        "reports": app.up_reports.figures() if app.up_reports else {},
        "reminders": app.up_reminders.figures() if app.up_reminders else {},
        "shelf": app.up_shelf.figures() if app.up_shelf else {},
    }


async def _queue(app: App) -> dict[str, Any]:
    """Open jobs by state, all of them, how many there may be, what failed for good, and sums of the last days."""
    if app.up_downloads is None:
        return {}
    waiting = await app.up_downloads.open_jobs()
    _, dead = await app.up_downloads.dead_letters(0)
    return {
        **waiting,
        "open": sum(waiting.values()),
        "bound": app.settings.downloads.queue_bound,
        "dead_letters": dead,
        "days": await app.up_downloads.days(),
    }


def _platforms(app: App) -> dict[str, Any]:
    """What came of each site's downloads, beside its identities where it has some."""
    found: dict[str, Any] = dict(app.up_downloads.figures.platforms()) if app.up_downloads else {}
    for site, identities in (app.up_cookies.figures() if app.up_cookies else {}).items():
        found[site] = {**found.get(site, {"success": 0, "failed": 0}), "identities": identities}
    return found


def uptime_text(seconds: float) -> str:
    """The two largest units: "45s", "12m 5s", "2h 45m", "3d 4h"."""
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    units = [(days, "d"), (hours, "h"), (minutes, "m"), (left, "s")]
    while len(units) > 1 and not units[0][0]:
        units.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in units[:2])


def memory_text(used_bytes: int | None, cap_mb: int) -> str:
    """What is used and its share of the cap: "156MB (78%)"."""
    if used_bytes is None:
        return "unknown"
    return f"{used_bytes // MEBIBYTE}MB ({100 * used_bytes // (cap_mb * MEBIBYTE)}%)"
