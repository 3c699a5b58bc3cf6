"""What counting costs: one step of a counter, a histogram and a timer, beside prometheus_client's own.

`python -m bench.monitoring` prints JSON. All run by turns in one process; a figure is the median over rounds of the
time for one call, compared with how much slower than the reference this machine does the same plain Python.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

from bench.rows import Row, passed, row

ROUNDS: Final = 60
CALLS: Final = 5000
MICRO: Final = 1e6
#: the fastest of many short rounds of such a block, 2 cores, CPython 3.11
REFERENCE_BLOCK_MICROSECONDS: Final = 0.42

GATES: Final = {"counter: goldcrest": 1.0, "histogram: goldcrest": 1.0, "timer: goldcrest": 1.5}


class Block:
    """The least that a timer can be: it is made, entered and left."""

    __slots__ = ("began", "left", "values")

    def __init__(self, values: tuple[str, ...]) -> None:
        self.values = values
        self.began = self.left = 0.0

    def __enter__(self) -> None:
        self.began = 1.0

    def __exit__(self, *_error: object) -> None:
        self.left = self.began


def steps() -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    from prometheus_client import CollectorRegistry, Counter, Histogram

    from utils.monitoring import Metrics

    metrics = Metrics()
    counter = metrics.counter("jobs", "Jobs.", "platform")
    histogram = metrics.histogram("phase_seconds", "Phases.", "phase")
    registry = CollectorRegistry()
    theirs = Counter("jobs", "Jobs.", ["platform"], registry=registry)
    their_histogram = Histogram("phase_seconds", "Phases.", ["phase"], registry=registry)

    def timer() -> None:
        with histogram.time("probe"):
            pass

    def their_timer() -> None:
        with their_histogram.labels("probe").time():
            pass

    def block() -> None:
        with Block(("probe",)):
            pass

    return {
        "bare block": block,
        "counter: goldcrest": lambda: counter.add(1.0, "youtube"),
        "counter: prometheus_client": lambda: theirs.labels("youtube").inc(),
        "histogram: goldcrest": lambda: histogram.observe(0.3, "probe"),
        "histogram: prometheus_client": lambda: their_histogram.labels("probe").observe(0.3),
        "timer: goldcrest": timer,
        "timer: prometheus_client": their_timer,
    }


def measure() -> list[Row]:
    """Ours have a gate; those of the library stand beside them."""
    calls = steps()
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            began = time.perf_counter()
            for _ in range(CALLS):
                call()
            samples[name].append((time.perf_counter() - began) / CALLS * MICRO)
    factor = max(1.0, statistics.median(samples.pop("bare block")) / REFERENCE_BLOCK_MICROSECONDS)
    rows: list[Row] = []
    for name, values in samples.items():
        value = round(statistics.median(values), 3)
        if name.endswith("goldcrest"):
            rows.append(row(name, [value], "µs", gate=GATES[name], goal=1.0, factor=factor))
        else:
            rows.append({"name": name, "value": value, "unit": "µs", "pass": None})
    return rows


if __name__ == "__main__":
    figures = measure()
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    sys.exit(0 if passed(figures) else 1)
