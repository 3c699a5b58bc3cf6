"""The cache's level in memory: entries by key, bounded in bytes, the least recently used first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from utils.cache_entry import Entry

#: what an entry costs besides its key and body: object, headers of two strings, slot in the table
ENTRY_BYTES: Final = 350


class MemoryLevel:
    """At most `bound_bytes` of entries with their keys, as long as whoever puts asks for room before."""

    def __init__(self, bound_bytes: int) -> None:
        self.bound_bytes = bound_bytes
        self.used_bytes = 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def oldest(self) -> tuple[str, float]:
        """The key that was not used for the longest time, and when it is over. Raises StopIteration without any."""
        key, entry = next(iter(self._entries.items()))
        return key, entry.until

    def over(self, now: float) -> list[str]:
        """Keys whose time is over."""
        return [key for key, entry in self._entries.items() if entry.until <= now]

    def beyond(self, target_bytes: int) -> list[str]:
        """Keys that would have to go until no more than so many bytes are used, the longest unused first."""
        keys, left_bytes = [], self.used_bytes
        for key, entry in self._entries.items():
            if left_bytes <= target_bytes:
                break
            keys.append(key)
            left_bytes -= entry_bytes(key, entry)
        return keys

    def room_for(self, size_bytes: int) -> bool:
        """Whether so many bytes fit besides all others."""
        return self.used_bytes + size_bytes <= self.bound_bytes

    def get(self, key: str) -> Entry | None:
        """The entry, which is the most recently used one then."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry under a key that isn't there."""
        self._entries[key] = entry
        self.used_bytes += entry_bytes(key, entry)

    def pop(self, key: str) -> Entry | None:
        """Take an entry out."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.used_bytes -= entry_bytes(key, entry)
        return entry


def entry_bytes(key: str, entry: Entry) -> int:
    """What an entry takes."""
    return len(key) + len(entry.body) + ENTRY_BYTES
