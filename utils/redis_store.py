"""The one way to a Redis that several instances share: scripts, a quick answer while it is gone, and its return."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from utils.errors import ConfigError
from utils.health import Health
from utils.logs import get_logger

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.commands.core import AsyncScript

#: after the first failure nobody asks for that long, then twice as long, up to the cap
REST_SECONDS: Final = 0.5
REST_CAP_SECONDS: Final = 15.0
#: the manager's question must be answered before it takes the silence for an illness of ours
HEALTH_SECONDS: Final = 0.5
#: open at a time; further calls wait for one of them within their time-out
CONNECTIONS: Final = 16
#: of what Redis says against a call, in the log
DETAIL_LIMIT: Final = 200
#: whether it can be written to
_WRITE: Final = "return redis.call('SET', KEYS[1], '1', 'PX', 60000)"


class RedisGone(ConnectionError):
    """Redis doesn't answer, or not to this call; whoever asked goes on in memory."""


class RedisStore:
    """A part. `run(source, keys, values)` runs a Lua script, the only way in which the shared state is read or changed.

    `url`: redis://, rediss:// or unix://; `prefix` stands before every key; `timeout_seconds` bounds an answer. While
    Redis is gone a call costs nothing: it is refused at once, and tried again only now and then. A Redis that answers
    with an error (full, read-only, one key of another type) is asked again by the next call.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "goldcrest:",
        timeout_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._client: Redis | None = None
        self._scripts: dict[str, AsyncScript] = {}
        self._failures = 0
        self._resting_until = 0.0
        self._refusals: set[str] = set()  # scripts whose refusal the log knows of

    @property
    def available(self) -> bool:
        """Whether it answered when it was last asked; true before."""
        return not self._failures

    async def start(self) -> None:
        """Raises ConfigError where the client isn't installed; a server that is gone is none of its business."""
        if find_spec("redis") is None:
            raise ConfigError("GOLDCREST_REDIS__URL is set, so the package redis is needed: requirements-redis.txt")

    async def stop(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        self._scripts.clear()
        if client is not None:
            await client.aclose()

    async def run(self, source: str, keys: Sequence[str] = (), values: Sequence[str | float] = ()) -> Any:
        """What the script returns, texts as str. Raises RedisGone where there is no answer, or an error for one."""
        from redis.exceptions import RedisError, ResponseError

        if self._clock() < self._resting_until:
            raise RedisGone
        known = self._failures
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._script(source)(keys=[self._prefix + key for key in keys], args=list(values))
        except ResponseError as error:
            raise self._refused(error, source) from error
        except (RedisError, OSError) as error:
            if self._failures == known:  # of many calls that hang together one counts
                self._gone(error)
            raise RedisGone(type(error).__name__) from error
        self._back()
        return answer

    async def health(self) -> Health:
        """Whether it can be written to now. While it can't, everybody goes on in memory; its return ends their rest."""
        from redis.exceptions import RedisError, ResponseError

        try:
            async with asyncio.timeout(min(HEALTH_SECONDS, self._timeout_seconds)):
                await self._script(_WRITE)(keys=[f"{self._prefix}health"], args=[])
        except ResponseError:
            return Health(ok=False, detail="can't be written to", heals=True)
        except (RedisError, OSError) as error:
            if not self._failures:
                self._gone(error)
            return Health(ok=False, detail="does not answer", heals=True)
        self._back()
        return Health()

    def figures(self) -> dict[str, Any]:
        """For `/status`: whether it answers, and how often in a row it did not."""
        return {"ok": self.available, "failures": self._failures}

    def _script(self, source: str) -> AsyncScript:
        if source not in self._scripts:
            self._scripts[source] = self._connect().register_script(source)
        return self._scripts[source]

    def _connect(self) -> Redis:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        if self._client is None:
            pool = BlockingConnectionPool.from_url(
                self._url,
                max_connections=CONNECTIONS,
                timeout=self._timeout_seconds,
                socket_timeout=self._timeout_seconds,
                socket_connect_timeout=self._timeout_seconds,
                decode_responses=True,
                retry=Retry(NoBackoff(), 1),  # a pooled connection may have died with the server's last restart
            )
            self._client = Redis.from_pool(pool)
        return self._client

    def _back(self) -> None:
        if self._failures:
            get_logger().info("redis.back")
        self._failures = 0
        self._resting_until = 0.0

    def _refused(self, error: Exception, source: str) -> RedisGone:
        if source not in self._refusals:
            self._refusals.add(source)
            get_logger().warning("redis.refused", error=type(error).__name__, detail=str(error)[:DETAIL_LIMIT])
        return RedisGone(type(error).__name__)

    def _gone(self, error: Exception) -> None:
        if not self._failures:
            get_logger().warning("redis.gone", error=type(error).__name__)
        self._failures += 1
        rest = min(REST_CAP_SECONDS, REST_SECONDS * 2.0 ** min(self._failures - 1, 16))
        self._resting_until = self._clock() + rest
