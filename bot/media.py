"""Files between our form and Telegram's: what is uploaded, what a sent message holds, what is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyrogram import raw
from pyrogram.file_id import PHOTO_TYPES, FileId, FileType

from bot.rich import Piece, Rich, shortened
from services.jobs import StoredFile
from utils.filenames import file_name

if TYPE_CHECKING:
    from core.job_queue import Job
    from platforms.shapes import FetchedFile

#: title and performer of a track
TAG_LIMIT: Final = 128
#: Telegram refuses larger photos, they go as files then (core.telegram.org/bots/api#sendphoto): bytes, width and height
#: together, the longer side as a multiple of the shorter
PHOTO_BYTES: Final = 10 * 1024 * 1024
PHOTO_SIDES: Final = 10_000
PHOTO_RATIO: Final = 20
FILE_TYPES: Final = {"video": FileType.VIDEO, "audio": FileType.AUDIO, "document": FileType.DOCUMENT}


def caption(title: str, url: str, source: str) -> Rich:
    """The title, and beneath it a link to where it came from; `source` are the words of that link, "" for none."""
    title_piece = Piece(title.strip())
    if not source or not url:
        return (title_piece,)
    return (title_piece, Piece("\n" if title_piece.text else ""), Piece(source, url=url))


def kind_of(file: FetchedFile | StoredFile) -> str:
    """How Telegram is to show it."""
    if file.kind != "photo":
        return file.kind
    width, height = file.width or 1, file.height or 1
    odd = width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height)
    return "document" if odd or file.size_bytes > PHOTO_BYTES else "photo"


def uploaded_media(file: FetchedFile, upload: Any, thumbnail: Any, title: str, name: str = "") -> Any:
    """The raw input media of a file whose parts Telegram has. `name`: of a document, made of the title where empty."""
    if kind_of(file) == "photo":
        return raw.types.InputMediaUploadedPhoto(file=upload)
    attributes: list[Any] = [raw.types.DocumentAttributeFilename(file_name=name or file_name(title, file.path.suffix))]
    duration = file.duration_seconds or 0
    if file.kind == "video":
        attributes.append(
            raw.types.DocumentAttributeVideo(
                duration=float(duration), w=file.width or 0, h=file.height or 0, supports_streaming=True
            )
        )
    elif file.kind == "audio":
        attributes.append(
            raw.types.DocumentAttributeAudio(
                duration=round(duration),
                title=shortened(file.title or title, TAG_LIMIT),
                performer=shortened(file.performer, TAG_LIMIT) or None,
            )
        )
    return raw.types.InputMediaUploadedDocument(
        file=upload,
        mime_type=file.mime,
        attributes=attributes,
        thumb=thumbnail,
        force_file=kind_of(file) == "document" or None,
    )


def stored_file(job: Job, file: FetchedFile, position: int, chat_id: int, message: Any) -> StoredFile | None:
    """What to remember of a sent message; None where it holds no file of ours."""
    reference = file_reference(getattr(message, "media", None))
    if reference is None:
        return None
    return StoredFile(
        canonical=job.link.canonical,
        quality=job.quality,
        position=position,
        file_id=reference,
        chat_id=chat_id,
        message_id=message.id,
        kind=kind_of(file),
        size_bytes=file.size_bytes,
        width=file.width,
        height=file.height,
        duration_seconds=file.duration_seconds,
        title=job.title,
        performer=file.performer,
        part=job.part,
    )


def file_reference(media: Any) -> str | None:
    """Telegram's file id of a raw message media."""
    item = getattr(media, "document", None) or getattr(media, "photo", None)
    if not isinstance(item, raw.types.Document | raw.types.Photo):
        return None
    photo = isinstance(item, raw.types.Photo)
    return str(
        FileId(
            file_type=FileType.PHOTO if photo else _document_type(item),
            dc_id=item.dc_id,
            media_id=item.id,
            access_hash=item.access_hash,
            file_reference=item.file_reference,
            **(
                {
                    "thumbnail_source": 1,
                    "thumbnail_file_type": FileType.PHOTO,
                    "thumbnail_size": "x",
                    "volume_id": 0,
                    "local_id": 0,
                }
                if photo
                else {}
            ),
        ).encode()
    )


def input_media(file_id: str) -> Any:
    """The raw input media of a file that Telegram keeps. Raises ValueError for a broken id."""
    try:
        known = FileId.decode(file_id)
    except Exception as error:  # whatever a broken id does to the decoder
        raise ValueError("broken file id") from error
    fields = {"id": known.media_id, "access_hash": known.access_hash, "file_reference": known.file_reference}
    if known.file_type in PHOTO_TYPES:
        return raw.types.InputMediaPhoto(id=raw.types.InputPhoto(**fields))
    return raw.types.InputMediaDocument(id=raw.types.InputDocument(**fields))


def _document_type(document: Any) -> Any:
    for attribute in document.attributes:
        if isinstance(attribute, raw.types.DocumentAttributeVideo):
            return FileType.VIDEO
        if isinstance(attribute, raw.types.DocumentAttributeAudio):
            return FileType.AUDIO
    return FileType.DOCUMENT
