"""yt-dlp's extractor classes by site, each site's loaded when a link of it comes for the first time."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from platforms.extractor.pictures import with_pictures

if TYPE_CHECKING:
    from platforms.extractor.lean import Table

_GENERIC: Final = "generic"


class Extractors:
    """What a `Table` names. What is loaded stays, so that a forkserver which has loaded it saves its children that."""

    def __init__(self, table: Table) -> None:
        self._classes = {name: [tuple(each) for each in site["classes"]] for name, site in table.items()}
        self._hosts = {host: name for name, site in table.items() for host in site["hosts"]}
        self._keys = {cls.removesuffix("IE"): (module, cls) for each in self._classes.values() for module, cls in each}
        self._by_key: dict[str, Any] = {}
        self._loaded: dict[str, tuple[Any, ...]] = {}

    def for_url(self, url: str) -> tuple[Any, ...]:
        """Those that may read it, the generic ones last: of its site, of all sites where nobody owns the host.

        A page of nobody may embed media of any site.
        """
        host = _host(url)
        while host and host not in self._hosts:
            host = host.partition(".")[2]
        names = [self._hosts[host]] if host else [name for name in self._classes if name != _GENERIC]
        found = [each for name in (*names, _GENERIC) for each in self._site(name)]
        return tuple(sorted(dict.fromkeys(found), key=lambda each: bool(each.ie_key() == "Generic")))

    def owned(self, url: str) -> bool:
        """Whether the host of an address belongs to one of the sites, not just to anybody."""
        host = _host(url)
        while host and host not in self._hosts:
            host = host.partition(".")[2]
        return self._hosts.get(host, _GENERIC) != _GENERIC

    def by_key(self, key: str) -> Any:
        """The one that another extractor names. Raises KeyError for one of a site that isn't served."""
        if key not in self._by_key:
            module, name = self._keys[key]
            self._by_key[key] = with_pictures(getattr(importlib.import_module(module), name))
        return self._by_key[key]

    def _site(self, name: str) -> tuple[Any, ...]:
        if name not in self._loaded:
            self._loaded[name] = tuple(self.by_key(cls.removesuffix("IE")) for _, cls in self._classes[name])
            for extractor in self._loaded[name]:
                extractor.suitable("https://example.com/")  # compiles its pattern
        return self._loaded[name]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
