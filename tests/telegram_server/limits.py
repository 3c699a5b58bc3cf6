"""What Telegram refuses in a message: too long, empty, entities beyond the text, buttons that can't work."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tests.telegram_server.faults import RpcError
from tests.telegram_server.messages import buttons_of

TEXT_CHARACTERS, CAPTION_CHARACTERS = 4096, 1024
CALLBACK_DATA_BYTES = 64
START_PAYLOAD_CHARACTERS = 64
BUTTONS, BUTTONS_PER_ROW, BUTTON_TEXT_CHARACTERS = 100, 8, 128
ALBUM_MOST = 10


def utf16_length(text: str) -> int:
    """Count as Telegram does for entities: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def check_text(text: str, entities: Sequence[Any], *, caption: bool) -> None:
    """Refuse a text or caption that Telegram doesn't take."""
    if not caption and not text.strip():
        raise RpcError(400, "MESSAGE_EMPTY")
    if len(text) > (CAPTION_CHARACTERS if caption else TEXT_CHARACTERS):
        raise RpcError(400, "MEDIA_CAPTION_TOO_LONG" if caption else "MESSAGE_TOO_LONG")
    length = utf16_length(text)
    for entity in entities:
        if entity.offset < 0 or entity.length < 1 or entity.offset + entity.length > length:
            raise RpcError(400, "ENTITY_BOUNDS_INVALID")


def check_markup(markup: Any) -> None:
    """Refuse a keyboard that Telegram doesn't take."""
    if markup is None:
        return
    rows = buttons_of(markup)
    if sum(map(len, rows)) > BUTTONS or any(len(row) > BUTTONS_PER_ROW for row in rows):
        raise RpcError(400, "REPLY_MARKUP_TOO_LONG")
    for row, views in zip(getattr(markup, "rows", None) or (), rows, strict=True):
        for button, view in zip(row.buttons, views, strict=True):
            _check_button(type(getattr(button, "type", button)).__name__, view.text, view.data, view.url)


def _check_button(kind: str, text: str, data: bytes, url: str) -> None:
    if not text or len(text) > BUTTON_TEXT_CHARACTERS:
        raise RpcError(400, "BUTTON_TEXT_INVALID")
    if kind.endswith("Callback") and not 1 <= len(data) <= CALLBACK_DATA_BYTES:
        raise RpcError(400, "BUTTON_DATA_INVALID")
    if kind.endswith("Url") and not _is_link(url):
        raise RpcError(400, "BUTTON_URL_INVALID")


def _is_link(url: str) -> bool:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return False
    return (parts.scheme in ("http", "https", "tg", "ton") and "." in (parts.hostname or "")) or parts.scheme == "tg"
