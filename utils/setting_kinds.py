"""Kinds of setting values, each with what fits and how that is told, and the base of all sections."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

#: see utils/rate_rules.py
Algorithm = Literal["token_bucket", "sliding_window", "leaky_bucket"]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Megabytes = Annotated[int, Meta(ge=1, le=1_000_000)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
HostPort = Annotated[
    str, Meta(pattern=r"^$|^(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):\d{1,5}$", description="host:port, like 127.0.0.1:8443")
]
HttpUrl = Annotated[
    str, Meta(pattern=r"^$|^https?://[^\s/]+\S*$", description="a URL that begins with http:// or https://")
]
BotToken = Annotated[
    str,
    Meta(
        pattern=r"^$|^\d+:[\w-]{30,}$",
        description="a token from @BotFather, like 123456:ABC-DEF…",
    ),
]
RedisUrl = Annotated[
    str,
    Meta(pattern=r"^$|^(rediss?|unix)://\S+$", description="a URL that begins with redis://, rediss:// or unix://"),
]
AccessKey = Annotated[str, Meta(pattern=r"^$|^\S{16,}$", description="a password of at least 16 characters")]
ApiHash = Annotated[
    str,
    Meta(
        pattern=r"^$|^[0-9a-fA-F]{32}$", description="the 32 hexadecimal digits that my.telegram.org shows as api_hash"
    ),
]
HostName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", description="a host name, like video.example.org")
]
Network = Annotated[
    str, Meta(pattern=r"^[0-9a-fA-F.:]+(/\d{1,3})?$", description="networks like 10.0.0.0/8 or fd00::/8")
]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the settings; the units stand in config/default.yaml."""
