"""One entry of the hybrid cache and its record on disk."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal

Priority = Literal["low", "normal", "high"]

#: version, priority, failed, born, fresh seconds, stale seconds, checksum of the body
_HEADER: Final = struct.Struct(">BBBdddI")
_VERSION: Final = 1
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

    def usable(self, now: float) -> bool:
        """Not over. An entry from the future was made by a clock that has been set back: it is over."""
        return 0 <= now - self.born < self.fresh_seconds + self.stale_seconds

    def fresh(self, now: float) -> bool:
        """Needs no refresh."""
        return now - self.born < self.fresh_seconds

    def packed(self) -> bytes:
        """The record on disk."""
        facts = _PRIORITIES.index(self.priority), self.failed, self.born, self.fresh_seconds, self.stale_seconds
        return _HEADER.pack(_VERSION, *facts, zlib.crc32(self.body)) + self.body

    @classmethod
    def unpacked(cls, record: bytes) -> Entry | None:
        """The entry of a record; None for one that is broken."""
        body = record[_HEADER.size :]
        try:
            version, priority, failed, born, fresh, stale, checksum = _HEADER.unpack_from(record)
            if version != _VERSION or checksum != zlib.crc32(body):
                return None
            return cls(body, born, fresh, stale, _PRIORITIES[priority], bool(failed))
        except (struct.error, IndexError):
            return None
