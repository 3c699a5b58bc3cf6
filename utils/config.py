"""Settings: config/default.yaml, overridden by the environment, checked once, frozen afterwards."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from utils.errors import ConfigError
from utils.parsed_yaml import read_yaml
from utils.setting_kinds import Section
from utils.setting_values import misfit, plain
from utils.settings import (
    SECRETS,
    Alerts,
    Breaker,
    Cache,
    Downloads,
    Egress,
    Extractor,
    Limits,
    Log,
    Memory,
    Monitoring,
    Platforms,
    Redis,
    Reminders,
    Reports,
    Retry,
    Sandbox,
    Server,
    Settings,
    Start,
    Storage,
    Telegram,
)

__all__ = [
    "SECRETS",
    "Alerts",
    "Breaker",
    "Cache",
    "Downloads",
    "Egress",
    "Extractor",
    "Limits",
    "Log",
    "Memory",
    "Monitoring",
    "Platforms",
    "Redis",
    "Reminders",
    "Reports",
    "Retry",
    "Sandbox",
    "Section",
    "Server",
    "Settings",
    "Start",
    "Storage",
    "Telegram",
    "load_settings",
]

DEFAULTS: Final = Path(__file__).resolve().parent.parent / "config" / "default.yaml"
PREFIX: Final = "GOLDCREST_"

#: the short environment names of design section 8 -> section and key
SHORT_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "BOT_TOKEN": ("telegram", "bot_token"),
    "API_ID": ("telegram", "api_id"),
    "API_HASH": ("telegram", "api_hash"),
    "OWNER_ID": ("telegram", "owner_id"),
    "TELEGRAM_SERVER": ("telegram", "server"),
    "TELEGRAM_SERVER_KEY": ("telegram", "server_key"),
    "PORT": ("server", "port"),
    "DATA_DIR": ("storage", "data_dir"),
    "MAX_MEMORY_MB": ("memory", "cap_mb"),
    "COLD_START_TARGET": ("start", "cold_start_target_seconds"),
    "ENABLE_PLATFORMS": ("platforms", "enabled"),
    "YOUTUBE_PO_TOKEN": ("platforms", "youtube_po_token"),
    "CACHE_SIZE_MB": ("cache", "size_mb"),
    "RATE_LIMIT_REQUESTS_PER_MINUTE": ("limits", "requests_per_minute"),
    "RETRY_MAX_ATTEMPTS": ("retry", "max_attempts"),
    "LOG_LEVEL": ("log", "level"),
    "EGRESS_UPSTREAM": ("egress", "upstream"),
    "EGRESS_TRUST": ("egress", "trust"),
    "EGRESS_ALLOW": ("egress", "allow"),
}
Tree = dict[str, dict[str, Any]]


def load_settings(environment: Mapping[str, str] | None = None, defaults: Path = DEFAULTS) -> Settings:
    """Read and check all settings.

    `environment` is os.environ unless a test gives its own; an empty variable leaves the default. Raises ConfigError
    whose detail is one line naming the setting, its value and what fits.
    """
    tree = _read(defaults)
    names = _override(tree, os.environ if environment is None else environment)
    sections = _sections()
    for section, values in tree.items():
        for key, value in values.items():
            values[key] = plain(value, sections[section][key])
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError:
        raise ConfigError(_complaint(tree, names)) from None
    _agree(settings)
    return settings


def environment_name(section: str, key: str) -> str:
    """The variable that sets it: the short name where there is one."""
    short = (name for name, place in SHORT_NAMES.items() if place == (section, key))
    return next(short, f"{PREFIX}{section}__{key}".upper())


def _read(defaults: Path) -> Tree:
    try:
        tree = read_yaml(defaults)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{defaults.name} can't be read: {' '.join(str(error).split())}") from None
    known = _sections()
    if not isinstance(tree, dict) or not all(isinstance(values, dict) for values in tree.values()):
        raise ConfigError(f"{defaults.name} must hold sections with settings, like `log:` and beneath it `level: info`")
    for section, values in tree.items():
        for key in values:
            if key not in known.get(section, {}):
                raise ConfigError(f"{defaults.name}: {section}.{key} is not a setting")
    for section, keys in known.items():
        for key in keys:
            if key not in tree.get(section, {}):
                raise ConfigError(f"{defaults.name}: {section}.{key} is missing")
    return tree


def _override(tree: Tree, environment: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Put the environment's values into the tree; the name that set each."""
    names: dict[tuple[str, str], str] = {}
    for name in sorted(environment, key=lambda name: name not in SHORT_NAMES):  # the long name wins
        place = _place(name)
        if place is not None and (text := environment[name].strip()):
            names[place] = name
            tree[place[0]][place[1]] = text
    return names


