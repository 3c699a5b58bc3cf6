"""Fragments of HLS and DASH go into the file in pieces: one of any size takes no more memory than a small one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from yt_dlp.aes import aes_cbc_decrypt_bytes
from yt_dlp.downloader.fragment import FragmentFD

from utils.errors import CutOff

#: Held in memory of a fragment; yt-dlp's own AES takes some thirty times that while it works on a piece.
PIECE_BYTES: Final = 1 << 16
#: of AES in CBC mode
BLOCK_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Arrived:
    """A fragment on the disk, encrypted where it has a key."""

    path: Path
    key: bytes = b""
    iv: bytes = b""

    def pieces(self) -> Iterator[bytes]:
        """What belongs into the film. Raises CutOff for a fragment that its key doesn't open."""
        with self.path.open("rb") as file:
            if not self.key:
                while piece := file.read(PIECE_BYTES):
                    yield piece
                return
            if self.path.stat().st_size % BLOCK_BYTES or len(self.key) != BLOCK_BYTES:
                raise CutOff("an encrypted fragment that can't be one")
            iv, piece = self.iv, file.read(PIECE_BYTES)
            while piece:
                following = file.read(PIECE_BYTES)
                plain = bytes(aes_cbc_decrypt_bytes(piece, self.key, iv))
                yield plain if following else _without_padding(plain)
                iv, piece = piece[-BLOCK_BYTES:], following


class InPieces(FragmentFD):
    """Takes the place of the methods that hand fragments on as bytes; a mixin before HLS or DASH."""

    def decrypter(self, info_dict: dict[str, Any]) -> Callable[[Mapping[str, Any], Arrived | None], Arrived | None]:
        """What gives an encrypted fragment its key."""
        keys: dict[str, bytes] = {}

        def key_at(url: str) -> bytes:
            if url not in keys:
                keys[url] = bytes(self.ydl.urlopen(self._prepare_url(info_dict, url)).read())
            return keys[url]

        def unlock(fragment: Mapping[str, Any], arrived: Arrived | None) -> Arrived | None:
            lock = fragment.get("decrypt_info") or {}
            if arrived is None or lock.get("METHOD") != "AES-128":
                return arrived
            key = lock.get("KEY") or key_at((info_dict.get("hls_aes") or {}).get("uri") or lock["URI"])
            return replace(
                arrived, key=key, iv=lock.get("IV") or fragment["media_sequence"].to_bytes(BLOCK_BYTES, "big")
            )

        return unlock

    def _read_fragment(self, ctx: dict[str, Any]) -> Arrived | None:
        name = ctx.get("fragment_filename_sanitized")
        path = Path(name) if name else None
        return Arrived(path) if path is not None and path.stat().st_size else None

    def _append_fragment(self, ctx: dict[str, Any], frag_content: Arrived) -> None:
        for piece in frag_content.pieces():
            ctx["dest_stream"].write(piece)
        super()._append_fragment(ctx, b"")  # flushes, notes the place and takes the fragment away


def _without_padding(plain: bytes) -> bytes:
    padding = plain[-1]
    if not 1 <= padding <= BLOCK_BYTES:
        raise CutOff("an encrypted fragment that its key doesn't open")
    return plain[:-padding]
