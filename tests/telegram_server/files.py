"""Files that Telegram keeps. Their contents lie on disk, for benches send 100 MB."""

import hashlib
import io
import os
import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from tests.telegram_server.faults import RpcError
from tests.telegram_server.tl import T
from tests.telegram_server.uploads import BigUpload, SmallUpload

MAX_THUMB_BYTES, MAX_THUMB_SIDE = 200 << 10, 320
MAX_PHOTO_BYTES, MAX_PHOTO_SIDES, MAX_PHOTO_RATIO = 10 << 20, 10_000, 20


class Content:
    """Bytes in a file of the world's own folder."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size

    def read(self, offset: int = 0, length: int = -1) -> bytes:
        """Read a piece, or everything."""
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)

    @cached_property
    def sha256(self) -> str:
        """The hash of everything, in hexadecimal."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def image_size(self) -> tuple[str, int, int] | None:
        """Give format, width and height of an image, None for anything else."""
        try:
            with Image.open(io.BytesIO(self.read())) as image:
                return str(image.format), image.width, image.height
        except (UnidentifiedImageError, OSError):
            return None


@dataclass(eq=False)
class File:
    """A document or photo that Telegram keeps. `attributes` are TL objects as the sender gave them."""

    content: Content
    mime: str = "application/octet-stream"
    attributes: Sequence[Any] = ()
    dc: int = 2
    thumb: Content | None = None
    photo: bool = False
    refused_thumb: str = ""
    id: int = field(default_factory=lambda: random.getrandbits(62))
    access_hash: int = field(default_factory=lambda: random.getrandbits(62))
    reference: bytes = field(default_factory=lambda: os.urandom(12))
    at: float = field(default_factory=time.time)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.content.size

    @property
    def sha256(self) -> str:
        """Hash of the contents, in hexadecimal."""
        return self.content.sha256

    @property
    def path(self) -> Path:
        """Where the contents lie, for ffmpeg and the like."""
        return self.content.path

    def read(self) -> bytes:
        """Give the contents."""
        return self.content.read()

    def expire(self) -> None:
        """Make every file reference given out so far worthless; the message gives a new one."""
        self.reference = os.urandom(12)

    def attribute(self, name: str) -> Any:
        """Give an attribute by the end of its class name, such as "Video", or None."""
        return next((a for a in self.attributes if type(a).__name__ == f"DocumentAttribute{name}"), None)

    @property
    def name(self) -> str:
        """The file name that people see."""
        return getattr(self.attribute("Filename"), "file_name", "")

    @property
    def kind(self) -> str:
        """What apps show it as: photo, video, round, animation, audio, voice, sticker or document."""
        if self.photo:
            return "photo"
        video, audio = self.attribute("Video"), self.attribute("Audio")
        if self.attribute("Sticker"):
            return "sticker"
        if self.attribute("Animated"):
            return "animation"
        if video:
            return "round" if video.round_message else "video"
        if audio:
            return "voice" if audio.voice else "audio"
        return "document"

    @property
    def width(self) -> int:
        """Width in pixels, 0 where it has none."""
        return self._picture[0]

    @property
    def height(self) -> int:
        """Height in pixels, 0 where it has none."""
        return self._picture[1]

    @cached_property
    def _picture(self) -> tuple[int, int]:
        shape = self.attribute("Video") or self.attribute("ImageSize")
        if shape:
            return shape.w, shape.h
        size = self.content.image_size() if self.photo else None
        return (size[1], size[2]) if size else (0, 0)

    @property
    def duration(self) -> float:
        """Length in seconds, 0 where it has none."""
        return getattr(self.attribute("Video") or self.attribute("Audio"), "duration", 0)


class Files:
    """All files of a world, and those that are being uploaded; `dc` is where new ones are put (None: sender's home)."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="telegram-server-"))
        self.dc: int | None = None
        self.known: dict[int, File] = {}
        self._uploads: dict[tuple[int, int], SmallUpload | BigUpload | Path] = {}
        self._made = 0

    def close(self) -> None:
        """Remove every content from the disk."""
        for upload in self._uploads.values():
            if not isinstance(upload, Path):
                upload.close()
        self._uploads.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _new_path(self) -> Path:
        self._made += 1
        return self.folder / f"{self._made:06d}"

    def keep(self, file: File) -> File:
        """Remember a file."""
        self.known[file.id] = file
        return file

    def content(self, data: bytes | Path) -> Content:
        """Make a content of bytes or of a copied file."""
        path = self._new_path()
        if isinstance(data, Path):
            shutil.copyfile(data, path)
        else:
            path.write_bytes(data)
        return Content(path, path.stat().st_size)

    def add_part(self, user_id: int, file_id: int, part: int, data: bytes, *, big_parts: int | None = None) -> None:
        """Take a part of an upload of this user; `big_parts` is given for big files only."""
        upload = self._uploads.get((user_id, file_id))
        if upload is None:
            path = self._new_path()
            upload = SmallUpload(path) if big_parts is None else BigUpload(path, big_parts)
            self._uploads[user_id, file_id] = upload
        if not isinstance(upload, Path):  # a part that comes once more after all is done changes nothing
            upload.add(part, data)

    def finish_upload(self, user_id: int, given: Any) -> Content:
        """Put the parts named by an InputFile together; it may be used again, as after a lost answer."""
        upload = self._uploads.get((user_id, given.id))
        if upload is None:
            raise RpcError(400, "FILE_PART_0_MISSING")
        if isinstance(upload, Path):
            return Content(upload, upload.stat().st_size)
        path = upload.finish(given.parts, getattr(given, "md5_checksum", ""))
        upload.close()
        self._uploads[user_id, given.id] = path
        return Content(path, path.stat().st_size)

    def find(self, given: Any) -> File:
        """Find the file that an InputDocument or InputPhoto names."""
        file = self.known.get(getattr(given, "id", 0))
        if file is None or file.access_hash != given.access_hash:
            raise RpcError(400, "MEDIA_EMPTY")
        if file.reference != given.file_reference:
            raise RpcError(400, "FILE_REFERENCE_EXPIRED")
        return file


def check_thumb(thumb: Content) -> str:
    """Tell why Telegram would ignore a thumbnail, "" where it takes it."""
    if thumb.size > MAX_THUMB_BYTES:
        return f"{thumb.size} bytes"
    shape = thumb.image_size()
    if shape is None or shape[0] != "JPEG":
        return "not a JPEG" if shape is None else f"{shape[0]}, not JPEG"
    if max(shape[1:]) > MAX_THUMB_SIDE:
        return f"{shape[1]}x{shape[2]} pixels"
    return ""


def check_photo(photo: Content) -> None:
    """Refuse what Telegram doesn't take as a photo."""
    shape = photo.image_size()
    if shape is None:
        raise RpcError(400, "IMAGE_PROCESS_FAILED")
    _, width, height = shape
    if photo.size > MAX_PHOTO_BYTES:
        raise RpcError(400, "PHOTO_SAVE_FILE_INVALID")
    if width + height > MAX_PHOTO_SIDES or max(width, height) > MAX_PHOTO_RATIO * min(width, height):
        raise RpcError(400, "PHOTO_INVALID_DIMENSIONS")


def filename_attribute(name: str) -> Any:
    """Make the attribute that carries a file's name."""
    return T.DocumentAttributeFilename(file_name=name)
