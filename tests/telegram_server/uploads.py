"""Uploads: the parts of a file in any order, some of them twice, until a message puts them together."""

import hashlib
import os
from pathlib import Path

from tests.telegram_server.faults import RpcError

MAX_PART_BYTES = 512 << 10
MAX_PARTS = 4000
MAX_SMALL_BYTES = 10 << 20


def _check_part(part: int, data: bytes, parts: int) -> None:
    if not data:
        raise RpcError(400, "FILE_PART_EMPTY")
    if len(data) > MAX_PART_BYTES:
        raise RpcError(400, "FILE_PART_SIZE_INVALID")
    if not 0 <= part < parts:
        raise RpcError(400, "FILE_PART_INVALID")


def _check_part_size(size: int) -> None:
    if size % 1024 or MAX_PART_BYTES % size:
        raise RpcError(400, "FILE_PART_SIZE_INVALID")


def _check_complete(have: set[int], parts: int) -> None:
    if not 0 < parts <= MAX_PARTS:
        raise RpcError(400, "FILE_PARTS_INVALID")
    missing = set(range(parts)) - have
    if missing:
        raise RpcError(400, f"FILE_PART_{min(missing)}_MISSING")
    if len(have) != parts:
        raise RpcError(400, "FILE_PARTS_INVALID")


class SmallUpload:
    """A file of up to 10 MB, by upload.saveFilePart: none of its parts tells how many there will be."""

    def __init__(self, path: Path) -> None:
        self._path, self._parts = path, dict[int, bytes]()

    def add(self, part: int, data: bytes) -> None:
        """Keep a part; RpcError where it can't belong to any file."""
        _check_part(part, data, MAX_PARTS)
        self._parts[part] = data

    def finish(self, parts: int, md5: str) -> Path:
        """Write the whole file; RpcError where parts are missing or unequal, or the checksum is another one."""
        _check_complete(set(self._parts), parts)
        if parts > 1:
            _check_part_size(len(self._parts[0]))
        if any(len(self._parts[part]) != len(self._parts[0]) for part in range(parts - 1)):
            raise RpcError(400, "FILE_PART_SIZE_CHANGED")
        data = b"".join(self._parts[part] for part in range(parts))
        if len(data) > MAX_SMALL_BYTES:
            raise RpcError(400, "FILE_PART_TOO_BIG")
        if md5 and hashlib.md5(data).hexdigest() != md5:
            raise RpcError(400, "MD5_CHECKSUM_INVALID")
        self._path.write_bytes(data)
        return self._path

    def close(self) -> None:
        """Forget the parts."""
        self._parts.clear()


class BigUpload:
    """A file of up to 2,000 MB, by upload.saveBigFilePart: parts go to their place on the disk at once."""

    def __init__(self, path: Path, parts: int) -> None:
        if not 0 < parts <= MAX_PARTS:
            raise RpcError(400, "FILE_PARTS_INVALID")
        self._path, self._total = path, parts
        self._part_bytes = 0
        self._have: set[int] = set()
        self._early_end: bytes | None = None
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def add(self, part: int, data: bytes) -> None:
        """Write a part; RpcError where it doesn't fit the others."""
        _check_part(part, data, self._total)
        last = part == self._total - 1
        if not last and len(data) != self._part_bytes:
            if self._part_bytes:
                raise RpcError(400, "FILE_PART_SIZE_CHANGED")
            _check_part_size(len(data))
            self._part_bytes = len(data)
        if last and self._part_bytes and len(data) > self._part_bytes:
            raise RpcError(400, "FILE_PART_SIZE_CHANGED")
        self._have.add(part)
        if last and part and not self._part_bytes:
            self._early_end = data  # its place depends on the length of the others
            return
        os.pwrite(self._file, data, part * self._part_bytes)
        if self._early_end is not None:
            os.pwrite(self._file, self._early_end, (self._total - 1) * self._part_bytes)
            self._early_end = None

    def finish(self, parts: int, md5: str) -> Path:
        """Give the whole file; RpcError where parts are missing. Big files carry no checksum."""
        if parts != self._total or md5:
            raise RpcError(400, "FILE_PARTS_INVALID")
        _check_complete(self._have, parts)
        return self._path

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
