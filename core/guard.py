"""The guard before a site: its breaker refuses what can't succeed, retries follow what may pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from utils.errors import GoldcrestError
from utils.retry_manager import Adaptive, Exponential, Linear, RetryManager, RetryStrategy

if TYPE_CHECKING:
    from utils.circuit_breakers import Breakers
    from utils.config import Retry

T = TypeVar("T")
#: behind this platform stands any host of the world, so each host has a breaker of its own
GENERIC: Final = "generic"
STRATEGIES: Final[dict[str, type[RetryStrategy]]] = {
    "exponential": Exponential,
    "linear": Linear,
    "adaptive": Adaptive,
}


class Guard:
    """One call passes one breaker once, whatever number of attempts it takes; the call's end is what the breaker hears.

    So an item that fails three times is one failure and not three, and a call that a breaker refuses costs nothing. As
    soon as the breaker has opened, or while it tries with probes, nothing is tried again.
    """

    def __init__(
        self,
        breakers: Breakers,
        retry: Retry,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        rng: Callable[[], float],
    ) -> None:
        self._breakers = breakers
        self._fetch_budget_seconds = retry.fetch_budget_seconds
        strategy = STRATEGIES[retry.strategy](
            max_attempts=retry.max_attempts, base_seconds=retry.base_seconds, cap_seconds=retry.cap_seconds, rng=rng
        )
        self._retries = RetryManager(strategy, budget_seconds=retry.budget_seconds, clock=clock, sleep=sleep)

    async def run(self, operation: str, platform: str, url: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of `attempt`. Raises its last error, or CircuitOpen without having asked the site.

        `operation`: resolve, probe, page or fetch; all of them only read and may be repeated.
        """
        breaker = self._breakers.get(breaker_name(platform, url))
        with breaker.admit() as permit:
            try:
                return await self._retries.run(
                    f"{platform}.{operation}",
                    attempt,
                    idempotent=True,
                    budget_seconds=self._fetch_budget_seconds if operation == "fetch" else None,
                    unless=lambda: breaker.state != "closed",
                )
            except GoldcrestError as error:
                # An arbitrary host's trouble trips no site of ours, but its own breaker; that one of its pages can't be
                # read (no retry helps) says nothing of the others.
                if platform == GENERIC and type(error).trips and error.retry:
                    permit.failed(error)
                raise

    def pause(self, name: str, seconds: float | None) -> None:
        """Open a breaker by hand; None: until `resume`."""
        self._breakers.get(name).open(seconds, by_hand=True)

    def resume(self, name: str) -> None:
        """Close a breaker by hand."""
        self._breakers.get(name).close()

    def breakers(self) -> dict[str, Any]:
        """The figures of every breaker by its name; of the hosts behind "generic" only how many and how many are shut.

        For which pages people asked is nobody's business.
        """
        figures = self._breakers.figures()
        hosts = [figures.pop(name) for name in tuple(figures) if name.startswith(f"{GENERIC}:")]
        if hosts:
            shut = sum(host["state"] != "closed" for host in hosts)
            figures[GENERIC] = {"state": "closed", "hosts": len(hosts), "hosts_open": shut}
        return figures

    def retries(self) -> dict[str, Any]:
        """The statistics of every operation by its name, like "youtube.probe"."""
        return self._retries.figures()


def breaker_name(platform: str, url: str) -> str:
    """The platform's name; for any other page "generic:<host>", so that one host's trouble isn't another's."""
    return f"{GENERIC}:{urlsplit(url).hostname or ''}" if platform == GENERIC else platform
