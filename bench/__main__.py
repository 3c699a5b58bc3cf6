"""`python -m bench`: every figure, as one JSON object; exit code 1 where one misses its gate."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench import memory, relay, start, three_jobs

if TYPE_CHECKING:
    from bench.rows import Row


def measure() -> list[Row]:
    """All rows, one bench after another: side by side they would measure each other."""
    return [*start.measure(), *memory.measure(), *three_jobs.measure(), *relay.measure()]


if __name__ == "__main__":
    sys.exit(start.report(measure))
