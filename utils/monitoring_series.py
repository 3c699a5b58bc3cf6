"""What all metrics share: a name, a text, labels, and a bound for how many combinations of their values are kept."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar, Final, Generic, TypeVar

Labels = tuple[str, ...]
#: stands for every combination of label values beyond the bound
OTHER: Final = "other"
#: as Prometheus has it
NAME: Final = re.compile(r"[a-z][a-z0-9_]*")

S = TypeVar("S")


class Metric(ABC, Generic[S]):
    """`labels`: their names. What comes after `series_bound` different label values counts together as "other".

    Raises ValueError for names that Prometheus would not take.
    """

    kind: ClassVar[str]

    def __init__(self, name: str, text: str, labels: Labels, series_bound: int) -> None:
        if not all(NAME.fullmatch(each) for each in (name, *labels)):
            raise ValueError(f"{name}{labels}: names are lower-case letters, digits and _")
        self.name = name
        self.text = text
        self.labels = labels
        self._bound = series_bound
        self._series: dict[Labels, S] = {}

    def _open(self, labels: Labels) -> S:
        """The series of labels that were not seen before. Raises ValueError where their number is wrong."""
        return self._series.setdefault(self._place(labels), self._make())

    def _place(self, labels: Labels) -> Labels:
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {labels}")
        full = len(self._series) >= self._bound and labels not in self._series
        return (OTHER,) * len(labels) if full else labels

    @abstractmethod
    def _make(self) -> S:
        """An empty series."""
