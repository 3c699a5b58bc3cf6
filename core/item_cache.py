"""What is remembered of sites: items, where short links lead, windows of lists, and failures that last."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from platforms.shapes import Link, Listing, Media
from utils.cache import HybridCache
from utils.cached import Cached
from utils.errors import GoldcrestError, ItemError

#: a short link leads to the same item for good; its site may still close
LEAD_SECONDS: Final = 86_400.0
#: what is said of a running stream is soon over
LIVE_SECONDS: Final = 30.0
#: where no cache is given: some thousand items in memory, none on disk
OWN_BYTES: Final = 2 << 20


class ItemCache:
    """Name spaces of the hybrid cache.

    `info_seconds`: how long a probe is good for; for `stale_seconds` more it is still shown while the site is asked
    again. A failure that trying again doesn't mend is remembered for `failure_seconds`, unless somebody may do
    something about it meanwhile: upload cookies, wait for a stream to begin.
    """

    def __init__(
        self,
        cache: HybridCache | None = None,
        *,
        info_seconds: float,
        stale_seconds: float = 0.0,
        failure_seconds: float = 0.0,
    ) -> None:
        self._cache = HybridCache(Path(), memory_bytes=OWN_BYTES, disk_bytes=0) if cache is None else cache
        self._info_seconds = info_seconds
        self._stale_seconds = stale_seconds
        self._failure_seconds = failure_seconds
        self.media: Cached[Media] = Cached(
            self._cache, "media", Media, lasting=self._lasting, failure_seconds=self._remembered
        )
        self.leads: Cached[Link] = Cached(self._cache, "lead", Link, lasting=lambda _: (LEAD_SECONDS, 0.0))
        self.windows: Cached[Listing] = Cached(self._cache, "window", Listing, lasting=lambda _: (info_seconds, 0.0))

    def figures(self) -> dict[str, Any]:
        """See `utils.cache.HybridCache.figures`."""
        return self._cache.figures()

    def _lasting(self, media: Media) -> tuple[float, float]:
        if media.is_live:
            return min(LIVE_SECONDS, self._info_seconds), 0.0
        return self._info_seconds, self._stale_seconds

    def _remembered(self, error: GoldcrestError) -> float:
        lasts = isinstance(error, ItemError) and not error.retry and not error.step
        return self._failure_seconds if lasts else 0.0
