"""What hosts ask: is the process worth keeping (/health), and are all vital parts up (/ready)."""

from __future__ import annotations

from typing import Any, Final

#: states of the system manager in which a host should replace the process
LOST_STATES: Final = frozenset({"stopping", "stopped", "failed"})
#: a start is no reason to worry, so it counts as well
WELL_STATES: Final = frozenset({"ok", "starting"})


def health(state: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of /health. `state`: `SystemManager.state()`.

    A part that isn't well makes it "degraded", still with 200: a host that restarts a bot because Telegram asked it to
    wait would make the wait longer.
    """
    phase = state.get("state", "starting")
    body = {
        "status": "ok" if phase in WELL_STATES else phase,
        "state": phase,
        "uptime_seconds": state.get("uptime_seconds", 0.0),
        "parts": {name: _brief(part) for name, part in state.get("parts", {}).items()},
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
