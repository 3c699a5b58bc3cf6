"""Detection held against the links that the installed yt-dlp's own extractors are tested with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from yt_dlp.extractor import gen_extractor_classes

from platforms.registry import GENERIC, Registry
from platforms.shapes import KEYED_KINDS, Link
from utils.errors import LinkError

#: yt-dlp's extractors that only unwrap another link
WRAPPERS: Final = frozenset({"unicodebom", "viewsource", "blob"})
#: what yt-dlp takes though it is no item or list for a stranger: one's own feeds, home pages, warnings, broken links
WITHOUT_MEDIA: Final = {
    "facebook": re.compile(r"/flx/warn"),
    "niconico": re.compile(r"/my/"),
    "vimeo": re.compile(r"/watchlater$"),
    "youtube": re.compile(r"/feed/|youtube\.com$|/watch\?(?!.*v=[\w-]{11})"),
}
#: what holds one file by its name; a post or an album may hold several
SINGLE_KINDS: Final = frozenset({"video", "short", "reel", "clip", "track", "photo"})
SOUND: Final = frozenset({"m4a", "mp3", "opus", "ogg", "aac", "flac", "wav"})


@dataclass(frozen=True, slots=True)
class Case:
    """One test of an extractor.

    `id`, `ext`: empty where only the pattern is tested; `several`: a list comes out; `chosen`: the link names an item
    and a list, and the test asks for the item.
    """

    extractor: str
    url: str
    id: str
    ext: str
    several: bool
    chosen: bool


@dataclass(slots=True)
class Count:
    """What became of links: wrong and missed ones by name, with the reason."""

    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Share of right ones, 1 where there are none."""
        total = self.right + len(self.wrong) + len(self.missed)
        return self.right / total if total else 1.0


@dataclass(slots=True)
class Verdict:
    """A site's links, those of single items apart from lists."""

    items: Count = field(default_factory=Count)
    lists: Count = field(default_factory=Count)


def cases() -> Iterator[Case]:
    """Every test of every extractor that has a web address."""
    for extractor in gen_extractor_classes():
        for test in extractor.get_testcases(include_onlymatching=True):
            if re.match(r"(?:https?:)?//", test["url"]):
                yield _case(extractor.IE_NAME.lower(), test)


def owners(registry: Registry, extractor: str) -> list[str]:
    """The sites that an extractor works for; the generic one works for itself alone."""
    return [
        name
        for name in registry.names()
        for pattern in registry.platform(name).extractors
        if re.fullmatch(pattern, extractor, re.IGNORECASE) and (name == GENERIC or pattern != GENERIC)
    ]


def judge(registry: Registry) -> tuple[dict[str, Verdict], list[str]]:
    """A verdict for each site, and the links of other sites that one has claimed."""
    verdicts = {name: Verdict() for name in registry.names() if name != GENERIC}
    look_alikes: list[str] = []
    known: dict[str, list[str]] = {}
    for case in cases():
        if case.extractor not in known:
            known[case.extractor] = owners(registry, case.extractor)
        link = claim(registry, case.url)
        own = [name for name in known[case.extractor] if _on_own_host(registry, name, case.url)]
        for name in own:
            _judge(verdicts[name], name, case, link)
        stranger = link and not own and link.platform not in {GENERIC, *known[case.extractor]}
        if link and stranger and case.extractor not in WRAPPERS:
            look_alikes.append(f"{case.url} of {case.extractor} claimed by {link.platform}")
    return verdicts, look_alikes


def claim(registry: Registry, url: str) -> Link | None:
    """The link as a person would paste it; None where it is refused."""
    try:
        return registry.claim(url.replace(" ", "%20").partition("#__youtubedl_smuggle")[0])
    except LinkError:
        return None


def why_wrong(name: str, case: Case, link: Link) -> str:
    """Empty where platform, kind and id are as yt-dlp's result tells them."""
    if link.platform != name:
        return f"claimed by {link.platform}"
    if case.several and link.kind in SINGLE_KINDS:
        both_named = _stands_in(case.id, case.url)
        return "" if both_named or link.id in case.id or case.id in link.id else f"a list taken for a {link.kind}"
    if case.id and not case.several and link.kind in KEYED_KINDS:
        return "" if case.chosen else f"an item taken for a {link.kind}"
    if case.ext and link.kind == "track" and case.ext not in SOUND:
        return f"{case.ext} taken for sound"
    if case.several or link.kind in KEYED_KINDS or link.short or not _stands_in(case.id, case.url):
        return ""
    return "" if _stands_in(case.id, link.id) else f"{link.id} instead of {case.id}"


def _judge(verdict: Verdict, name: str, case: Case, link: Link | None) -> None:
    without = WITHOUT_MEDIA.get(name)
    if link is None and without and without.search(case.url):
        return
    count = verdict.lists if case.several else verdict.items
    if link is None or link.platform == GENERIC:
        count.missed.append(case.url)
    elif reason := why_wrong(name, case, link):
        count.wrong.append(f"{case.url}: {reason}")
    else:
        count.right += 1


def _stands_in(item: str, text: str) -> bool:
    """Whether an id is a part of its own of the text."""
    return bool(item) and re.search(rf"(?<![A-Za-z0-9]){re.escape(item)}(?![A-Za-z0-9])", text) is not None


def _on_own_host(registry: Registry, name: str, url: str) -> bool:
    host = re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0].lower().removesuffix(":443").removesuffix(".")
    return any(f".{host}".endswith(f".{own}") for own in registry.platform(name).hosts)


def _case(extractor: str, test: dict[str, Any]) -> Case:
    expected = test.get("info_dict") or {}
    return Case(
        extractor,
        test["url"],
        str(expected.get("id") or ""),
        str(expected.get("ext") or ""),
        several=any(key.startswith("playlist") for key in test),
        chosen=bool((test.get("params") or {}).get("noplaylist")),
    )
