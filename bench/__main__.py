"""`python -m bench [name …]`: figures as one JSON object; exit code 1 where one misses its gate.

Without names all of them, save `bench.crash` and `bench.soak`, which take half an hour each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bench import cache, detection, faults, memory, monitoring, press, relay, resilience, start, three_jobs

if TYPE_CHECKING:
    from bench.rows import Row

GROUPS: Final[dict[str, Callable[[], list[Row]]]] = {
    "start": start.measure,
    "memory": memory.measure,
    "three_jobs": three_jobs.measure,
    "relay": relay.measure,
    "press": press.measure,
    "faults": faults.measure,
    "detection": detection.measure,
    "cache": cache.measure,
    "resilience": resilience.measure,
    "monitoring": monitoring.measure,
}


def measure(names: list[str]) -> list[Row]:
    """The rows of these groups, one after another: side by side they would measure each other."""
    rows = []
    for name in names or GROUPS:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        rows += GROUPS[name]()
    return rows


if __name__ == "__main__":
    chosen = sys.argv[1:]
    if unknown := set(chosen) - GROUPS.keys():
        sys.exit(f"no bench named {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    sys.exit(start.report(lambda: measure(chosen)))
