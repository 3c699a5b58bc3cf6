"""The pieces of a running stream: playlists, keys and segments, none of which is larger in memory than it may be."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from yt_dlp.networking import Request

from platforms.extractor.fetching import within
from platforms.extractor.live_playlist import Resource, Segment
from utils.errors import CutOff, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from platforms.extractor.guard import GuardedYoutubeDL

CHUNK_BYTES: Final = 1 << 16
#: of AES in CBC mode
BLOCK_BYTES: Final = 16
#: playlists, keys and the beginnings of files, which are held in memory
SMALL_BYTES: Final = 4 << 20
#: no segment of a stream is larger (ten seconds of 100 Mbit/s); it goes to the disk as it comes
SEGMENT_BYTES: Final = 128 << 20
#: an encrypted one is held in memory twice
ENCRYPTED_BYTES: Final = 24 << 20

#: Told of the bytes of a segment that have come so far, says whether to go on.
Tick = Callable[[int], bool]


class Abandoned(Exception):
    """A tick said no."""


class Pieces:
    """Fetches for one rendition. `pause_seconds`: the longest wait for a piece of an answer."""

    def __init__(self, ydl: GuardedYoutubeDL, headers: Mapping[str, str], place: Path, pause_seconds: float) -> None:
        self._ydl = ydl
        self._headers = dict(headers)
        self._arriving = place.with_name(f"{place.name}.piece")
        self._pause_seconds = pause_seconds
        self._key: tuple[str, bytes] | None = None

    def text(self, url: str) -> tuple[str, str]:
        """A playlist, and where it was found in the end; all of it within the pause."""
        out = io.BytesIO()
        with within(self._pause_seconds), self._open(Resource(url)) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                out.write(chunk)
                if out.tell() > SMALL_BYTES:
                    raise CutOff("a playlist that doesn't end")
            return out.getvalue().decode("utf-8", "ignore"), answer.url

    def small(self, resource: Resource, tick: Tick) -> bytes:
        """A key, or the beginning of a file."""
        out = io.BytesIO()
        self._pour(resource, out, SMALL_BYTES, tick)
        return out.getvalue()

    def segment(self, segment: Segment, tick: Tick) -> Path:
        """A file with the segment, which the next one overwrites.

        Raises CutOff for half a segment, TooLarge for one that doesn't end, Abandoned where a tick says no.
        """
        bound = ENCRYPTED_BYTES if segment.key else SEGMENT_BYTES
        with self._arriving.open("wb") as out:
            self._pour(segment.resource, out, bound, tick)
        if segment.key is not None:
            if self._key is None or self._key[0] != segment.key.url:
                self._key = segment.key.url, self.small(Resource(segment.key.url), tick)
            content = self._arriving.read_bytes()
            if len(self._key[1]) != BLOCK_BYTES or len(content) % BLOCK_BYTES:
                raise CutOff("an encrypted segment that can't be one")
            iv = segment.key.iv or segment.sequence.to_bytes(BLOCK_BYTES, "big")
            self._arriving.write_bytes(decrypt(content, self._key[1], iv))
        return self._arriving

    def close(self) -> None:
        """Nothing arrives any more."""
        self._arriving.unlink(missing_ok=True)

    def _pour(self, resource: Resource, out: BinaryIO, bound: int, tick: Tick) -> None:
        """All bytes of a resource; no single piece of them may take longer than the pause."""
        with within(self._pause_seconds):
            answer = self._open(resource)
        with answer:
            while True:
                with within(self._pause_seconds):
                    chunk = answer.read(CHUNK_BYTES)
                if not chunk:
                    break
                out.write(chunk)
                if out.tell() > bound:
                    raise TooLarge("a segment that doesn't end", limit_mb=bound >> 20)
                if not tick(out.tell()):
                    raise Abandoned
        promised = answer.headers.get("Content-Length") or ""
        if not out.tell() or (promised.isdigit() and out.tell() < int(promised)):
            raise CutOff("half a segment")

    def _open(self, resource: Resource) -> Any:
        headers = dict(self._headers)
        if resource.span:
            headers["Range"] = f"bytes={resource.span[0]}-{resource.span[1] - 1}"
        return self._ydl.urlopen(Request(resource.url, headers=headers))


def decrypt(content: bytes, key: bytes, iv: bytes) -> bytes:
    """AES-128 in CBC mode, without its padding; by far faster where cryptography is installed. Raises CutOff."""
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        from yt_dlp.aes import aes_cbc_decrypt_bytes

        plain = bytes(aes_cbc_decrypt_bytes(content, key, iv))
    else:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        plain = decryptor.update(content) + decryptor.finalize()
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= BLOCK_BYTES:
        raise CutOff("an encrypted segment that its key doesn't open")
    return plain[:-padding]
