"""Names for things: ULIDs that sort by time, short tokens for buttons, 64-bit random ids for Telegram."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(clock: Callable[[], float] = time.time, randbits: Callable[[int], int] = secrets.randbits) -> str:
    """26 characters: 48 bits of milliseconds, 80 random bits (github.com/ulid/spec)."""
    number = (int(clock() * 1000) & (1 << 48) - 1) << 80 | randbits(80)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def button_token() -> str:
    """12 URL-safe characters (72 bits): fits callback data beside a verb."""
    return secrets.token_urlsafe(9)


def random_id(randbits: Callable[[int], int] = secrets.randbits) -> int:
    """A positive 62-bit number for messages.send*; room is left to count on for the parts of an album."""
    return randbits(62) or 1
