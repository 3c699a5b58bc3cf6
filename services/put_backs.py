"""How often in a row each download was put back into the queue because memory ran short."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.job_queue import Key

#: downloads remembered; one that is forgotten begins to count anew
BOUND: Final = 1000


class PutBacks:
    """`most`: so often in a row, then it is given up."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: OrderedDict[Key, int] = OrderedDict()

    def again(self, key: Key) -> bool:
        """Count one more; False where that is too often, and forgotten then."""
        times = self._counts.pop(key, 0) + 1
        if times > self._most:
            return False
        self._counts[key] = times
        if len(self._counts) > BOUND:
            self._counts.popitem(last=False)
        return True

    def counts(self, key: Key) -> bool:
        """Whether it was put back and hasn't ended since."""
        return key in self._counts

    def over(self, key: Key) -> None:
        """It ended, whichever way."""
        self._counts.pop(key, None)
