"""What sites write, as one line that shows what it says."""

from __future__ import annotations

from typing import Final

#: a longer title is a text
TITLE_CHARACTERS: Final = 300
#: Characters that turn the reading direction of whatever follows, and control characters; blanks are no such.
_UNSEEN: Final = dict.fromkeys(
    {*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x7F, 0xA0), *range(0x20)} - set(map(ord, "\t\n\v\f\r\x85"))
)


def one_line(text: object, most: int = TITLE_CHARACTERS) -> str:
    """At most so many characters of it, without what can't be written as UTF-8, can't be seen, or turns other text."""
    plain = str(text or "")[: 2 * most].encode("utf-8", "replace").decode()
    return " ".join(plain.translate(_UNSEEN).split())[:most]
