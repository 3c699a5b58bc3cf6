"""One measured figure: its value, what must hold (gate), what is wanted (goal), and how this machine compares."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def row(
    name: str,
    samples: Sequence[float],
    unit: str,
    *,
    gate: float,
    goal: float,
    factor: float = 1.0,
    higher_is_better: bool = False,
) -> Row:
    """The median of `samples` against gate and goal.

    `factor`: how much slower than the reference machine this one was in the same run (see `bench.calibrate`); times are
    divided by it before they are compared, so that a busy or slow machine loses nothing by that.
    """
    value = statistics.median(samples)
    compared = value / factor

    def holds(bound: float) -> bool:
        return compared >= bound if higher_is_better else compared <= bound

    return {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "gate": gate,
        "goal": goal,
        "factor": round(factor, 3),
        "compared": round(compared, 4),
        "pass": holds(gate),
        "goal_reached": holds(goal),
        "samples": [round(sample, 4) for sample in samples],
    }


def impossible(name: str, reason: str) -> Row:
    """A figure that this machine can't give; it neither passes nor fails."""
    return {"name": name, "value": None, "pass": None, "reason": f"not possible here: {reason}"}


def passed(rows: Sequence[Row]) -> bool:
    """Whether no figure missed its gate."""
    return all(row["pass"] is not False for row in rows)
