"""A job's right to use the egress proxy: its credentials, its bounds and what it has moved."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from utils.egress_route import Route

#: Refusals kept per ticket; the first ones tell the story.
REFUSALS: Final = 50


@dataclass(frozen=True, slots=True)
class Refusal:
    """A destination that was refused: the host as asked for, why, and the code that the answer carried."""

    host: str
    reason: str
    code: str


@dataclass(slots=True)
class Figures:
    """Totals since the start of the process."""

    bytes_down: int = 0
    bytes_up: int = 0
    connections: int = 0
    refused: int = 0
    failed: int = 0
    over_quota: int = 0


class Ticket:
    """One job's credentials; a context manager. Bytes down come from the internet, bytes up go there.

    `connections`: opened so far. `refused`: the first REFUSALS refusals, `failed`: why destinations were out of reach,
    also the first ones. `over_quota`: it moved more than it may, its
    connections were cut and no more are given. `route`: the job's own way out where it has one, and `route_failed` why
    the proxy on that way could not be used, "" while it could.
    """

    def __init__(
        self,
        name: str,
        port: int,
        totals: Figures,
        on_close: Callable[[Ticket], None],
        *,
        quota_bytes: int | None,
        idle_seconds: float,
        route: Route | None = None,
    ) -> None:
        self.name = name
        self.idle_seconds = idle_seconds
        self.bytes_down = 0
        self.bytes_up = 0
        self.connections = 0
        self.refused: list[Refusal] = []
        self.failed: list[str] = []
        self.over_quota = False
        self.route = route
        self.route_failed = ""
        self._token = secrets.token_urlsafe(24)
        self._port = port
        self._totals = totals
        self._on_close = on_close
        self._quota_bytes = quota_bytes
        self._tasks: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<Ticket {self.name}>"  # never the token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def proxy_url(self) -> str:
        """What a client takes as its proxy."""
        return f"http://{self.name}:{self._token}@127.0.0.1:{self._port}"

    @property
    def open_connections(self) -> int:
        """Connections under way."""
        return len(self._tasks)

    def fits(self, token: str) -> bool:
        """Whether the token is the right one; the comparison takes the same time for any wrong one."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def cancel(self) -> None:
        """End the token and cut every connection; clients see them reset."""
        self._on_close(self)
        self._cut()

    def close(self) -> None:
        """The same at the end of a job; the figures stay readable."""
        self.cancel()

    @contextmanager
    def connection(self) -> Iterator[None]:
        """The calling task serves a connection of this ticket meanwhile; it is cancelled to cut it."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._totals.connections += 1
        try:
            yield
        finally:
            self._tasks.discard(task)

    def count(self, down: int, up: int) -> None:
        """Count moved bytes; beyond the quota every connection is cut."""
        self.bytes_down += down
        self.bytes_up += up
        self._totals.bytes_down += down
        self._totals.bytes_up += up
        moved = self.bytes_down + self.bytes_up
        if self._quota_bytes is not None and moved > self._quota_bytes and not self.over_quota:
            self.over_quota = True
            self._totals.over_quota += 1
            self._cut()

    def refuse(self, refusal: Refusal) -> None:
        """Note a refusal."""
        self._totals.refused += 1
        if len(self.refused) < REFUSALS:
            self.refused.append(refusal)

    def fail(self, why: str) -> None:
        """Note a destination out of reach: dns, connect, timeout, upstream, or proxy where that is what failed."""
        if len(self.failed) < REFUSALS:
            self.failed.append(why)

    def _cut(self) -> None:
        for task in self._tasks:
            task.cancel()

    def figures(self) -> dict[str, int]:
        """What this job moved, for its log line."""
        return {
            "bytes_down": self.bytes_down,
            "bytes_up": self.bytes_up,
            "connections": self.connections,
            "refused": len(self.refused),
        }


def totals(figures: Figures) -> dict[str, int]:
    """As JSON takes them."""
    return asdict(figures)
