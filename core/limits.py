"""How much one person may ask, and how much a site is asked: the limiter's levels out of the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from utils.errors import GoldcrestError, RateLimited, TooFast
from utils.rate_limiter import RateLimiter, Store
from utils.rate_rules import RULES, Rule

if TYPE_CHECKING:
    from utils.config import Limits as LimitSettings

T = TypeVar("T")
MINUTE: Final = 60.0
#: the one key of the level "global"
EVERYTHING: Final = "sites"
#: people wait that long for a site's turn before they are told when to come back
WAIT_SECONDS: Final = 20.0


@dataclass(slots=True)
class Request:
    """What somebody asked for at the door. `asking`: questions to sites under way for it; `answered`: one of them was.

    Until it is answered a request can be given back; a further question takes it again (`taken`).
    """

    key: str
    taken: bool = True
    asking: int = 0
    answered: bool = False


#: what the person at the door asked for, for whatever tasks come of it; the ids of log lines travel the same way
_REQUEST: Final[ContextVar[Request | None]] = ContextVar("request", default=None)


class Limits:
    """Three levels: "user" is taken at the door; "platform" and "global" together before a site is asked.

    A request for which no site had a turn costs its person nothing, as if all three had been decided at once.
    `rate_of`: requests per second that a platform bears. A site that says "too much" is asked half as often, and faster
    again with every answer that it gives.
    """

    def __init__(
        self,
        settings: LimitSettings,
        rate_of: Callable[[str], float],
        store: Store | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate_of = rate_of
        self._platform_rule = RULES[settings.platform_algorithm]
        self._platform_burst = settings.platform_burst
        self._rules: dict[str, Rule] = {}
        levels = {
            "user": _per_minute(settings.user_algorithm, settings.requests_per_minute, settings.user_burst),
            "global": _per_minute(settings.global_algorithm, settings.global_per_minute, settings.global_per_minute),
        }
        self._limiter = RateLimiter(levels, store, own=self._own, sleep=sleep)

    async def person(self, front: str, who: object) -> None:
        """Take one request of somebody. Raises TooFast with the time to wait."""
        request = Request(f"{front}:{who}")
        await self._limiter.admit({"user": request.key})
        _REQUEST.set(request)

    async def asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives, which asks sites for whoever stands at the door. A TooFast gives their request back.

        But not where something else that came of the same request was answered, or may still be.
        """
        request = _REQUEST.get()
        if request is None:
            return await ask()
        if not request.taken:
            await self._limiter.admit({"user": request.key})
            request.taken = True
        request.asking += 1
        refused = False
        try:
            return await ask()
        except TooFast:
            refused = True
            raise
        finally:
            request.asking -= 1
            request.answered |= not refused
            if request.taken and not (request.asking or request.answered):
                request.taken = False
                await self._limiter.give_back({"user": request.key})

    async def site(self, name: str) -> None:
        """Wait for a site's turn. `name`: a platform, or "generic:<host>". Raises TooFast where that takes too long."""
        await self._limiter.admit({"platform": name, "global": EVERYTHING}, WAIT_SECONDS)

    async def heard(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives; the site's rate follows how it ends."""
        try:
            result = await ask()
        except GoldcrestError as error:
            self.answered(name, error)
            raise
        self.answered(name, None)
        return result

    def answered(self, name: str, error: GoldcrestError | None) -> None:
        """Let the rate of a site follow what it says."""
        if isinstance(error, RateLimited):
            self._limiter.adaptive.refused(f"platform:{name}")
        elif error is None or error.answered:
            self._limiter.adaptive.succeeded(f"platform:{name}")

    def figures(self) -> dict[str, Any]:
        """See `utils.rate_limiter.RateLimiter.figures`; of slowed hosts behind "generic" only the slowest."""
        figures = self._limiter.figures()
        slowed = {key.removeprefix("platform:"): factor for key, factor in figures["slowed"].items()}
        hosts = [slowed.pop(name) for name in tuple(slowed) if ":" in name]
        if hosts:
            slowed["generic"] = min(hosts)
        return {**figures, "slowed": slowed}

    def _own(self, level: str, key: str) -> Rule | None:
        if level != "platform":
            return None
        platform = key.partition(":")[0]
        if platform not in self._rules:
            rate = self._rate_of(platform)
            burst = rate * MINUTE if self._platform_rule.algorithm == "sliding_window" else self._platform_burst
            self._rules[platform] = self._platform_rule(rate * MINUTE, MINUTE, max(1.0, burst))
        return self._rules[platform]


def _per_minute(algorithm: str, count: float, burst: float) -> Rule:
    return RULES[algorithm](count, MINUTE, min(burst, count))
