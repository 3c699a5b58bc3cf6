"""Pictures of probed media for the web page, fetched through the extractor and kept in a small folder."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from utils.errors import NotAMedia, NotFound
from utils.single_flight import SingleFlight

#: larger pictures are not worth their traffic for a card of 320 px
PICTURE_BYTES: Final = 2 << 20
#: pictures kept on disk, the least recently shown leaves first
PICTURES: Final = 64
#: first bytes -> type; anything else (SVG, a page) could run a script in the visitor's browser
SIGNATURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)
WEBP: Final = (b"RIFF", b"WEBP")


class Reader(Protocol):
    """What reads a small resource through the egress proxy (`platforms.extractor.host.ExtractorHost`)."""

    async def read(self, url: str, path: Path, max_bytes: int) -> str:
        """Write what stands behind a URL to `path`; its content type. Raises a GoldcrestError."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on disk and its type."""

    path: Path
    mime: str


class Thumbnails:
    """Pictures by their URL. The folder is its own; what an earlier process left in it is removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._reads: SingleFlight[Picture] = SingleFlight()
        self._swept = False
        self._sweeping = asyncio.Lock()

    async def get(self, url: str | None, reader: Reader) -> Picture:
        """The picture behind a probed medium's thumbnail URL. Raises NotFound, NotAMedia, or what the fetch raised."""
        if not url:
            raise NotFound("no thumbnail")
        if (kept := self._kept.get(url)) is not None:
            self._kept.move_to_end(url)
            return kept
        return await self._reads.run(url, lambda: self._read(url, reader))

    async def _read(self, url: str, reader: Reader) -> Picture:
        async with self._sweeping:  # a second sweep beside the first would take what was just fetched
            await asyncio.to_thread(self._prepare)
        path = self._folder / hashlib.sha256(url.encode()).hexdigest()
        try:
            await reader.read(url, path, PICTURE_BYTES)
            mime = await asyncio.to_thread(_mime, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._kept[url] = picture = Picture(path, mime)
        while len(self._kept) > PICTURES:
            _, oldest = self._kept.popitem(last=False)
            oldest.path.unlink(missing_ok=True)
        return picture

    def _prepare(self) -> None:
        if not self._swept:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._swept = True
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _mime(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(12)
    for signature, mime in SIGNATURES:
        if start.startswith(signature):
            return mime
    if (start[:4], start[8:12]) == WEBP:
        return "image/webp"
    raise NotAMedia("thumbnail is no picture")
