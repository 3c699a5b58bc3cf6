"""The rules of alerts, read from their YAML file and checked once; each complaint is one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from utils.alerts import Rule
from utils.errors import ConfigError
from utils.parsed_yaml import read_yaml

#: figure -> how people read it: a share of 1, seconds, or a number
FIGURES: Final[Mapping[str, str]] = {
    "memory": "share",
    "disk": "share",
    "queue": "share",
    "error_rate": "share",
    "platforms_down": "share",
    "telegram_down_seconds": "seconds",
    "parts_down": "count",
}
RULE_BOUND: Final = 64


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of the file in their order. Raises ConfigError whose detail is one line."""
    try:
        tree = msgspec.convert(read_yaml(path), dict[Literal["rules"], list[Rule]])
    except (OSError, ValueError) as error:  # also what msgspec says of a value that doesn't fit
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise ConfigError(f"{path.name} can't be read: {reason}") from None
    rules = tuple(tree.get("rules", ()))
    if len(rules) > RULE_BOUND:
        raise ConfigError(f"{path.name} holds {len(rules)} rules; {RULE_BOUND} are the most")
    seen = set()
    for rule in rules:
        if rule.metric not in FIGURES:
            known = ", ".join(FIGURES)
            raise ConfigError(f"{path.name}: {rule.name} watches {rule.metric[:40]!r}; it must be one of {known}")
        if rule.name in seen:
            raise ConfigError(f"{path.name}: {rule.name} stands there twice")
        if not rule.sane:
            raise ConfigError(f"{path.name}: {rule.name} would be raised by what clears it")
        seen.add(rule.name)
    return rules
