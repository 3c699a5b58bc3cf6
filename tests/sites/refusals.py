"""Refusals that are a bare HTTP status, by the word that names them in an item's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.sites.messages import Reply, text

if TYPE_CHECKING:
    from collections.abc import Mapping

REST_SECONDS: Final = 9
STATUSES: Final[Mapping[str, int]] = {"gone": 404, "wall": 403, "many": 429, "down": 503}


def kind_of(item: str) -> str:
    """The letters that an id begins with, in lower case."""
    match = re.match(r"[A-Za-z]*", item)
    return match[0].lower() if match else ""


def refusal(kind: str) -> Reply | None:
    """The reply for a kind that is refused by status alone; None for any other."""
    if kind not in STATUSES:
        return None
    headers = (("Retry-After", str(REST_SECONDS)),) if kind == "many" else ()
    return text("refused", "text/plain", STATUSES[kind], headers)
