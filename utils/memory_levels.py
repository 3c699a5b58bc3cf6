"""How full memory is: normal, high or critical, without flicker at the borders."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """Ordered: a higher one is worse."""

    NORMAL = 0
    HIGH = 1
    CRITICAL = 2


class Hysteresis:
    """The level of a share of use (1.0: full). Up as soon as a border is reached, down only `gap` below it."""

    def __init__(self, high: float, critical: float, gap: float = 0.05) -> None:
        self.level = Level.NORMAL
        self._borders = {Level.HIGH: high, Level.CRITICAL: critical}
        self._gap = gap

    def note(self, share: float) -> Level:
        """Take in a new share; the level that holds now."""
        reached = [
            level
            for level, border in self._borders.items()
            if share >= border - (self._gap if self.level >= level else 0.0)
        ]
        self.level = max(reached, default=Level.NORMAL)
        return self.level
