"""Circuit breakers' states in Redis: what one instance finds out, all of them know within seconds.

All times are reckoned by Redis's own clock, so that the clocks of the instances need not agree. Each instance sends its
own probes when the time is over; the first result that is saved is taken over by the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from utils.breaker_store import BreakerRecord

if TYPE_CHECKING:
    from utils.redis_store import RedisStore

#: one hash for all: a field by each breaker's name, and "" for the counter of changes
KEY: Final = "breakers"
HELD: Final = "held"

#: in: name, state, milliseconds or "held", streak, 1 by hand, and so on; out: the revisions in the same order
SAVE: Final = """
local time, revisions = redis.call('TIME'), {}
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, #ARGV, 5 do
  local revision = redis.call('HINCRBY', KEYS[1], '', 1)
  local till = ARGV[i + 2]
  if till ~= 'held' then till = string.format('%.0f', now + tonumber(till)) end
  redis.call('HSET', KEYS[1], ARGV[i], cjson.encode({ARGV[i + 1], till, ARGV[i + 3], tostring(revision), ARGV[i + 4]}))
  revisions[#revisions + 1] = revision
end
return revisions
"""

#: out: name, state, milliseconds left or "held", streak, revision, 1 by hand, and so on; what ended an hour ago is
#: removed, of older versions the last one is missing
LOAD: Final = """
local time, found = redis.call('TIME'), {}
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local fine, kept = pcall(cjson.decode, all[i + 1])
  if all[i] ~= '' then
    local whole = fine and type(kept) == 'table' and (#kept == 4 or #kept == 5)
    local till = whole and (kept[2] == 'held' and math.huge or tonumber(kept[2]))
    if not till or till < now - 3600000 then
      redis.call('HDEL', KEYS[1], all[i])
    else
      local left = kept[2] == 'held' and 'held' or string.format('%.0f', math.max(0, till - now))
      for _, value in ipairs({all[i], kept[1], left, kept[3], kept[4], kept[5] or '0'}) do
        found[#found + 1] = value
      end
    end
  end
end
return found
"""
FIELDS: Final = 6


class RedisBreakers:
    """A BreakerStore. Raises RedisGone while Redis is gone; the breakers then go on in memory."""

    shared = True

    def __init__(self, redis: RedisStore) -> None:
        self._redis = redis

    async def save(self, records: Sequence[BreakerRecord]) -> Mapping[str, int]:
        """All of them at once; their new revisions."""
        values: list[str | float] = []
        for record in records:
            rest = record.remaining_seconds
            left = HELD if rest is None else round(rest * 1000)
            values += [record.name, record.state, left, record.streak, int(record.by_hand)]
        revisions = await self._redis.run(SAVE, [KEY], values)
        return {record.name: int(revision) for record, revision in zip(records, revisions, strict=True)}

    async def load(self) -> list[BreakerRecord]:
        """Everything that is kept; a damaged entry is left out."""
        flat, records = await self._redis.run(LOAD, [KEY]), []
        for start in range(0, len(flat) - FIELDS + 1, FIELDS):
            name, state, left, streak, revision, by_hand = flat[start : start + FIELDS]
            with suppress(ValueError, TypeError):
                rest = None if left == HELD else float(left) / 1000
                records.append(BreakerRecord(name, state, rest, int(streak), int(revision), by_hand == "1"))
        return records
