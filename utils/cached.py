"""Values of one kind in the hybrid cache: read and written as JSON, loaded once for many, failures remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec
import structlog

from utils.cache_entry import Entry, Priority
from utils.errors import GoldcrestError, error_by_code
from utils.single_flight import SingleFlight

if TYPE_CHECKING:
    from utils.cache import HybridCache

T = TypeVar("T")
log = structlog.get_logger()
#: longer keys, and such in other letters, stand in the cache as their digest: each costs about the same
PLAIN_CHARACTERS: Final = 200


def never(_error: GoldcrestError) -> float:
    """No failure is remembered."""
    return 0.0


class Cached(Generic[T]):
    """A name space of the cache whose values are of `kind`, anything that msgspec writes as JSON and reads back.

    `lasting` tells for a value how many seconds it is fresh, and for how many more it is still given while it is loaded
    anew in the background. `failure_seconds` tells how long a failure to load is remembered and given to whoever asks;
    0: not.
    """

    def __init__(
        self,
        cache: HybridCache,
        name: str,
        kind: Any,
        *,
        lasting: Callable[[T], tuple[float, float]],
        priority: Priority = "normal",
        failure_seconds: Callable[[GoldcrestError], float] = never,
    ) -> None:
        self._cache = cache
        self._name = name
        self._lasting = lasting
        self._priority: Priority = priority
        self._failure_seconds = failure_seconds
        self._encode = msgspec.json.Encoder().encode
        self._decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode
        self._loads: SingleFlight[T] = SingleFlight()

    def get(self, key: str) -> T | None:
        """The value, stale or not; None where there is none or loading it failed."""
        entry = self._cache.get(self._at(key))
        return None if entry is None or entry.failed else self._read(key, entry)

    def set(self, key: str, value: T) -> None:
        """Keep a value."""
        fresh, stale = self._lasting(value)
        self._keep(key, self._encode(value), fresh, stale_seconds=stale)

    def remove(self, key: str) -> None:
        """Forget a value or failure."""
        self._cache.remove(self._at(key))

    async def get_or_load(self, key: str, load: Callable[[], Awaitable[T]]) -> T:
        """The value kept, or what `load` gives; one load per key at a time. Raises what `load` raises or has raised."""
        entry = self._cache.get(self._at(key))
        if entry is not None and entry.failed:
            error = _error(entry.body)
            if error is not None:
                self._cache.counted.negative += 1
                raise error
            self._corrupt(key)
        elif entry is not None and (value := self._read(key, entry)) is not None:
            if not entry.fresh(self._cache.clock()):
                self._cache.counted.stale += 1
                self._cache.refresh(self._at(key), lambda: self._renew(key, load))
            return value
        return await self._loads.run(key, lambda: self._load(key, load))

    async def _renew(self, key: str, load: Callable[[], Awaitable[T]]) -> None:
        try:
            await self._loads.run(key, lambda: self._load(key, load))
        except GoldcrestError as error:  # nobody waits for it; the stale value stays while it may
            log.info("cache.refresh_failed", space=self._name, code=error.code)
        except Exception:  # the edge of a background task
            log.exception("cache.refresh_broke", space=self._name)

    async def _load(self, key: str, load: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await load()
        except GoldcrestError as error:
            if (seconds := self._failure_seconds(error)) > 0:
                self._keep(key, _failure(error), seconds, failed=True)
            raise
        self.set(key, value)
        return value

    def _keep(
        self, key: str, body: bytes, fresh_seconds: float, *, stale_seconds: float = 0.0, failed: bool = False
    ) -> None:
        now = self._cache.clock()
        self._cache.put(self._at(key), Entry(body, now, fresh_seconds, stale_seconds, self._priority, failed))

    def _read(self, key: str, entry: Entry) -> T | None:
        try:
            return self._decode(entry.body)
        except (msgspec.DecodeError, ValueError, TypeError):
            self._corrupt(key)
            return None

    def _corrupt(self, key: str) -> None:
        self._cache.counted.corrupt += 1
        self.remove(key)

    def _at(self, key: str) -> str:
        plain = len(key) <= PLAIN_CHARACTERS and key.isascii()
        return f"{self._name}:{key if plain else _digest(key)}"


def _digest(key: str) -> str:
    return "#" + sha256(key.encode(errors="surrogatepass")).hexdigest()


def _failure(error: GoldcrestError) -> bytes:
    values = {name: value for name, value in error.values.items() if isinstance(value, str | int | float | bool)}
    return msgspec.json.encode([error.code, error.detail, values])


def _error(body: bytes) -> GoldcrestError | None:
    try:
        code, detail, values = msgspec.json.decode(body, type=tuple[str, str, dict[str, Any]])
    except msgspec.DecodeError:
        return None
    return error_by_code(code)(detail, **values)
