"""The common shape of a site: facts as class attributes, the usual way as methods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from platforms.shapes import (
    KEYED_KINDS,
    LIST_KINDS,
    SOUND_CONTAINERS,
    Fetched,
    FetchedFile,
    FetchOrder,
    Link,
    Missing,
    ProgressSink,
    Way,
)
from platforms.times import times_of
from utils.errors import TooLarge

if TYPE_CHECKING:
    import asyncio

    from platforms.parts import Part
    from platforms.shapes import Extractor, Listing, Media

#: entries of a list that one probe looks at
LIST_BOUND: Final = 50
MEBIBYTE: Final = 1 << 20

_ID: Final = "(?P<id>"
_NAME: Final = "(?P<name>"
_START_TIME: Final = re.compile(r"[?&#](?:t|start|time_continue)=([0-9hms]+)(?![^&#])")


class Platform:
    r"""One site: facts as class attributes, the usual way as methods.

    `hosts`: names that belong to the site, with all their subdomains; `subdomains`: regex of those that carry media;
    `fixers`: others' hosts that show the site's pages in messengers, read as the first of `hosts`.
    `paths`: regexes of path and query, or a mapping of kind to them. Each holds a group `id`, or `name` where case
    doesn't matter; one that doesn't begin with a slash begins with the host. What may follow (a slash, `?…`, `&…`) is
    understood. `shares`: the same for links that tell their item only by a redirect. `address`: the page of an item
    as the extractor takes it, by kind; the link itself where there is none. `extractors`: regexes of yt-dlp's names
    for its extractors. `options`: yt-dlp's parameters; `ways`: what to lay over them, in the order to try. `rate`:
    requests per second that the site bears. `items`: pictures and videos of one post that are fetched together.
    `starts`: query parameters that tell where to begin.
    `login_cookies`: names of those without which nobody is signed in.
    `examples`: links and their canonical key without the platform's name; `strangers`: links of the site without media.
    """

    name: ClassVar[str] = ""
    hosts: ClassVar[tuple[str, ...]] = ()
    fixers: ClassVar[tuple[str, ...]] = ()
    subdomains: ClassVar[str] = "www|m|mobile"
    paths: ClassVar[tuple[str, ...] | Mapping[str, str | tuple[str, ...]]] = ()
    shares: ClassVar[tuple[str, ...]] = ()
    address: ClassVar[Mapping[str, str]] = {}
    extractors: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[Mapping[str, Any]] = {}
    ways: ClassVar[tuple[Way, ...]] = ()
    rate: ClassVar[float] = 1.0
    items: ClassVar[int] = 1
    login_cookies: ClassVar[tuple[str, ...]] = ()
    starts: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[Mapping[str, str]] = {}
    strangers: ClassVar[tuple[str, ...]] = ()

    def __init__(self, more_hosts: Iterable[str] = ()) -> None:
        """`more_hosts`: further hosts of the site that the operator names."""
        self._hosts = (*self.hosts, *more_hosts)

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """The site's own names and those that the operator has added."""
        return self._hosts

    def __init_subclass__(cls) -> None:
        """A site is named as its module unless it says otherwise."""
        cls.name = cls.__dict__.get("name") or cls.__module__.rpartition(".")[2]

    def match(self, url: str, text: str = "") -> Link | None:
        """The link where the normalised URL is one of an item or list; None for any other page of the site."""
        place = url.partition("://")[2].partition("#")[0]
        if self._host.match(place) is None:
            if not self.fixers or (fixed := self._fixer.match(place)) is None:
                return None
            return self.match(f"https://{fixed['subdomain'] or ''}{self.hosts[0]}/{url.split('/', 3)[3]}", text)
        if (found := self._pattern.fullmatch(place)) is None:
            return None
        number = int((found.lastgroup or "")[1:])
        kind, pattern = self.rules[number]
        item = found[f"id{number}"]
        return self._link(url, kind, item.lower() if _NAME in pattern else item, text)

    async def probe(self, link: Link, extractor: Extractor, max_bytes: int) -> Media:
        """Ask the site. Raises a GoldcrestError."""
        asking = self.by_ways(extractor, link.kind)
        return self.describe(await asking.extract(self.asked_at(link.url), self.asked(link.kind)), link, max_bytes)

    def by_ways(self, extractor: Extractor, kind: str) -> Extractor:
        """The extractor as it asks this site about an item: in several ways where the site has them."""
        if not self.ways or kind in LIST_KINDS:
            return extractor
        return extractor.by_ways(self.name, self.ways, self.poor)

    def poor(self, info: Mapping[str, Any]) -> bool:  # noqa: ARG002 - for sites that know better
        """Whether yt-dlp's answer holds less than the site has, so that the next way should be tried."""
        return False

    def describe(self, info: Mapping[str, Any], link: Link, max_bytes: int) -> Media:
        """The site's answer as Media. Raises NoMedia or NotLiveYet."""
        from platforms.extractor.describe import describe  # only where a link is asked about

        return describe(info, link, max_bytes)

    async def fetch(  # noqa: PLR0917 - what, how good, by whom, where to, how much, whom to tell
        self,
        media: Media,
        quality_key: str,
        extractor: Extractor,
        folder: Path,
        max_bytes: int,
        on_progress: ProgressSink,
        part: Part | None = None,
        enough: asyncio.Event | None = None,
    ) -> Fetched:
        """Download the quality nearest to the one asked for, or the part of it that is asked for.

        `enough`: ends a recording. Raises UnknownQuality, TooLarge, BadPart or what the site says.
        """
        from platforms.extractor.formats import choose  # only where a link is asked about
        from platforms.parts import Recording, wanted_part

        part, media = wanted_part(part, media, max_bytes)
        quality = choose(media, quality_key, live=isinstance(part, Recording))
        if not quality.fits:
            raise TooLarge(size_mb=(quality.size_bytes or 0) // MEBIBYTE, limit_mb=max_bytes // MEBIBYTE)
        url, options = self.asked_at(media.url), self.asked(media.kind)
        audio = quality.ext if quality.ext in SOUND_CONTAINERS else ""
        order = FetchOrder(
            url,
            folder,
            quality.format_id,
            options,
            max_bytes,
            audio=audio,
            title=media.title,
            originals=quality.key == "originals",
            part=part,
            enough=enough,
        )
        result = await self.by_ways(extractor, media.kind).fetch(order, on_progress)
        missing = tuple(Missing(**fields) for fields in result.get("missing") or ())
        return Fetched(media, tuple(_file(fields) for fields in result["files"]), missing)

    async def page(self, link: Link, extractor: Extractor, first: int, count: int) -> Listing:
        """At most `count` items of a list from the position `first` on. Raises EmptyList or what the site says."""
        from platforms.extractor.listing import listing  # only where a list is asked about

        # one more than wanted tells whether something follows
        asked = {**self.asked("playlist"), "noplaylist": False, "playlist_items": f"{first}:{first + count}"}
        return listing(await extractor.extract(self.asked_at(link.url), asked), link, first, count)

    def beside(self, link: Link) -> Link | None:  # noqa: ARG002 - what a site with such links looks at
        """The list that an item's link names besides the item; None where it names none."""
        return None

    def asked(self, kind: str) -> dict[str, Any]:
        """yt-dlp's parameters: a list is read without its items, of an item that is a list the first `items`."""
        if kind in LIST_KINDS:
            return {"extract_flat": "in_playlist", "playlist_items": f"1:{LIST_BOUND}", **self.options}
        return {"noplaylist": True, "playlist_items": f"1:{self.items}" if self.items > 1 else "1", **self.options}

    def times(self, url: str) -> tuple[float | None, float | None]:
        """Where a link points to within its item: start and end in seconds, None for what it doesn't tell."""
        return times_of(url, self.starts)

    def asked_at(self, url: str) -> str:
        """What the extractor is given for a link's URL."""
        return url

    @cached_property
    def rules(self) -> tuple[tuple[str, str], ...]:
        """Kind and regex of all `paths` and `shares` (kind "share"), in the order in which they are tried."""
        paths = self.paths if isinstance(self.paths, Mapping) else {"video": self.paths}
        return tuple(
            (kind, pattern)
            for kind, patterns in (*paths.items(), ("share", self.shares))
            for pattern in ((patterns,) if isinstance(patterns, str) else patterns)
        )

    def _link(self, url: str, kind: str, item: str, text: str) -> Link:
        if kind == "share":
            return Link(url, f"{self.name}:share:{item}", self.name, "item", item, text, short=True)
        canonical = f"{self.name}:{kind}:{item}" if kind in KEYED_KINDS else f"{self.name}:{item}"
        has_values = "=" in url  # most links have none, and so no time
        start, end = self.times(url) if has_values and kind not in LIST_KINDS else (None, None)
        if template := self.address.get(kind):
            began = _START_TIME.search(url) if has_values else None
            url = template.replace("{id}", item)
            if began:
                url += f"{'&' if '?' in url else '?'}t={began[1]}"
        return Link(url, canonical, self.name, kind, item, text, start_seconds=start, end_seconds=end)

    @cached_property
    def _host(self) -> re.Pattern[str]:
        return re.compile(rf"(?:(?:{self.subdomains})\.)?(?:{'|'.join(map(re.escape, self._hosts))})/")

    @cached_property
    def _fixer(self) -> re.Pattern[str]:
        """Host and slash of a fixer; a subdomain that isn't the site's own (`d.` for the bare file) is left out."""
        fixers = "|".join(map(re.escape, self.fixers))
        return re.compile(rf"(?:(?P<subdomain>(?:{self.subdomains})\.)|[\w-]+\.)?(?:{fixers})/")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """All rules in one, each in a group of its number: one call tells which one it is."""
        anywhere: list[str] = []
        on_hosts: list[str] = []
        for number, (_, pattern) in enumerate(self.rules):
            group = f"(?P<r{number}>{pattern.replace(_ID, f'(?P<id{number}>').replace(_NAME, f'(?P<id{number}>')})"
            (anywhere if pattern.startswith("/") else on_hosts).append(group)
        on_hosts += [f"[^/]+(?:{'|'.join(anywhere)})"] if anywhere else []
        return re.compile(rf"(?:{'|'.join(on_hosts)})/?(?:[?&].*)?", re.ASCII)


def _file(fields: Mapping[str, Any]) -> FetchedFile:
    thumbnail = fields.get("thumbnail")
    return FetchedFile(**{**fields, "path": Path(fields["path"]), "thumbnail": Path(thumbnail) if thumbnail else None})
