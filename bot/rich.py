"""Styled text without markup: pieces with a style become plain text and entities, so no title can break a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pyrogram import raw

TEXT_LIMIT: Final = 4096
CAPTION_LIMIT: Final = 1024
ELLIPSIS: Final = "\u2026"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `url` makes it a link."""

    text: str
    bold: bool = False
    url: str = ""


Rich = Sequence[Piece]


def plain(text: str) -> Rich:
    """Text without a style."""
    return (Piece(text),)


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, limit: int) -> str:
    """The text, cut at a character with an ellipsis where it is longer than `limit` units."""
    if units(text) <= limit:
        return text
    room, kept = limit - units(ELLIPSIS), []
    for character in text:
        room -= units(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + ELLIPSIS if limit > 0 else ""


def fitted(rich: Rich, limit: int) -> Rich:
    """The pieces, the longest of them shortened so that all together stay within `limit` units."""
    excess = sum(units(piece.text) for piece in rich) - limit
    if excess <= 0:
        return rich
    longest = max(rich, key=lambda piece: units(piece.text))
    cut = replace(longest, text=shortened(longest.text, units(longest.text) - excess))
    return tuple(cut if piece is longest else piece for piece in rich)


def written(rich: Rich, limit: int) -> tuple[str, list[Any]]:
    """Plain text and raw entities; characters that Telegram refuses are left out."""
    text, entities, offset = "", [], 0
    for piece in fitted([replace(piece, text=_clean(piece.text)) for piece in rich], limit):
        length = units(piece.text)
        if piece.text.strip():
            if piece.bold:
                entities.append(raw.types.MessageEntityBold(offset=offset, length=length))
            if piece.url:
                entities.append(raw.types.MessageEntityTextUrl(offset=offset, length=length, url=piece.url))
        text += piece.text
        offset += length
    return text, entities


def _clean(text: str) -> str:
    """Without lone surrogates and control characters; titles of sites hold anything."""
    text = text.encode("utf-8", "ignore").decode()
    return "".join(character for character in text if character >= " " or character == "\n")
