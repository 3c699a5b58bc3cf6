"""How often keys were asked for lately: a count-min sketch that ages, as in TinyLFU (arxiv.org/abs/1512.00727)."""

from __future__ import annotations

from typing import Final

#: counters a row; four rows of one byte each: 64 kB for some 4,000 keys told apart well
WIDTH: Final = 1 << 14
_MASK: Final = WIDTH - 1
_CAP: Final = 63
_HALF: Final = bytes(count >> 1 for count in range(256))


class FrequencySketch:
    """Counts of keys in fixed memory; never too low between two agings, sometimes too high.

    `sample`: after so many requests every count is halved, so that yesterday's favourites make room.
    """

    __slots__ = ("_counts", "_requests", "sample")

    def __init__(self, sample: int) -> None:
        self.sample = sample
        self._requests = 0
        self._counts = bytearray(WIDTH * 4)

    def add(self, key: str) -> None:
        """Count one request."""
        counts, cells = self._counts, _cells(key)
        least = min([counts[cell] for cell in cells])
        if least < _CAP:
            for cell in cells:
                if counts[cell] == least:
                    counts[cell] = least + 1
        self._requests += 1
        if self._requests >= self.sample:
            self._counts = counts.translate(_HALF)
            self._requests >>= 1

    def count(self, key: str) -> int:
        """Requests for the key since the counts last shrank to nothing; at most 63."""
        counts = self._counts
        return min([counts[cell] for cell in _cells(key)])


def _cells(key: str) -> tuple[int, int, int, int]:
    spread = hash(key)
    return (
        spread & _MASK,
        WIDTH + (spread >> 16 & _MASK),
        2 * WIDTH + (spread >> 32 & _MASK),
        3 * WIDTH + (spread >> 48 & _MASK),
    )
