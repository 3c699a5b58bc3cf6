"""What a child of each kind needs: a guess at first, then what was measured, the newest counting most."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

MEBIBYTE: Final = 1 << 20
#: measured peaks kept per kind
KEPT: Final = 64
#: a peak counts so much less than the one after it: after 14 of them half
DECAY: Final = 0.95
#: the share of the peaks (by that weight) that may lie above the need
ABOVE: Final = 0.1
#: a measured peak is no bound
MARGIN: Final = 1.15
#: before so many peaks are known the guess is the least
ENOUGH: Final = 5
#: no child gets by with less; a look may have come too early to see anything
LEAST_BYTES: Final = 4 * MEBIBYTE


class Needs:
    """`guesses`: bytes by kind until enough is measured; a kind without one is taken for the largest of them."""

    def __init__(self, guesses: Mapping[str, int]) -> None:
        self._guesses = dict(guesses)
        self._peaks: dict[str, deque[int]] = {kind: deque(maxlen=KEPT) for kind in guesses}
        self._learned: dict[str, int] = {}

    def of(self, kind: str) -> int:
        """Bytes that a child of that kind is expected to take."""
        guess = self._guesses.get(kind) or max(self._guesses.values())
        learned = self._learned.get(kind)
        if learned is None:
            return guess
        return learned if len(self._peaks[kind]) >= ENOUGH else max(guess, learned)

    def observe(self, kind: str, peak_bytes: int) -> None:
        """Learn from one child's peak; nothing is learned of kinds without a guess."""
        if (peaks := self._peaks.get(kind)) is None or peak_bytes <= 0:
            return
        peaks.append(peak_bytes)
        self._learned[kind] = max(LEAST_BYTES, int(_high(peaks) * MARGIN))

    def figures(self) -> dict[str, dict[str, Any]]:
        """For /status: by kind the need in MiB, and from how many peaks it was learned."""
        return {
            kind: {"need_mb": round(self.of(kind) / MEBIBYTE, 1), "measured": len(peaks)}
            for kind, peaks in self._peaks.items()
        }


def _high(peaks: deque[int]) -> int:
    """The smallest peak with no more than ABOVE of all weight above it."""
    newest = len(peaks) - 1
    weighed = sorted(((peak, DECAY ** (newest - place)) for place, peak in enumerate(peaks)), reverse=True)
    spare = ABOVE * sum(weight for _, weight in weighed)
    place = 0
    while (spare := spare - weighed[place][1]) >= 0:
        place += 1
    return weighed[place][0]