def _place(name: str) -> tuple[str, str] | None:
    if name in SHORT_NAMES:
        return SHORT_NAMES[name]
    if not name.startswith(PREFIX):
        return None
    section, _, key = name.removeprefix(PREFIX).lower().partition("__")
    if key not in _sections().get(section, {}):
        raise ConfigError(f"{name} is not a setting; config/default.yaml lists them all")
    return section, key


def _sections() -> dict[str, dict[str, Any]]:
    """Section -> key -> type."""
    sections = msgspec.structs.fields(Settings)
    return {section.name: {key.name: key.type for key in msgspec.structs.fields(section.type)} for section in sections}


def _complaint(tree: Tree, names: Mapping[tuple[str, str], str]) -> str:
    """The one line about the first value that doesn't fit."""
    places = ((section, key) for section, keys in _sections().items() for key in keys)
    section, key, wanted = next(
        (section, key, wanted)
        for section, key in places
        if (wanted := misfit(tree[section][key], _sections()[section][key])) is not None
    )
    return _line(
        names.get((section, key), f"{section}.{key}"), (section, key), tree[section][key], f"it must be {wanted}"
    )


def _line(name: str, place: tuple[str, str], value: Any, reason: str) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
    shown = "(hidden)" if place in SECRETS else re.sub(r"//[^/@\s]+@", "//***@", repr(text))
    return f"{name} = {shown} does not fit: {reason}"


def _agree(settings: Settings) -> None:
    """What a single value can't tell: settings that belong together, and what stands outside."""
    telegram, egress = settings.telegram, settings.egress
    if telegram.bot_token and not (telegram.api_id and telegram.api_hash):
        raise ConfigError(
            "BOT_TOKEN is set, so API_ID and API_HASH must be set too; https://my.telegram.org shows them"
        )
    if bool(telegram.server) != bool(telegram.server_key):
        raise ConfigError("TELEGRAM_SERVER and TELEGRAM_SERVER_KEY must be set together")
    if (settings.server.access == "key") != bool(settings.server.access_key):
        raise ConfigError("GOLDCREST_SERVER__ACCESS = key and GOLDCREST_SERVER__ACCESS_KEY must be set together")
    if settings.breaker.open_cap_seconds < settings.breaker.open_seconds:
        raise ConfigError("GOLDCREST_BREAKER__OPEN_CAP_SECONDS must not be below GOLDCREST_BREAKER__OPEN_SECONDS")
    for place, path in (
        *((("telegram", "server_key"), telegram.server_key), (("egress", "trust"), egress.trust)),
        (("alerts", "rules"), settings.alerts.rules),
    ):
        if path and not Path(path).expanduser().is_file():
            raise ConfigError(_line(environment_name(*place), place, path, "there is no such file"))
    networks = [(("egress", "allow"), text) for text in egress.allow]
    networks += [(("server", "trusted_proxies"), text) for text in settings.server.trusted_proxies]
    if not networks:
        return
    import ipaddress

    for place, network in networks:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise ConfigError(_line(environment_name(*place), place, network, "there is no such network")) from None
