"""Take a document that came with a message, into memory and within a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyrogram import raw

from bot.calls import ask
from utils.errors import NotFound

if TYPE_CHECKING:
    from bot.telegram import Telegram

#: Telegram's largest piece (core.telegram.org/api/files)
PIECE_BYTES: Final = 1 << 20
PIECE_SECONDS: Final = 60.0
PIECE_TRIES: Final = 3
PATIENCE_SECONDS: Final = 60.0


async def document_bytes(telegram: Telegram, chat_id: int, message_id: int, most_bytes: int) -> bytes:
    """The first `most_bytes` + 1 bytes of a message's document, so that one that is larger shows.

    Raises NotFound where message or document is gone, TelegramRefused.
    """
    message = await telegram.fetch(chat_id, message_id)
    document = getattr(getattr(message, "media", None), "document", None)
    if not isinstance(document, raw.types.Document):
        raise NotFound("document")
    location = raw.types.InputDocumentFileLocation(
        id=document.id, access_hash=document.access_hash, file_reference=document.file_reference, thumb_size=""
    )
    client = await telegram.client()
    try:
        session = await client.get_session(document.dc_id, is_media=True)
    except Exception as error:
        raise telegram.refused(error) from error
    data = b""
    while len(data) <= most_bytes:
        query = raw.functions.upload.GetFile(location=location, offset=len(data), limit=PIECE_BYTES)

        async def attempt(query: object = query) -> raw.types.upload.File:
            return await ask(session, query, PIECE_SECONDS)

        piece = (await telegram.paced(attempt, telegram.parts, PATIENCE_SECONDS, PIECE_TRIES)).bytes
        data += piece
        if len(piece) < PIECE_BYTES:
            break
    return data[: most_bytes + 1]
