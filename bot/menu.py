"""What stands above the buttons of a menu."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from bot.keyboards import INSTANT, TOO_LARGE
from bot.rich import Piece, shortened
from utils.texts import duration_text

if TYPE_CHECKING:
    from bot.rich import Rich
    from platforms.shapes import Media
    from utils.texts import Texts

TITLE_LIMIT: Final = 300
#: hashtags that are shown where the title doesn't hold them
TAGS: Final = 5


def menu_text(texts: Texts, media: Media, instant: Collection[str], note: str = "") -> Rich:
    """Title, who made it and how long it is, what the marks mean, and what to do; `note` stands before that."""
    facts = [shortened(media.uploader, TITLE_LIMIT)] if media.uploader else []
    if media.duration_seconds:
        facts.append(duration_text(media.duration_seconds))
    lines = [" \u00b7 ".join(facts)] if facts else []
    unsaid = [f"#{tag}" for tag in media.tags if f"#{tag}".casefold() not in media.title.casefold()]
    lines += [" ".join(unsaid[:TAGS])] if unsaid else []
    lines += [note] if note else []
    lines.append(texts("menu.choose"))
    if instant:
        lines.append(texts("menu.instant", mark=INSTANT))
    if media.missing:
        lines.append(texts.many("menu.missing", media.missing))
    if any(not quality.fits for quality in media.qualities):
        lines.append(texts("menu.too_large", mark=TOO_LARGE))
    return titled(media.title, lines)


def titled(title: str, lines: Sequence[str]) -> Rich:
    """The title of an item, and what is said about it."""
    title = shortened(" ".join(title.split()), TITLE_LIMIT)
    return (Piece(title, bold=True), Piece("\n" if title else ""), Piece("\n".join(lines)))
