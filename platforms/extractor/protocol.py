"""What parent, forkserver and child say to each other: one JSON object a line, everything bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from utils.errors import InternalError

#: The longest line that a child may send; one that sends more is ended.
REPLY_BYTES: Final = 1 << 20
#: The longest line between parent and forkserver, and the longest order to a child.
REQUEST_BYTES: Final = 256 * 1024
#: Warnings kept of one job, and characters of each text that crosses.
WARNINGS: Final = 30
TEXT_CHARACTERS: Final = 500

#: The only yt-dlp parameters that a site may set. None of them runs a program, reads cookies of a browser or a netrc,
#: chooses a proxy, a path or a file name.
OPTIONS: Final = frozenset(
    {
        "age_limit",
        "extract_flat",
        "extractor_args",
        "geo_bypass",
        "http_headers",
        "ignore_no_formats_error",
        "impersonate",
        "lazy_playlist",
        "noplaylist",
        "playlist_items",
        "playlistend",
        "playliststart",
    }
)
#: What a site may put beside them: tools that the job is handed where they are at hand (see `tools.TOOLS`).
TOOLS_OPTION: Final = "tools"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use. Zero: no limit.

    `size_seconds`: what asking for the sizes of one item may take; zero: nobody asks.
    """

    memory_bytes: int = 0
    cpu_seconds: int = 0
    file_bytes: int = 0
    landlock: bool = True
    socket_timeout_seconds: float = 15.0
    retries: int = 2
    size_seconds: float = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do.

    `op`: extract, fetch, resolve or read. `proxy`: the egress URL with this job's token. `folder`: the only place that
    may be written to, absolute; empty where nothing is written. `name`: the file in it that `read` fills.
    `clip_start`, `clip_end`: seconds of the item, both unset for the whole; `record_seconds`: how much of a running
    stream is wanted, 0 for anything else; `patience_seconds`: how long that stream may bring nothing new.

    `po_token`: the worker may ask for proofs of origin; `runtime`, `runtime_command`: kind and program of the
    JavaScript runtime that it may ask for, `players` the folder for what its runs prepare; `anonymous`: no account's
    cookies.
    """

    op: str
    url: str
    proxy: str
    options: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    name: str = ""
    format_id: str = ""
    audio: str = ""
    title: str = ""
    originals: bool = False
    clip_start: float = 0
    clip_end: float | None = None
    record_seconds: float = 0
    patience_seconds: float = 30
    po_token: bool = False
    runtime: str = ""
    runtime_command: tuple[str, ...] = ()
    players: str = ""
    anonymous: bool = False
    max_bytes: int = 0
    limits: Limits = field(default_factory=Limits)
    cookies: str = field(default="", repr=False)
    impersonate: str = ""


@dataclass(frozen=True, slots=True)
class Boot:
    """What the forkserver serves. `enabled`: names of sites, empty for all; `trust`: a PEM file of more roots."""

    enabled: tuple[str, ...] = ()
    trust: str = ""


def check_options(options: Mapping[str, Any]) -> None:
    """Raises InternalError for a yt-dlp parameter that no site may set."""
    unknown = sorted(set(options) - OPTIONS - {TOOLS_OPTION})
    if unknown:
        raise InternalError(f"yt-dlp parameters that are not on the list: {', '.join(unknown)}")


def encode(message: Mapping[str, Any]) -> bytes:
    """One line. Raises ValueError for figures that JSON doesn't know."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The object of one line. Raises ValueError for anything else."""
    try:
        message = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004  # all that is wrong with a line is one kind of error
    return message


def decode_message(line: bytes) -> tuple[str, dict[str, Any]]:
    """What a child says: the kind of message and its fields. Raises ValueError for anything else."""
    ((kind, fields),) = decode(line).items()
    if not isinstance(fields, dict):
        raise ValueError("no fields")  # noqa: TRY004  # as above
    return kind, fields


def encode_order(order: Order) -> bytes:
    """Raises InternalError where it doesn't fit into one request."""
    try:
        line = encode(asdict(order))
    except (TypeError, ValueError) as error:
        raise InternalError(f"an order that isn't plain data: {error}") from None
    if len(line) > REQUEST_BYTES:
        raise InternalError(f"an order of {len(line)} bytes")
    return line


def decode_order(line: bytes) -> Order:
    """The order that a child reads."""
    fields = decode(line)
    command = tuple(fields["runtime_command"])
    return Order(**{**fields, "limits": Limits(**fields["limits"]), "runtime_command": command})
