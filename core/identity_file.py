"""The operator's list of identities: a YAML file, checked once; each complaint is one line with what fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from platforms.shapes import ANONYMOUS, Identity
from utils.errors import ConfigError

#: the file in the data folder that is read where no setting names another
FILE: Final = "identities.yaml"
#: of one site; more than anybody has accounts
MOST_IDENTITIES: Final = 32
NAME: Final = re.compile(r"[a-z0-9_-]{1,24}", re.ASCII)
BROWSER: Final = re.compile(r"asked|[a-z]+(?:-[0-9.]+)?(?::[a-z]+(?:-[0-9.]+)?)?", re.ASCII)
_TEXTS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "name": (NAME, "1 to 24 small letters, digits, - and _"),
    "user_agent": (re.compile(r"[\x20-\x7e]{1,300}"), "1 to 300 plain characters"),
    "client": (re.compile(r"[a-z0-9_]{1,40}", re.ASCII), "a player client as yt-dlp names it, like mweb"),
    "impersonate": (BROWSER, "a browser like chrome or safari-18.4, or asked"),
}
_KEYS: Final = ("name", "cookies", "proxy", "user_agent", "impersonate", "client")

Domains = Callable[[str], tuple[str, ...]]
Pools = dict[str, tuple[Identity, ...]]


def identities_path(setting: str, data_dir: Path) -> Path | None:
    """The file to read: the one that the setting names, else the one in the data folder if there is one."""
    if setting:
        return Path(setting).expanduser().absolute()
    usual = data_dir / FILE
    return usual if usual.is_file() else None


def read_identities(path: Path, sites: Collection[str], domains: Domains) -> Pools:
    """The identities of each site in the file.

    `sites`: the names of all; `domains`: what cookies of a site may belong to. Raises ConfigError whose detail is one
    line; no proxy is repeated in it.
    """
    try:
        tree = _parsed(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise ConfigError(f"{path.name} can't be read: {reason}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{path.name} does not fit: it must hold sites with lists, like `youtube:` and `- name: home`"
        )
    pools: Pools = {}
    for site, entries in tree.items():
        if site not in sites:
            raise ConfigError(f"{path.name}: {_short(site)} is no site; it must be one of {', '.join(sites)}")
        if not isinstance(entries, list) or not 0 < len(entries) <= MOST_IDENTITIES:
            raise ConfigError(f"{path.name}: {site} must be a list of 1 to {MOST_IDENTITIES} identities")
        pool: dict[str, Identity] = {}
        for number, entry in enumerate(entries, 1):
            identity = _identity(_Place(path, f"{site}[{number}]"), entry, domains(site))
            if identity.name in pool:
                raise ConfigError(f"{path.name}: {site}[{number}].name = {identity.name} stands there twice")
            pool[identity.name] = identity
        pools[site] = tuple(pool.values())
    return pools


class _Place:
    """Where in the file something stands, for the line about it."""

    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self._key = key

    def complaint(self, key: str, shown: str, wanted: str) -> ConfigError:
        place = f"{self._key}.{key}" if key else self._key
        return ConfigError(f"{self.path.name}: {place}{shown and f' = {shown}'} does not fit: it must be {wanted}")


def _identity(place: _Place, entry: Any, domains: tuple[str, ...]) -> Identity:
    if not isinstance(entry, dict):
        raise place.complaint("", "", f"a mapping with some of {', '.join(_KEYS)}")
    found = {key: _text(place, key, value) for key, value in entry.items()}
    for key, (pattern, wanted) in _TEXTS.items():
        if key in found or key == "name":
            _fits(place, found, key, pattern, wanted)
    if found["name"] == ANONYMOUS.name:
        if len(found) > 1:
            raise place.complaint("name", ANONYMOUS.name, "another one, because that is this machine without anything")
        return ANONYMOUS
    if "user_agent" in found and found.get("impersonate", "asked") != "asked":
        raise place.complaint("user_agent", "", "left out beside impersonate, which brings its own")
    if "proxy" in found and not _is_proxy(found["proxy"]):
        raise place.complaint("proxy", "(hidden)", "http:// or socks5://[user:password@]host:port")
    more = {key: found.get(key, "") for key in ("proxy", "user_agent", "impersonate", "client")}
    return Identity(found["name"], cookies=_cookies(place, found), domains=domains, **more)


def _text(place: _Place, key: object, value: object) -> str:
    if key not in _KEYS:
        raise place.complaint(_short(key), "", f"one of {', '.join(_KEYS)}")
    if not isinstance(value, str):
        raise place.complaint(str(key), "", "a text")
    return value.strip()


def _cookies(place: _Place, found: Mapping[str, str]) -> str:
    if "cookies" not in found:
        return ""
    path = (place.path.parent / Path(found["cookies"]).expanduser()).absolute()
    if not path.is_file():
        raise place.complaint("cookies", _short(found["cookies"]), f"a file, absolute or beside {place.path.name}")
    return str(path)


def _fits(place: _Place, found: Mapping[str, str], key: str, pattern: re.Pattern[str], wanted: str) -> None:
    text = found.get(key, "")
    if not pattern.fullmatch(text):
        raise place.complaint(key, _short(text) if text else "", wanted)


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"http", "socks5"}
            and bool(parts.hostname)
            and parts.port != 0
            and parts.path in {"", "/"}
            and not re.search(r"\s", text)
        )
    except ValueError:
        return False


def _short(text: object) -> str:
    return repr(str(text)[:60])


def _parsed(source: str) -> Any:
    """What the text holds; not kept beside the file like other YAML, because passwords of proxies stand in it."""
    import yaml

    try:
        return yaml.load(source, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"no YAML in line {mark.line + 1}" if mark else "no YAML") from None
