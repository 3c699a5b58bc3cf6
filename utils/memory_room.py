"""How much more memory this process and its children may take: the cap, or the container's limit, less what is used."""

from __future__ import annotations

from collections.abc import Callable

from utils.cgroups import memory_limit
from utils.process_memory import tree_bytes


class MemoryRoom:
    """Call it with a need in bytes: whether that fits now. Where use can't be told, nothing fits."""

    def __init__(
        self,
        cap_bytes: int,
        *,
        limit: Callable[[], int | None] = memory_limit,
        used: Callable[[], int | None] = tree_bytes,
    ) -> None:
        self._cap_bytes = cap_bytes
        self._limit = limit
        self._used = used

    def __call__(self, need_bytes: int) -> bool:
        """Whether that many bytes fit below the smaller of both bounds."""
        limit, used = self._limit(), self._used()
        bound = self._cap_bytes if limit is None else min(limit, self._cap_bytes)
        return used is not None and used + need_bytes <= bound
