"""Hashtags in what an author wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

#: more are noise, and made to be it
MOST_TAGS: Final = 30
_TAG: Final = re.compile(r"(?<![\w&/])[#\uff03](\w{1,100})")
_NUMBER: Final = re.compile(r"[0-9_]+")


def tags_of(info: Mapping[str, Any]) -> tuple[str, ...]:
    """The hashtags of an item without their sign, each once, in their order; numbers ("#1") are none."""
    text = str(info.get("description") or "")
    found = (tag for tag in _TAG.findall(text) if not _NUMBER.fullmatch(tag))
    first: dict[str, str] = {}
    for tag in found:
        first.setdefault(tag.casefold(), tag)
    return tuple(first.values())[:MOST_TAGS]
