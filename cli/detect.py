"""`detect`: which links a text holds, whose they are, and what is refused; asks nobody and loads nothing heavy."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from platforms.registry import Registry
    from utils.config import Settings


def make_registry(settings: Settings) -> Registry:
    """The sites that are switched on. Raises ConfigError for a name that is no site."""
    from platforms.registry import Registry
    from utils.addresses import parse_networks

    own = urlsplit(settings.server.public_url).hostname
    return Registry(
        settings.platforms.enabled,
        parse_networks(settings.egress.allow),
        ports=settings.egress.ports,
        own_hosts=(own,) if own else (),
        more_hosts={"peertube": settings.platforms.peertube_instances},
    )


def detected(registry: Registry, text: str, bound: int) -> dict[str, Any]:
    """The answer for one text."""
    found = registry.detect(text, bound)
    return {
        "text": text,
        "links": [
            {"url": link.url, "canonical": link.canonical, "platform": link.platform, "kind": link.kind, "id": link.id}
            for link in found.links
        ],
        "refused": [{"text": refused.text, "code": refused.code} for refused in found.refused],
    }


def texts_of(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, or every line of standard input as it comes; bytes that are no UTF-8 are replaced."""
    if arguments:
        yield from arguments
        return
    for line in sys.stdin.buffer:
        yield line.rstrip(b"\r\n").decode("utf-8", errors="replace")
