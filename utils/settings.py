"""The shape of the settings: one frozen section per section of config/default.yaml, each value with what fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from utils.setting_kinds import (
    AccessKey,
    Algorithm,
    ApiHash,
    BotToken,
    Count,
    HostName,
    HostPort,
    HttpUrl,
    Megabytes,
    Network,
    Port,
    RedisUrl,
    Seconds,
    Section,
)

#: keys whose values never reach logs, /status or error lines
SECRETS: Final = frozenset(
    {
        ("telegram", "bot_token"),
        ("telegram", "api_hash"),
        ("server", "access_key"),
        ("redis", "url"),
        ("platforms", "youtube_po_token"),
    }
)


class Telegram(Section, frozen=True):
    """Account and limits of the bot."""

    bot_token: BotToken
    api_id: Annotated[int, Meta(ge=0)]
    api_hash: ApiHash
    owner_id: Annotated[int, Meta(ge=0)]
    users: tuple[Annotated[int, Meta(ge=1)], ...]
    storage_chat_id: int
    server: HostPort
    server_key: str
    max_upload_mb: Annotated[int, Meta(ge=1, le=4000)]
    edit_interval_seconds: Annotated[float, Meta(ge=0.05, le=60)]
    upload_streams: Annotated[int, Meta(ge=1, le=8)]
    caption_link: bool
    lazy_raw: bool


class Server(Section, frozen=True):
    """The HTTP side."""

    host: str
    port: Port
    public_url: HttpUrl
    access: Literal["local", "open", "key"]
    access_key: AccessKey
    trusted_proxies: tuple[Network, ...]


class Storage(Section, frozen=True):
    """What lies on disk."""

    data_dir: Annotated[str, Meta(min_length=1)]
    shelf_minutes: Annotated[float, Meta(gt=0, le=10_080)]
    shelf_mb: Megabytes


class Memory(Section, frozen=True):
    """The cap of the whole tree."""

    cap_mb: Annotated[int, Meta(ge=64, le=1_000_000)]
    high_percent: Annotated[float, Meta(gt=10, lt=100)]
    critical_percent: Annotated[float, Meta(gt=10, le=100)]
    idle_seconds: Seconds
    busy_seconds: Seconds
    wait_seconds: Seconds
    put_backs: Annotated[int, Meta(ge=0, le=100)]
    probe_mb: Megabytes
    fetch_mb: Megabytes
    record_mb: Megabytes
    read_mb: Megabytes


class Start(Section, frozen=True):
    """Start and stop."""

    cold_start_target_seconds: Seconds
    stop_seconds: Seconds


class Platforms(Section, frozen=True):
    """Which sites, with which tokens."""

    enabled: tuple[str, ...]
    youtube_po_token: tuple[str, ...]
    po_token_server: HttpUrl
    javascript: Annotated[str, Meta(pattern=r"^(auto|off|/\S*)$", description="auto, off or an absolute path")]
    peertube_instances: tuple[HostName, ...]
    identities: str
    cookie_notice_days: Annotated[float, Meta(gt=0, le=365)]


class Extractor(Section, frozen=True):
    """Bounds of a worker."""

    probe_deadline_seconds: Seconds
    fetch_deadline_seconds: Seconds
    stall_seconds: Seconds
    idle_stop_seconds: Seconds
    socket_timeout_seconds: Seconds
    size_seconds: Seconds
    retries: Annotated[int, Meta(ge=0, le=20)]
    child_memory_mb: Annotated[int, Meta(ge=64, le=1_000_000)]


class Downloads(Section, frozen=True):
    """Bounds of the queue."""

    max_size_mb: Megabytes
    parallel: Annotated[int, Meta(ge=1, le=64)]
    queue_bound: Count
    user_bound: Count
    info_minutes: Annotated[float, Meta(ge=0, le=1440)]
    links_per_message: Count
    live_minutes: Annotated[int, Meta(ge=1, le=1440)]
    live_mb: Megabytes
    batch_bound: Annotated[int, Meta(ge=1, le=10_000)]
    owner_first: bool
    away_minutes: Annotated[float, Meta(ge=0, le=1440)]
    history_days: Annotated[float, Meta(gt=0, le=366)]
    history_bound: Count
    dead_days: Annotated[float, Meta(gt=0, le=366)]
    dead_bound: Count
    stored_bound: Annotated[int, Meta(ge=1, le=10_000_000)]


class Egress(Section, frozen=True):
    """The one way out."""

    upstream: HttpUrl
    trust: str
    allow: tuple[Network, ...]
    ports: tuple[Annotated[int, Meta(ge=1, le=65_535)], ...]
    idle_seconds: Seconds
    connect_seconds: Seconds
    dns_seconds: Seconds
    quota_factor: Annotated[float, Meta(ge=1, le=100)]


class Reminders(Section, frozen=True):
    """Later tries and streams that are waited for."""

    user_bound: Annotated[int, Meta(ge=1, le=1000)]
    bound: Count
    watch_hours: Annotated[float, Meta(gt=0, le=720)]


class Reports(Section, frozen=True):
    """What is kept of unknown failures."""

    count: Annotated[int, Meta(ge=1, le=1000)]
    days: Annotated[float, Meta(gt=0, le=366)]


class Cache(Section, frozen=True):
    """What is remembered of sites."""

    size_mb: Megabytes
    memory_mb: Megabytes
    stale_minutes: Annotated[float, Meta(ge=0, le=10_080)]
    failure_seconds: Annotated[float, Meta(ge=0, le=86_400)]


class Limits(Section, frozen=True):
    """How much one person may ask, and how much sites are asked."""

    requests_per_minute: Count
    user_burst: Count
    user_algorithm: Algorithm
    platform_burst: Count
    platform_algorithm: Algorithm
    global_per_minute: Count
    global_algorithm: Algorithm


class Retry(Section, frozen=True):
    """How often a passing failure is tried again."""

    strategy: Literal["adaptive", "exponential", "linear"]
    max_attempts: Annotated[int, Meta(ge=1, le=20)]
    base_seconds: Seconds
    cap_seconds: Seconds
    budget_seconds: Seconds
    fetch_budget_seconds: Seconds


class Monitoring(Section, frozen=True):
    """What is kept of ended jobs."""

    traces: Annotated[int, Meta(ge=1, le=10_000)]
    notable_traces: Annotated[int, Meta(ge=1, le=10_000)]
    slow_seconds: Seconds
    error_window_minutes: Annotated[float, Meta(gt=0, le=1440)]
    error_minimum: Count


class Alerts(Section, frozen=True):
    """What the owner is told of by itself."""

    rules: str
    interval_seconds: Annotated[float, Meta(ge=1, le=3600)]
    gap_seconds: Annotated[float, Meta(ge=1, le=86_400)]


class Redis(Section, frozen=True):
    """A server that several instances share."""

    url: RedisUrl
    timeout_seconds: Seconds


class Breaker(Section, frozen=True):
    """When a site that keeps failing isn't asked for a while."""

    failure_rate: Annotated[float, Meta(gt=0, le=1)]
    window_seconds: Seconds
    minimum_calls: Count
    consecutive: Count
    open_seconds: Seconds
    open_cap_seconds: Seconds
    probes: Annotated[int, Meta(ge=1, le=100)]
    probe_seconds: Seconds


class Sandbox(Section, frozen=True):
    """Confinement of workers."""

    landlock: bool


class Log(Section, frozen=True):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "json", "text"]


class Settings(Section, frozen=True):
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
    reminders: Reminders
    reports: Reports
    cache: Cache
    limits: Limits
    retry: Retry
    breaker: Breaker
    monitoring: Monitoring
    alerts: Alerts
    redis: Redis
    sandbox: Sandbox
    log: Log

    @property
    def data_dir(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.storage.data_dir).expanduser().absolute()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value that is set, for the logs to hide."""
        values = (getattr(getattr(self, section), key) for section, key in sorted(SECRETS))
        return tuple(text for value in values for text in ((value,) if isinstance(value, str) else value) if text)
