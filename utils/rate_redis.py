"""Rate limits that several instances share: the arithmetic of `utils.rate_rules` as one Lua script in Redis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from utils.redis_store import RedisGone

if TYPE_CHECKING:
    from utils.rate_limiter import Claim, Store
    from utils.redis_store import RedisStore

#: what a state outlives its use by, so that clocks that differ a little lose nothing
SPARE_SECONDS: Final = 5

#: ARGV: the time (empty: Redis's own), grain, spare seconds, then for each key: algorithm, count, seconds, burst,
#: factor, cost, memory seconds. Answers the wait and the number of the claim that waits longest, from 0.
_DECIDE: Final = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end
local grain, spare = tonumber(ARGV[2]), tonumber(ARGV[3])

local function numbers(text)
  local found = {}
  for number in string.gmatch(text or '', '%S+') do found[#found + 1] = tonumber(number) end
  return found
end

local look = {}

function look.token_bucket(state, count, seconds, burst, factor, cost)
  local interval = seconds / count / factor
  local ahead = 0
  if state[1] then ahead = math.max(0, state[1] - now) * (state[2] / factor) end
  if ahead > 2 * burst * interval then ahead = 0 end
  ahead = math.min(ahead, burst * interval) + cost * interval
  return ahead - burst * interval, {now + math.max(0, ahead), factor}
end

function look.leaky_bucket(state, count, seconds, burst, factor, cost)
  local leak = count / seconds * factor
  local level = 0
  if state[1] then
    level = math.max(0, state[1] - math.max(0, now - state[2]) * leak)
    if state[2] - now > burst / leak then level = 0 end
  end
  level = level + cost
  return (level - burst) / leak, {math.max(0, level), now}
end

function look.sliding_window(state, count, seconds, burst, factor, cost)
  local room = math.max(1, count * factor) - cost
  local began, calls, before = now, 0, 0
  if state[1] then began, calls, before = state[1], state[2], state[3] end
  local passed = math.floor((now - began) / seconds)
  if passed == 1 then
    began, calls, before = began + seconds, 0, calls
  elseif passed > 1 or passed < -1 then
    began, calls, before = now, 0, 0
  end
  local elapsed = math.max(0, now - began)
  local wait = 0
  if calls > room then
    wait = seconds - elapsed + math.max(0, seconds * (1 - room / calls))
  elseif before > 0 then
    wait = seconds * (1 - (room - calls) / before) - elapsed
  end
  return wait, {began, math.max(0, calls + cost), before}
end

local longest, which, following = 0, 0, {}
for number, key in ipairs(KEYS) do
  local at = 3 + (number - 1) * 7
  local state = numbers(redis.call('GET', key))
  local wait, after = look[ARGV[at + 1]](state, tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]),
    tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]))
  if wait > grain and wait > longest then longest, which = wait, number - 1 end
  for place, value in ipairs(after) do after[place] = string.format('%.17g', value) end
  following[number] = table.concat(after, ' ')
end
if longest == 0 then
  for number, key in ipairs(KEYS) do
    local at = 3 + (number - 1) * 7
    local kept = math.ceil((tonumber(ARGV[at + 7]) / tonumber(ARGV[at + 5]) + spare) * 1000)
    redis.call('SET', key, following[number], 'PX', kept)
  end
end
return {string.format('%.17g', longest), which}
"""


class RedisLimits:
    """A store for `utils.rate_limiter.RateLimiter`. What Redis doesn't decide each instance decides in `memory`.

    `clock`: UTC epoch seconds for tests; None: Redis's own time, the same for all instances.
    """

    def __init__(self, redis: RedisStore, memory: Store, clock: Callable[[], float] | None = None) -> None:
        self._redis = redis
        self._memory = memory
        self._clock = clock

    async def decide(self, claims: Sequence[Claim]) -> tuple[float, int]:
        """See `utils.rate_limiter.Store`."""
        from utils.rate_rules import GRAIN_SECONDS

        values: list[str | float] = ["" if self._clock is None else repr(self._clock()), GRAIN_SECONDS, SPARE_SECONDS]
        for claim in claims:
            rule = claim.rule
            values += [rule.algorithm, rule.count, rule.seconds, rule.burst]
            values += [claim.factor, claim.cost, rule.memory_seconds]
        try:
            # a state says nothing to another algorithm, so each has keys of its own
            keys = [f"rate:{claim.rule.algorithm}:{claim.key}" for claim in claims]
            wait, which = await self._redis.run(_DECIDE, keys, values)
        except RedisGone:
            return await self._memory.decide(claims)
        return float(wait), int(which)
