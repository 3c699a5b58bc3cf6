"""What hosts ask: is the process worth keeping (/health), and are all vital parts up (/ready)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

#: states of the system manager in which a host should replace the process
LOST_STATES: Final = frozenset({"stopping", "stopped", "failed"})
#: a start is no reason to worry, so it counts as well
WELL_STATES: Final = frozenset({"ok", "starting"})
#: states of a part that are no reason for anything
UNDER_WAY: Final = frozenset({"waiting", "starting"})


def health(state: dict[str, Any], critical: Sequence[str] = ()) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of /health. `state`: `SystemManager.state()`; `critical`: alerts of that level.

    A part that isn't well, or a critical alert, makes it "degraded" (`reasons` say why), still with 200: a host that
    restarts a bot because Telegram asked it to wait would make the wait longer.
    """
    phase = state.get("state", "starting")
    parts = state.get("parts", {})
    ill = [name for name, part in parts.items() if not part["ok"] and part["state"] not in UNDER_WAY]
    reasons = [f"{name}: {parts[name]['detail'] or parts[name]['state']}" for name in ill]
    reasons += [f"alert: {name}" for name in critical]
    status = "ok" if phase in WELL_STATES else phase
    body = {
        "status": "degraded" if status == "ok" and critical else status,
        "state": phase,
        "uptime_seconds": state.get("uptime_seconds", 0.0),
        "reasons": reasons,
        "parts": {name: _brief(part) for name, part in parts.items()},
    }
    return 503 if phase in LOST_STATES else 200, body


def readiness(state: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of /ready: 200 once every vital part runs."""
    ready = bool(state.get("ready"))
    missing = [name for name, part in state.get("parts", {}).items() if part["vital"] and part["state"] != "running"]
    return 200 if ready else 503, {"ready": ready, "missing": missing}


def _brief(part: dict[str, Any]) -> dict[str, Any]:
    brief = {"state": part["state"], "ok": part["ok"]}
    return {**brief, "detail": part["detail"]} if part["detail"] else brief
