"""Figures of the running process: counters, gauges, histograms and timers, bounded in memory, cheap to fill."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from utils.monitoring_histogram import SECONDS, Histogram
from utils.monitoring_series import Labels, Metric

__all__ = ["Counter", "Gauge", "Histogram", "Metrics"]

#: combinations of label values that one metric keeps apart; there are some 40 sites and 60 error codes
SERIES_BOUND: Final = 128
INFINITY: Final = math.inf
#: metrics of one process
METRIC_BOUND: Final = 256


class _Numbers(Metric[float]):
    """One number for each combination of label values."""

    def values(self) -> dict[Labels, float]:
        """Every series by its labels."""
        return dict(self._series)

    def _make(self) -> float:
        return 0.0


class Counter(_Numbers):
    """Only rises."""

    kind = "counter"

    def add(self, amount: float = 1.0, *labels: str) -> None:
        """Count. Raises ValueError for a negative amount or one that is no number."""
        if not 0.0 <= amount < INFINITY:
            raise ValueError(f"{self.name} only rises, by finite amounts")
        try:
            self._series[labels] += amount
        except KeyError:
            self._open(labels)
            self._series[self._place(labels)] += amount

    def value(self, *labels: str) -> float:
        """What was counted so far."""
        return self._series.get(labels, 0.0)


class Gauge(_Numbers):
    """Goes up and down."""

    kind = "gauge"

    def set(self, value: float, *labels: str) -> None:
        """The present value."""
        self._series[self._place(labels)] = value

    def value(self, *labels: str) -> float | None:
        """The last one set; None before."""
        return self._series.get(labels)


class Metrics:
    """All metrics of a process by name. Asking twice for one gives the same.

    Raises ValueError for a name that stands for something else already, and at the bound.
    """

    def __init__(self, *, series_bound: int = SERIES_BOUND, clock: Callable[[], float] = time.perf_counter) -> None:
        self._series_bound = series_bound
        self._clock = clock
        self._metrics: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A counter; by custom its name tells what is counted, without "_total"."""
        found = self._metrics.get(name) or self._keep(Counter(name, text, labels, self._series_bound))
        if not isinstance(found, Counter) or found.labels != labels:
            raise ValueError(f"{name} is another metric")
        return found

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A gauge."""
        found = self._metrics.get(name) or self._keep(Gauge(name, text, labels, self._series_bound))
        if not isinstance(found, Gauge) or found.labels != labels:
            raise ValueError(f"{name} is another metric")
        return found

    def histogram(self, name: str, text: str, *labels: str, bounds: tuple[float, ...] = SECONDS) -> Histogram:
        """A histogram, whose `time` is a timer; by custom its name ends with the unit."""
        found = self._metrics.get(name) or self._keep(
            Histogram(name, text, labels, bounds=bounds, series_bound=self._series_bound, clock=self._clock)
        )
        if not isinstance(found, Histogram) or (found.labels, found.bounds) != (labels, bounds):
            raise ValueError(f"{name} is another metric")
        return found

    def all(self) -> tuple[Counter | Gauge | Histogram, ...]:
        """Every metric in the order in which they were made."""
        return tuple(self._metrics.values())

    def _keep(self, metric: Counter | Gauge | Histogram) -> Counter | Gauge | Histogram:
        if len(self._metrics) >= METRIC_BOUND:
            raise ValueError(f"more than {METRIC_BOUND} metrics")
        self._metrics[metric.name] = metric
        return metric
