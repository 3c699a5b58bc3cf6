"""The entities that Telegram finds by itself in what people write: links, commands, mentions, hashtags."""

import re
from typing import Any

from tests.telegram_server.limits import utf16_length
from tests.telegram_server.tl import T

_DOMAIN_ENDINGS = "com|org|net|be|gg|tv|ly|it|in|uz|ru|me|de|fr|cat|io|co|watch|example"
_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        "MessageEntityUrl",
        rf"(?:https?://|(?<![\w@.])(?=[\w.-]+\.(?:{_DOMAIN_ENDINGS})\b))[^\s<>\"]+[^\s<>\".,;:!?)\]}}'»]",
    ),
    ("MessageEntityBotCommand", r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?"),
    ("MessageEntityMention", r"(?<!\w)@\w{3,32}"),
    ("MessageEntityHashtag", r"(?<!\w)#\w*[^\W\d]\w*"),
)


def find_entities(text: str) -> list[Any]:
    """Give the entities of a text in their order; what lies inside a link is no entity of its own."""
    taken: list[tuple[int, int, str]] = []
    for name, pattern in _PATTERNS:
        for match in re.finditer(pattern, text):
            if all(match.end() <= start or match.start() >= end for start, end, _ in taken):
                taken.append((match.start(), match.end(), name))
    return [
        getattr(T, name)(offset=utf16_length(text[:start]), length=utf16_length(text[start:end]))
        for start, end, name in sorted(taken)
    ]
