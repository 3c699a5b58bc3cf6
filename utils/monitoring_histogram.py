"""How values are spread: histograms with fixed buckets, and timers that fill them; constant memory, whatever comes."""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from utils.monitoring_series import Labels, Metric

#: upper bounds in seconds, from an answer out of memory to an hour's download
SECONDS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0),
)
LEAST: Final = -math.inf
MOST: Final = math.inf
#: more buckets than that tell nothing more
BUCKET_BOUND: Final = 64


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the values of one series; all zero where none came."""

    count: int
    mean: float
    p50: float
    p95: float
    largest: float


@dataclass(frozen=True, slots=True)
class Spread:
    """One series as Prometheus wants it: counts of all values up to each bound, the last bound being infinite."""

    bounds: tuple[float, ...]
    cumulative: tuple[int, ...]
    total: float


class _Buckets:
    """The values of one series."""

    __slots__ = ("counts", "largest", "smallest", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.total = 0.0
        self.smallest = math.inf
        self.largest = -math.inf


class Histogram(Metric[_Buckets]):
    """`bounds`: rising upper bounds of the buckets; one more takes what is larger. What is no number is left out.

    Raises ValueError for bounds that don't rise, are infinite or too many.
    """

    kind = "histogram"

    def __init__(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...] = (),
        *,
        bounds: tuple[float, ...] = SECONDS,
        series_bound: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(name, text, labels, series_bound)
        rising = all(low < high for low, high in pairwise((-math.inf, *bounds, math.inf)))
        if not bounds or not rising or len(bounds) > BUCKET_BOUND:
            raise ValueError(f"{name}: bounds must rise, be finite and at most {BUCKET_BOUND}")
        self.bounds = bounds
        self.clock = clock

    def observe(self, value: float, *labels: str) -> None:
        """Take in one value."""
        if not LEAST < value < MOST:
            return
        try:
            series = self._series[labels]
        except KeyError:
            series = self._open(labels)
        series.counts[bisect_left(self.bounds, value)] += 1
        series.total += value
        if value > series.largest:  # noqa: PLR1730 - a call of max costs a sixth of all this
            series.largest = value
        if value < series.smallest:  # noqa: PLR1730 - and so does one of min
            series.smallest = value

    def time(self, *labels: str) -> Timer:
        """A context manager that takes in how many seconds its block took, also where that raised."""
        return Timer(self, labels)

    def summary(self, *labels: str) -> Summary:
        """Count, mean, median, 95th percentile and the largest value; percentiles are exact to their bucket."""
        series = self._series.get(labels)
        if series is None:
            return Summary(0, 0.0, 0.0, 0.0, 0.0)
        count = sum(series.counts)
        p50, p95 = (self._quantile(series, count, share) for share in (0.5, 0.95))
        return Summary(count, series.total / count, p50, p95, series.largest)

    def spreads(self) -> dict[Labels, Spread]:
        """Every series by its labels."""
        found = {}
        for labels, series in self._series.items():
            cumulative, seen = [], 0
            for count in series.counts:
                seen += count
                cumulative.append(seen)
            found[labels] = Spread((*self.bounds, math.inf), tuple(cumulative), series.total)
        return found

    def _make(self) -> _Buckets:
        return _Buckets(len(self.bounds) + 1)

    def _quantile(self, series: _Buckets, count: int, share: float) -> float:
        """A straight line through the bucket that holds the value of that rank, never beyond what has been seen."""
        rank, seen, place = share * count, 0, 0
        while seen + series.counts[place] < rank:
            seen += series.counts[place]
            place += 1
        low = max(series.smallest, self.bounds[place - 1]) if place else series.smallest
        high = min(series.largest, self.bounds[place]) if place < len(self.bounds) else series.largest
        return low + (high - low) * (rank - seen) / series.counts[place]


class Timer:
    """Made by `Histogram.time`, from when on it counts; each serves one block."""

    __slots__ = ("_began", "_histogram", "_labels")

    def __init__(self, histogram: Histogram, labels: Labels) -> None:
        self._histogram = histogram
        self._labels = labels
        self._began = histogram.clock()

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        histogram = self._histogram
        histogram.observe(histogram.clock() - self._began, *self._labels)
