"""Telegram's errors in our words: its error name, whether the session is dead, how long to wait."""

from __future__ import annotations

import re
from typing import Any, Final

from utils.errors import TelegramAway, TelegramRefused

#: core.telegram.org/api/errors: 401 is always the session's end; a key used by two processes at once is dead too
UNAUTHORIZED: Final = 401
DUPLICATED: Final = "AUTH_KEY_DUPLICATED"
WAIT: Final = re.compile(r"_WAIT_(\d+)$")
#: the one wait that holds for a single chat
SLOW_MODE: Final = "SLOWMODE"
UNKNOWN: Final = re.compile(r"^\[-?\d+ (.+)\]$")
#: settings that Telegram will not accept however often it is asked
WRONG_SETTINGS: Final = frozenset(
    {"ACCESS_TOKEN_INVALID", "ACCESS_TOKEN_EXPIRED", "API_ID_INVALID", "API_ID_PUBLISHED_FLOOD", "USER_DEACTIVATED_BAN"}
)
#: what a repeated random_id answers: the message was sent at the first try
ALREADY_SENT: Final = "RANDOM_ID_DUPLICATE"
NOT_MODIFIED: Final = "MESSAGE_NOT_MODIFIED"
#: the message replied to was deleted meanwhile
REPLY_GONE: Final = frozenset({"REPLY_MESSAGE_ID_INVALID", "REPLY_TO_INVALID", "MSG_ID_INVALID"})
#: what is kept of a file is no use any more
FILE_DEAD: Final = re.compile(
    r"FILE_REFERENCE_(\d+_)?(EXPIRED|INVALID|EMPTY)$|(MEDIA_EMPTY|MEDIA_INVALID|FILE_ID_INVALID|DOCUMENT_INVALID|PHOTO_INVALID)$"
)


def rpc_name(error: Any) -> str:
    """Telegram's own name, "FLOOD_WAIT_17"; the class name of what is no answer of Telegram."""
    name = getattr(error, "ID", None)
    value = getattr(error, "value", None)
    if name:
        return re.sub(r"_X\b", f"_{value}", str(name), count=1) if isinstance(value, int) else str(name)
    unknown = UNKNOWN.match(str(value or ""))
    return unknown[1] if unknown else type(error).__name__


def wait_seconds(name: str) -> float | None:
    """How long Telegram asks to wait, from the error's name."""
    found = WAIT.search(name)
    return float(found[1]) if found else None


def refusal(error: Any) -> TelegramRefused:
    """The same as an error of ours; its detail is Telegram's name."""
    name = rpc_name(error)
    seconds = wait_seconds(name)
    if seconds is None:
        return TelegramRefused(name)
    away = TelegramAway(name, retry_after_seconds=seconds)
    away.everywhere = not name.startswith(SLOW_MODE)
    return away


def ends_session(error: Any) -> bool:
    """Whether only a new login helps."""
    name = rpc_name(error)
    return (getattr(error, "CODE", None) == UNAUTHORIZED or name == DUPLICATED) and name not in WRONG_SETTINGS
