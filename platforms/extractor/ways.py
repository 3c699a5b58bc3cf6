"""Which way of asking a site comes first: those that worked lately, then the site's own order, each tried once."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from utils.errors import (
    AgeRestricted,
    BotCheck,
    ExtractorBroken,
    GoldcrestError,
    ItemError,
    JavaScriptNeeded,
    LoginRequired,
    NoMedia,
    Paid,
    Private,
    SiteBlocked,
    UnknownQuality,
)

if TYPE_CHECKING:
    from platforms.shapes import Extractor, FetchOrder, Identity, ProgressSink, Way

T = TypeVar("T")
Poor = Callable[[Mapping[str, Any]], bool]

#: A way that had to stand in for an earlier one goes first that long; then the earlier one gets its chance again.
LATELY_SECONDS: Final = 1800.0
#: Items whose way is remembered: what a probe found is fetched the same way.
ITEMS: Final = 256
#: Jobs for one call, whatever a site lists.
MOST_TRIES: Final = 6
#: Refusals of the client or of this machine: another way may be let in, for the next item as well.
_OF_THE_WAY: Final = (BotCheck, SiteBlocked, ExtractorBroken)
#: Refusals of one item behind which may stand the client that asked.
_PERHAPS: Final = (NoMedia, UnknownQuality)
#: Refusals that only an account may lift.
_OF_STRANGERS: Final = (LoginRequired, AgeRestricted, Private, Paid)


class Ways:
    """What is known of all sites' ways: which one worked lately, for which item, and how often each did."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lately: dict[str, tuple[str, float]] = {}
        self._items: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._figures: dict[str, dict[str, Counter[str]]] = {}

    def order(self, site: str, url: str, ways: tuple[Way, ...]) -> list[Way]:
        """The item's own way first, else the one that worked lately; the others as they are listed."""
        lately, until = self._lately.get(site, ("", 0.0))
        first = self._items.get((site, url)) or (lately if self._clock() < until else "")
        return sorted(ways, key=lambda way: way.name != first)

    def note(self, site: str, way: str, outcome: str) -> None:
        """Count one try: "worked", "poor", or the code of an error."""
        self._figures.setdefault(site, {}).setdefault(way, Counter())[outcome] += 1

    def keep(self, site: str, url: str, way: str, *, lately: bool) -> None:
        """This way has led to the item; `lately`: so it may for others, where the usual one is refused."""
        self._items[site, url] = way
        self._items.move_to_end((site, url))
        while len(self._items) > ITEMS:
            self._items.popitem(last=False)
        if lately:
            self._lately[site] = way, self._clock() + LATELY_SECONDS

    def figures(self) -> dict[str, Any]:
        """By site: `first`, the way that stands in for the usual one now ("" for none), and each way's outcomes."""
        now = self._clock()
        found: dict[str, Any] = {}
        for site, ways in self._figures.items():
            lately, until = self._lately.get(site, ("", 0.0))
            found[site] = {
                "first": lately if now < until else "",
                "ways": {name: {"tried": counts.total(), **counts} for name, counts in ways.items()},
            }
        return found


