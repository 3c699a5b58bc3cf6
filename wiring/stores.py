"""The parts that keep something: database, shared Redis, states of breakers, cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.system_manager import Part

if TYPE_CHECKING:
    from services.app import App
    from utils.cache import HybridCache
    from utils.circuit_breakers import Breakers
    from utils.config import Settings
    from utils.database import Database
    from utils.memory_manager import MemoryManager
    from utils.redis_store import RedisStore

ROOT: Final = Path(__file__).resolve().parents[1]
MEBIBYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Stores:
    """Factories of these parts; each imports what it needs when it is called."""

    settings: Settings
    app: App

    def parts(self, first: tuple[str, ...]) -> list[Part]:
        """`first`: what is up before any of them."""
        shared = ("redis",) if self.settings.redis.url else ()
        return [
            Part("database", self.database, first),
            *(Part(name, self.redis, first) for name in shared),
            Part("breakers", self.breakers, ("database", *shared)),
            Part("memory", self.memory, first),
            Part("cache", self.cache, ("memory",), ends=False),  # a new process would find the same disk
        ]

    def database(self, *_first: object) -> Database:
        """Jobs, users, sessions: everything that must outlive the process."""
        from utils.database import Database

        return Database(self.settings.data_dir / "goldcrest.db", ROOT / "core" / "migrations")

    def redis(self, *_first: object) -> RedisStore:
        """What several instances share."""
        from utils.redis_store import RedisStore

        settings = self.settings.redis
        self.app.up_redis = RedisStore(settings.url, timeout_seconds=settings.timeout_seconds)
        return self.app.up_redis

    def breakers(self, database: Database, *shared: RedisStore) -> Breakers:
        """One per site, identity or host."""
        from msgspec.structs import asdict

        from utils.breaker_redis import RedisBreakers
        from utils.breaker_store import SqliteBreakers
        from utils.circuit_breaker import BreakerPolicy
        from utils.circuit_breakers import Breakers

        store = RedisBreakers(shared[0]) if shared else SqliteBreakers(database)
        return Breakers(BreakerPolicy(**asdict(self.settings.breaker)), store=store)

    def memory(self, *_first: object) -> MemoryManager:
        """Who may start when, so that all stay below the cap."""
        from utils.memory_manager import MemoryManager

        self.app.up_memory = MemoryManager(self.settings.memory)
        return self.app.up_memory

    def cache(self, memory: MemoryManager) -> HybridCache:
        """What sites said a short while ago."""
        from utils.cache import HybridCache

        sizes = self.settings.cache
        cache = self.app.up_cache = HybridCache(
            self.settings.data_dir / "cache",
            memory_bytes=sizes.memory_mb * MEBIBYTE,
            disk_bytes=sizes.size_mb * MEBIBYTE,
        )
        memory.pools.watch("cache", cache, lambda held: held.used_bytes)
        memory.shed_with("cache", cache.shrink)
        return cache
