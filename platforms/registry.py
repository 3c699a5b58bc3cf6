"""Which sites there are and which of them claims a link: found by scanning the folder, imported when asked for."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from platforms.base import Platform
from platforms.links import Refused, candidates, normalise, refuse
from utils.addresses import WEB_PORTS, Network
from utils.errors import ConfigError, LinkError, PlatformDisabled, UnsupportedLink

if TYPE_CHECKING:
    from platforms.shapes import Link

FOLDER: Final = Path(__file__).parent
#: modules of the folder that are no sites
FRAME: Final = frozenset({"__init__", "base", "links", "parts", "registry", "shapes", "times"})
#: takes what no site owns
GENERIC: Final = "generic"
#: so many links behind the last one that is read are counted; more than a message of Telegram's can hold
LEFT_OUT_BOUND: Final = 1000

#: A site's names are read from its source, so that a link costs the import of its own site only.
_HOSTS: Final = re.compile(r"^    (?:hosts|fixers)\s*=\s*(\([^)]*\))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Detected:
    """What a text holds: links that a site has claimed, what is refused with a code, and how many were not read."""

    links: tuple[Link, ...]
    refused: tuple[Refused, ...]
    #: counted up to LEFT_OUT_BOUND
    left_out: int = 0


class Registry:
    """The sites of a folder.

    `enabled`: names of the only sites that are served, empty for all; `allow`, `ports`, `own_hosts`: see
    `platforms.links.normalise`; `more_hosts`: by site, where it runs besides the hosts it names itself; `folder`:
    where the modules lie. Raises ConfigError for a name that is no site.
    """

    def __init__(
        self,
        enabled: Iterable[str] = (),
        allow: Sequence[Network] = (),
        *,
        ports: Collection[int] = WEB_PORTS,
        own_hosts: Iterable[str] = (),
        more_hosts: Mapping[str, Sequence[str]] | None = None,
        folder: Path = FOLDER,
    ) -> None:
        self._folder = folder
        self._enabled = frozenset(name.lower() for name in enabled)
        self._allow = tuple(allow)
        self._ports = frozenset(ports)
        self._own_hosts = frozenset(host.lower() for host in own_hosts)
        self._more_hosts = {site: tuple(map(str.lower, hosts)) for site, hosts in (more_hosts or {}).items()}
        self._platforms: dict[str, Platform] = {}
        if unknown := sorted(self._enabled - set(self.names())):
            raise ConfigError(f"platforms.enabled: {', '.join(unknown)} is not one of {', '.join(self.names())}")

    def names(self) -> tuple[str, ...]:
        """All sites, served or not, in alphabetical order."""
        return self._names

    def platform(self, name: str) -> Platform:
        """The site of that name. Raises UnsupportedLink where there is none."""
        if name not in self._platforms:
            if name not in self._names:
                raise UnsupportedLink(f"no site named {name}")
            self._platforms[name] = self._load(name)
        return self._platforms[name]

    def domains(self, name: str) -> tuple[str, ...]:
        """What a site's cookies belong to; none for the site that is no site. Raises UnsupportedLink."""
        return () if name == GENERIC else self.platform(name).all_hosts

    def login(self, name: str) -> tuple[str, ...]:
        """Names of the cookies without which nobody is signed in; () where nobody knows. Raises UnsupportedLink."""
        return self.platform(name).login_cookies

    def claim(self, text: str) -> Link:
        """The site's view of one link. Raises UnsupportedLink, PlatformDisabled or what `normalise` raises."""
        return self._claim(normalise(text, self._allow, ports=self._ports, own_hosts=self._own_hosts), text)

    def detect(self, text: str, bound: int = 20) -> Detected:
        """Every item among the first `bound` links of a text once, what is refused, and how many links follow."""
        links: dict[str, Link] = {}
        refused: dict[str, Refused] = {}
        found = candidates(text)
        for candidate in islice(found, bound):
            try:
                url = normalise(candidate, self._allow, ports=self._ports, own_hosts=self._own_hosts)
                link = self._claim(url, candidate)
            except LinkError as error:
                refused.setdefault(candidate, refuse(candidate, error.code))
            else:
                links.setdefault(link.canonical, link)
        left_out = sum(1 for _ in islice(found, LEFT_OUT_BOUND))
        return Detected(tuple(links.values()), tuple(refused.values()), left_out)

    def _claim(self, url: str, text: str) -> Link:
        name = self._owner(url.split("/", 3)[2])
        if self._enabled and name not in self._enabled:
            raise PlatformDisabled(name, platform=name)
        link = self.platform(name).match(url, text)
        if link is None:
            raise UnsupportedLink(f"a page of {name} without media", platform=name)
        return link

    def _owner(self, host: str) -> str:
        while host:
            if (name := self._hosts.get(host)) is not None:
                return name
            host = host.partition(".")[2]
        return GENERIC

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self._folder.glob("*.py") if path.stem not in FRAME))

    @cached_property
    def _hosts(self) -> dict[str, str]:
        index: dict[str, str] = {}
        for name in self._names:
            for declared in _HOSTS.findall((self._folder / f"{name}.py").read_text("utf-8")):
                index.update(dict.fromkeys(ast.literal_eval(declared), name))
        for name, hosts in self._more_hosts.items():
            index.update(dict.fromkeys(hosts, name))
        return index

    def _load(self, name: str) -> Platform:
        module = self._module(name)
        site = next(
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Platform) and value.__module__ == module.__name__
        )
        return site(self._more_hosts.get(name, ()))

    def _module(self, name: str) -> ModuleType:
        if self._folder == FOLDER:
            return importlib.import_module(f"platforms.{name}")
        spec = spec_from_file_location(name, self._folder / f"{name}.py")
        assert spec is not None  # every file that ends in .py has one
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
