"""Carry a file to Telegram in parts, several connections side by side; how long that takes is the caller's to show."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from pyrogram import raw

from bot.calls import ask
from bot.tasks import end
from utils.errors import TelegramRefused

if TYPE_CHECKING:
    from bot.calls import Calls

log = structlog.get_logger()
#: Telegram's largest part, and the size from which a file is sent in the other way (core.telegram.org/api/files)
PART_BYTES: Final = 512 * 1024
BIG_BYTES: Final = 10 * 1024 * 1024
#: parts under way on each connection: the next travels while one is acknowledged
PARTS_PER_STREAM: Final = 2
PART_SECONDS: Final = 60.0
PART_TRIES: Final = 5
#: a FLOOD_WAIT on a part that is longer ends the upload
PATIENCE_SECONDS: Final = 120.0
CLOSE_SECONDS: Final = 2.0

OnBytes = Callable[[int, int], None]


class Uploader:
    """`streams`: connections for a big file; a small one goes over the one that is open anyway."""

    def __init__(self, calls: Calls, streams: int, randbits: Callable[[int], int] = secrets.randbits) -> None:
        self._calls = calls
        self._streams = streams
        self._randbits = randbits

    async def upload(self, path: Path, name: str, on_bytes: OnBytes = lambda _done, _total: None) -> Any:
        """All parts of a file; the raw input file. `on_bytes(done, total)` after each part. Raises TelegramRefused."""
        transfer = _Transfer(self._calls, file_id=self._randbits(62), path=path, name=name, on_bytes=on_bytes)
        return await transfer.run(self._streams)


class _Transfer:
    """One file under way."""

    def __init__(self, calls: Calls, *, file_id: int, path: Path, name: str, on_bytes: OnBytes) -> None:
        self._calls = calls
        self._file_id = file_id
        self._path = path
        self._name = name
        self._on_bytes = on_bytes
        self._size = path.stat().st_size
        self._parts = -(-self._size // PART_BYTES)
        self._big = self._size > BIG_BYTES
        self._done = 0

    async def run(self, streams: int) -> Any:
        client = await self._calls.client()
        handle = await asyncio.to_thread(os.open, self._path, os.O_RDONLY)
        numbers = iter(range(self._parts))
        tasks = [
            asyncio.create_task(self._stream(client, handle, numbers, shared=number == 0), name="upload stream")
            for number in range(streams if self._big else 1)
        ]
        try:
            await asyncio.gather(*tasks)
        except TelegramRefused:
            raise
        except Exception as error:
            raise self._calls.refused(error) from error
        finally:
            await end(*tasks)
            os.close(handle)
        if self._done != self._size:
            raise TelegramRefused("UPLOAD_INCOMPLETE")
        if self._big:
            return raw.types.InputFileBig(id=self._file_id, parts=self._parts, name=self._name)
        digest = await asyncio.to_thread(_md5, self._path)
        return raw.types.InputFile(id=self._file_id, parts=self._parts, name=self._name, md5_checksum=digest)

    async def _stream(self, client: Any, handle: int, numbers: Iterator[int], *, shared: bool) -> None:
        """Take parts as long as there are any, over one connection."""
        dc_id = await client.storage.dc_id()
        try:
            session = await client.get_session(dc_id, is_media=True, temporary=not shared)
        except Exception as error:  # an additional connection is a convenience
            if shared:
                raise
            log.info("upload.stream_refused", error=type(error).__name__)
            return
        workers = [
            asyncio.create_task(self._work(session, handle, numbers), name="upload part")
            for _ in range(PARTS_PER_STREAM)
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            await end(*workers)
            if not shared:
                with contextlib.suppress(Exception):  # it is over; what is left of it ends with the line
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await session.stop()

    async def _work(self, session: Any, handle: int, numbers: Iterator[int]) -> None:
        for number in numbers:
            data = await asyncio.to_thread(os.pread, handle, PART_BYTES, number * PART_BYTES)
            await self._send(session, self._query(number, data))
            self._done += len(data)
            self._on_bytes(self._done, self._size)

    async def _send(self, session: Any, query: Any) -> None:
        calls = self._calls
        await calls.paced(lambda: ask(session, query, PART_SECONDS), calls.parts, PATIENCE_SECONDS, PART_TRIES)

    def _query(self, number: int, data: bytes) -> Any:
        if self._big:
            return raw.functions.upload.SaveBigFilePart(
                file_id=self._file_id, file_part=number, file_total_parts=self._parts, bytes=data
            )
        return raw.functions.upload.SaveFilePart(file_id=self._file_id, file_part=number, bytes=data)


def _md5(path: Path) -> str:
    """The checksum that Telegram wants of a small file."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
