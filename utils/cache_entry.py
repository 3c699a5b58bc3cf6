"""One entry of the hybrid cache and its record on disk."""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal

Priority = Literal["low", "normal", "high"]

#: longer keys are not kept
KEY_BYTES: Final = 500
#: version, priority, failed, born, fresh seconds, stale seconds
_HEADER: Final = struct.Struct(">BBBddd")
#: of key, header and body
_CHECKSUM: Final = struct.Struct(">I")
_VERSION: Final = 2
_PRIORITIES: Final[tuple[Priority, ...]] = ("low", "normal", "high")


@dataclass(slots=True)
class Entry:
    """A value as bytes. `born`: UTC epoch; fresh for `fresh_seconds`, then still usable for `stale_seconds`."""

    body: bytes
    born: float
    fresh_seconds: float
    stale_seconds: float = 0.0
    priority: Priority = "normal"
    failed: bool = False

    @property
    def until(self) -> float:
        """When it is over."""
        return self.born + self.fresh_seconds + self.stale_seconds

    def usable(self, now: float) -> bool:
        """Not over. An entry from the future was made by a clock that has been set back: it is over."""
        return self.born <= now < self.until

    def fresh(self, now: float) -> bool:
        """Needs no refresh."""
        return now - self.born < self.fresh_seconds

    def packed(self) -> bytes:
        """Header and body."""
        facts = _PRIORITIES.index(self.priority), self.failed, self.born, self.fresh_seconds, self.stale_seconds
        return _HEADER.pack(_VERSION, *facts) + self.body

    def sealed(self, key: str) -> bytes:
        """The record on disk, which is good under this key only."""
        packed = self.packed()
        return packed + _checksum(key, packed)

    @classmethod
    def unsealed(cls, key: str, record: bytes) -> Entry | None:
        """The entry of a record; None for one that is broken or belongs to another key."""
        packed, checksum = record[: -_CHECKSUM.size], record[-_CHECKSUM.size :]
        if checksum != _checksum(key, packed):
            return None
        try:
            version, priority, failed, born, fresh, stale = _HEADER.unpack_from(packed)
            if version != _VERSION or not math.isfinite(born + fresh + stale):
                return None
            return cls(packed[_HEADER.size :], born, fresh, stale, _PRIORITIES[priority], bool(failed))
        except (struct.error, IndexError):
            return None


def fit_key(key: str) -> bool:
    """Whether entries can be kept under that key: it is Unicode, and not too long."""
    try:
        return len(key.encode()) <= KEY_BYTES
    except UnicodeEncodeError:
        return False


def _checksum(key: str, packed: bytes) -> bytes:
    return _CHECKSUM.pack(zlib.crc32(packed, zlib.crc32(key.encode())))
