"""Settings: config/default.yaml, overridden by the environment, checked once, frozen afterwards."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from utils.errors import ConfigError

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
#: keys whose values never reach logs, /status or error lines
SECRETS: Final = frozenset({("telegram", "bot_token"), ("telegram", "api_hash"), ("platforms", "youtube_po_token")})

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Megabytes = Annotated[int, Meta(ge=1, le=1_000_000)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
HostPort = Annotated[str, Meta(pattern=r"^$|^[^\s:]+:\d{1,5}$")]
HttpUrl = Annotated[str, Meta(pattern=r"^$|^https?://\S+$")]
BotToken = Annotated[str, Meta(pattern=r"^$|^\d+:[\w-]{30,}$")]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the settings; the units stand in config/default.yaml."""


class Telegram(Section):
    """Account and limits of the bot."""

    bot_token: BotToken
    api_id: Annotated[int, Meta(ge=0)]
    api_hash: Annotated[str, Meta(pattern=r"^$|^[0-9a-fA-F]{32}$")]
    owner_id: Annotated[int, Meta(ge=0)]
    storage_chat_id: int
    server: HostPort
    server_key: str
    max_upload_mb: Annotated[int, Meta(ge=1, le=4000)]
    edit_interval_seconds: Annotated[float, Meta(ge=0.05, le=60)]
    upload_streams: Annotated[int, Meta(ge=1, le=8)]
    lazy_raw: bool


class Server(Section):
    """The HTTP side."""

    host: str
    port: Port
    public_url: HttpUrl


class Storage(Section):
    """What lies on disk."""

    data_dir: Annotated[str, Meta(min_length=1)]
    shelf_minutes: Annotated[float, Meta(gt=0, le=10_080)]
    shelf_mb: Megabytes


class Memory(Section):
    """The cap of the whole tree."""

    cap_mb: Annotated[int, Meta(ge=64, le=1_000_000)]


class Start(Section):
    """Start and stop."""

    cold_start_target_seconds: Seconds
    stop_seconds: Seconds


class Platforms(Section):
    """Which sites, with which tokens."""

    enabled: tuple[str, ...]
    youtube_po_token: tuple[str, ...]


class Extractor(Section):
    """Bounds of a worker."""

    probe_deadline_seconds: Seconds
    fetch_deadline_seconds: Seconds
    stall_seconds: Seconds
    idle_stop_seconds: Seconds
    socket_timeout_seconds: Seconds
    retries: Annotated[int, Meta(ge=0, le=20)]
    child_memory_mb: Annotated[int, Meta(ge=64, le=1_000_000)]


class Downloads(Section):
    """Bounds of the queue."""

    max_size_mb: Megabytes
    parallel: Annotated[int, Meta(ge=1, le=64)]
    queue_bound: Count
    user_bound: Count
    info_minutes: Annotated[float, Meta(ge=0, le=1440)]
    links_per_message: Count


class Egress(Section):
    """The one way out."""

    upstream: HttpUrl
    trust: str
    allow: tuple[str, ...]
    ports: tuple[Annotated[int, Meta(ge=1, le=65_535)], ...]
    idle_seconds: Seconds
    connect_seconds: Seconds
    dns_seconds: Seconds
    quota_factor: Annotated[float, Meta(ge=1, le=100)]


class Cache(Section):
    """Metadata on disk."""

    size_mb: Megabytes


class Limits(Section):
    """How much one person may ask."""

    requests_per_minute: Count


class Retry(Section):
    """How often a passing failure is tried again."""

    max_attempts: Annotated[int, Meta(ge=1, le=20)]
    base_seconds: Seconds
    cap_seconds: Seconds


class Sandbox(Section):
    """Confinement of workers."""

    landlock: bool


class Log(Section):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "json", "text"]


class Settings(Section):
    """All settings; one attribute per section of config/default.yaml."""

    telegram: Telegram
    server: Server
    storage: Storage
    memory: Memory
    start: Start
    platforms: Platforms
    extractor: Extractor
    downloads: Downloads
    egress: Egress
    cache: Cache
    limits: Limits
    retry: Retry
    sandbox: Sandbox
    log: Log

    @property
    def data_dir(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.storage.data_dir).expanduser().absolute()


def load_settings(environment: Mapping[str, str] | None = None, defaults: Path = DEFAULTS) -> Settings:
    """Read and check all settings.

    `environment` is os.environ unless a test gives its own. Raises ConfigError whose detail is one line naming the
    setting, its value and what fits.
    """
    environment = os.environ if environment is None else environment
    tree: dict[str, dict[str, Any]] = yaml.load(defaults.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    names: dict[tuple[str, str], str] = {}
    for name, text in environment.items():
        place = _place(name, tree)
        if place is None:
            continue
        section, key = place
        if place in names and name in SHORT_NAMES:
            continue  # the long name is the more precise one
        names[place] = name
        tree[section][key] = _items(text) if isinstance(tree[section][key], list) else text.strip()
    for section, values in tree.items():
        for key, value in values.items():
            _check(section, key, value, names.get((section, key), f"{section}.{key}"))
    return msgspec.convert(tree, Settings, strict=False)


def _place(name: str, tree: Mapping[str, Mapping[str, Any]]) -> tuple[str, str] | None:
    if name in SHORT_NAMES:
        return SHORT_NAMES[name]
    if not name.startswith(PREFIX):
        return None
    section, _, key = name.removeprefix(PREFIX).lower().partition("__")
    if key not in tree.get(section, {}):
        raise ConfigError(f"{name} is not a setting; config/default.yaml lists them all")
    return section, key


def _items(text: str) -> list[str]:
    return [item for item in re.split(r"[,\s]+", text.strip()) if item]


def _check(section: str, key: str, value: Any, name: str) -> None:
    """Convert one value alone so that the error names this setting and nothing else."""
    owner = Settings.__annotations__[section]
    field = next(f for f in msgspec.structs.fields(globals()[owner]) if f.name == key)
    try:
        msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        shown = "(hidden)" if (section, key) in SECRETS else repr(value)
        raise ConfigError(f"{name} = {shown} does not fit: {_fits(str(error))}") from None


def _fits(message: str) -> str:
    """msgspec's message in our words."""
    message = re.sub(r" - at `\$.*`$", "", message)
    message = re.sub(r"^Expected `(\w+)`, got `\w+`$", r"it must be of type \1", message)
    message = re.sub(r"^Expected `(\w+)` ", r"it must be \1 ", message)
    return re.sub(r"matching regex '.*'", "in its usual form", message)