class WayFinder:
    """An extractor that asks one site in several ways until one is let in. Implements platforms.shapes.Extractor.

    `poor`: whether an answer holds less than it should; the best of the poor is taken where no way gives more.
    `has`: whether a tool ("po_token", "javascript", "cookies") is at hand now.
    """

    def __init__(  # noqa: PLR0917 - whom to ask, what about, and what is known of it
        self,
        extractor: Extractor,
        site: str,
        ways: tuple[Way, ...],
        poor: Poor,
        known: Ways,
        has: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._extractor = extractor
        self._site = site
        self._ways = ways
        self._poor = poor
        self._known = known
        self._has = has

    async def extract(self, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """As `Extractor.extract`. Raises what the first way met, or what no other way can change."""
        return await self._go(url, lambda way: self._extractor.extract(url, laid_over(options, way)), self._poor)

    async def fetch(self, order: FetchOrder, on_progress: ProgressSink) -> dict[str, Any]:
        """As `Extractor.fetch`, beginning with the way that led to the item."""

        async def fetch(way: Way) -> dict[str, Any]:
            asked = replace(order, options=laid_over(order.options, way))
            return await self._extractor.fetch(asked, on_progress)

        return await self._go(order.url, fetch, lambda _: False)

    async def resolve(self, url: str) -> str:
        """As `Extractor.resolve`: no way differs there."""
        return await self._extractor.resolve(url)

    def by_ways(self, site: str, ways: tuple[Way, ...], poor: Poor) -> Extractor:
        """The same for another list of ways."""
        return WayFinder(self._extractor, site, ways, poor, self._known, self._has)

    def as_identity(self, identity: Identity) -> Extractor:
        """The same ways with that identity."""
        asker = self._extractor.as_identity(identity)
        return WayFinder(asker, self._site, self._ways, self._poor, self._known, self._has)

    async def _go(self, url: str, call: Callable[[Way], Awaitable[T]], poor: Callable[[T], bool]) -> T:
        missed: list[GoldcrestError] = []
        best: tuple[Way, T] | None = None
        lately = False
        for way in self._turns(url, missed):
            if not await self._worth(way, missed):
                continue
            try:
                found = await call(way)
            except GoldcrestError as error:
                self._known.note(self._site, way.name, error.code)
                if not _leads_on(error):
                    raise
                missed.append(error)
                lately = lately or isinstance(error, _OF_THE_WAY)
                continue
            self._known.note(self._site, way.name, "poor" if poor(found) else "worked")
            if not poor(found):
                self._known.keep(self._site, url, way.name, lately=lately or best is not None)
                return found
            best = best or (way, found)
        if best is not None:
            self._known.keep(self._site, url, best[0].name, lately=False)
            return best[1]
        raise await self._verdict(missed)

    def _turns(self, url: str, missed: list[GoldcrestError]) -> Iterator[Way]:
        """Each way once; one that failed with its proof of origin a second time, with another proof."""
        for way in self._known.order(self._site, url, self._ways):
            for _ in range(2 if "po_token" in way.needs else 1):
                before = len(missed)
                if before >= MOST_TRIES:
                    return
                yield way
                if len(missed) == before or not isinstance(missed[-1], _OF_THE_WAY):
                    break

    async def _ready(self, way: Way) -> bool:
        return all([await self._has(need) for need in way.needs])

    async def _worth(self, way: Way, missed: list[GoldcrestError]) -> bool:
        """Whether that way may do better than the one before, and has its tools."""
        strange = bool(missed) and isinstance(missed[-1], _OF_STRANGERS)
        return not (strange and way.anonymous) and await self._ready(way)

    async def _verdict(self, missed: list[GoldcrestError]) -> GoldcrestError:
        """The first refusal, or what the account met behind it; where only JavaScript is missing, that."""
        stranger = any(isinstance(error, _OF_STRANGERS) for error in missed)
        told = missed[-1 if stranger else 0] if missed else None
        if isinstance(told, (*_OF_STRANGERS, BotCheck, SiteBlocked)) or await self._has("javascript"):
            return told or NoMedia("no way is open")
        if told is None or any("javascript" in way.needs for way in self._ways):
            return JavaScriptNeeded(told.detail if told else "no way is open without more tools")
        return told


def _leads_on(error: GoldcrestError) -> bool:
    return isinstance(error, (*_OF_THE_WAY, *_PERHAPS, *_OF_STRANGERS)) or type(error) is ItemError


def laid_over(options: Mapping[str, Any], way: Way) -> dict[str, Any]:
    """A site's options with a way's own above them; arguments for extractors are put together by extractor."""
    arguments = {name: dict(given) for name, given in (options.get("extractor_args") or {}).items()}
    for name, given in (way.options.get("extractor_args") or {}).items():
        arguments[name] = {**arguments.get(name, {}), **given}
    tools = [*way.needs, *way.uses, *(["anonymous"] if way.anonymous else [])]
    return {**options, **way.options, "extractor_args": arguments, "tools": tools}
