"""From a link to its platform: info cache, breaker, retry, turn and identity, then the site's own probe or fetch."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from core.guard import GENERIC, Guard, breaker_name
from core.identities import Identities
from core.list_pages import ListPages
from platforms.parts import is_recording, read_part, wanted_part
from platforms.shapes import ANONYMOUS
from utils.circuit_breaker import BreakerPolicy
from utils.circuit_breakers import Breakers
from utils.errors import DeadLink, MemoryShort, NotFound, OutOfMemory, UnsupportedLink

if TYPE_CHECKING:
    from core.item_cache import ItemCache
    from core.limits import Limits
    from platforms.registry import Detected, Registry
    from platforms.shapes import Extractor, Fetched, Identity, Link, Listing, Media, ProgressSink
    from utils.config import Retry

T = TypeVar("T")


class PlatformManager:
    """The guard between the use cases and the sites.

    `items`: what is remembered of the sites; `max_bytes`: largest file anybody may fetch; `breakers`: those of the
    sites, own ones where none are given; `identities`: whom the sites are asked as; `limits`: how often; `clock`,
    `sleep` and `rng` are time and dice.
    """

    def __init__(
        self,
        registry: Registry,
        extractor: Extractor,
        retry: Retry,
        *,
        items: ItemCache,
        max_bytes: int,
        breakers: Breakers | None = None,
        identities: Identities | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._registry = registry
        self._extractor = extractor
        self._max_bytes = max_bytes
        self._limits = limits
        known = breakers or Breakers(BreakerPolicy(), clock=clock)
        self._identities = identities or Identities({}, known)
        self.guard = Guard(known, retry, clock=clock, sleep=sleep, rng=rng)
        self.items = items
        self._pages = ListPages(self._page, items.windows)

    def detect(self, text: str, bound: int = 20) -> Detected:
        """Every link of a text, claimed by its site or refused with a code."""
        return self._registry.detect(text, bound)

    async def probe(self, link: Link) -> Media:
        """What stands behind a link. Raises a GoldcrestError."""
        return await self._for_person(lambda: self._media(link))

    async def page(self, link: Link, first: int = 1, count: int = 10) -> Listing:
        """At most `count` items of a list from the position `first` on. Raises EmptyList or another GoldcrestError."""
        return await self._for_person(lambda: self._listing(link, first, count))

    def beside(self, link: Link) -> Link | None:
        """The list that an item's link names besides the item, or None."""
        return None if link.short else self._registry.platform(link.platform).beside(link)

    async def resolve(self, link: Link) -> Link:
        """The link itself, or the item that a short link leads to. Raises DeadLink where it leads to none."""
        return await self._for_person(lambda: self._target(link)) if link.short else link

    async def _for_person(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What somebody waits for, where somebody does; what is asked in the background costs nobody anything."""
        return await (ask() if self._limits is None else self._limits.asked(ask))

    async def _media(self, link: Link) -> Media:
        link = await self._target(link)
        return await self.items.media.get_or_load(link.canonical, lambda: self._probe(link))

    async def _listing(self, link: Link, first: int, count: int) -> Listing:
        return await self._pages.page(await self._target(link), first, count)

    async def _target(self, link: Link) -> Link:
        if not link.short:
            return link
        return await self.items.leads.get_or_load(link.canonical, lambda: self._resolve(link))

    async def _resolve(self, link: Link) -> Link:
        target = await self._ask("resolve", link.platform, link.url, lambda extractor: extractor.resolve(link.url))
        try:
            found = self._registry.claim(target)
        except UnsupportedLink as error:
            raise DeadLink(f"leads to {target}") from error
        if found.short:
            raise DeadLink(f"leads to another short link {target}")
        return found

    def settle_part(self, link: Link, part: str) -> str:
        """The key of a part within its item, "" where it is the whole; as it stands where nobody has probed lately.

        Raises BadPart for a part that can't be had.
        """
        wanted, known = read_part(part), self.items.media.get(link.canonical)
        if wanted is None or known is None:
            return part
        settled, _media = wanted_part(wanted, known, self._max_bytes)
        return settled.key if settled else ""

    def settle(self, link: Link, quality: str, part: str = "") -> str:
        """The key that "best" and its like stand for where the item was probed lately; else the word itself.

        Raises UnknownQuality, LiveNow or NoMedia.
        """
        if (known := self.items.media.get(link.canonical)) is None:
            return quality
        from platforms.extractor.formats import settle

        return settle(known, quality, live=is_recording(part))

    async def fetch(  # noqa: PLR0917 - what, how good, where to, whom to tell, which part, until when
        self,
        link: Link,
        quality: str,
        folder: Path,
        on_progress: ProgressSink,
        part: str = "",
        enough: asyncio.Event | None = None,
    ) -> Fetched:
        """Download one quality into `folder`, or the part of it with that key (see `platforms.parts`).

        `enough`: set by whoever wants a recording to end. Raises a GoldcrestError; what lies in the folder then is the
        caller's. MemoryShort where there was no room even for reading the page.
        """
        wanted = read_part(part)
        try:
            media = await self._media(link)
        except OutOfMemory as error:
            raise MemoryShort(error.detail) from error
        platform = self._registry.platform(media.platform)

        async def attempt(extractor: Extractor) -> Fetched:
            return await platform.fetch(media, quality, extractor, folder, self._max_bytes, on_progress, wanted, enough)

        return await self._ask("fetch", media.platform, media.url, attempt)

    def pause(self, name: str, seconds: float | None) -> None:
        """Leave a site or one of its identities ("youtube/anna") alone; None: until `resume`. Raises NotFound."""
        self._known(name)
        self.guard.pause(name, seconds)

    def resume(self, name: str) -> None:
        """Let it in again. Raises NotFound."""
        self._known(name)
        self.guard.resume(name)

    def _known(self, name: str) -> None:
        # Behind "generic" stand hosts, each with a breaker of its own.
        if name == GENERIC or (name not in self._registry.names() and name not in self.guard.breakers()):
            raise NotFound(f"no site {name}")

    async def _probe(self, link: Link) -> Media:
        platform = self._registry.platform(link.platform)
        return await self._ask(
            "probe", link.platform, link.url, lambda extractor: platform.probe(link, extractor, self._max_bytes)
        )

    async def _page(self, link: Link, first: int, count: int) -> Listing:
        platform = self._registry.platform(link.platform)
        return await self._ask(
            "page", link.platform, link.url, lambda extractor: platform.page(link, extractor, first, count)
        )

    async def _ask(self, operation: str, site: str, url: str, attempt: Callable[[Extractor], Awaitable[T]]) -> T:
        """Behind the site's guard, with one identity after the other within each attempt, each in the site's turn."""
        limits, name = self._limits, breaker_name(site, url)

        def ask(identity: Identity) -> Awaitable[T]:
            return attempt(self._as(identity))

        async def once() -> T:
            if limits is None:
                return await self._identities.run(site, url, ask)
            return await self._identities.run(
                site, url, lambda identity: limits.heard(name, lambda: ask(identity)), lambda: limits.site(name)
            )

        return await self.guard.run(operation, site, url, once)

    def _as(self, identity: Identity) -> Extractor:
        return self._extractor if identity == ANONYMOUS else self._extractor.as_identity(identity)
