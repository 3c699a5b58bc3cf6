"""Seal small secrets for the database: AES-256-CTR, then HMAC-SHA256 over everything that is stored.

tgcrypto is in the process anyway; the package `cryptography` would cost 7 MB more.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Final

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 16
MAC_BYTES: Final = 32
#: tgcrypto counts the bytes used of the last block in the state; a new stream begins with none
FRESH: Final = b"\x00"


class BrokenSeal(ValueError):
    """Changed, cut, or sealed with another key."""


class Seal:
    """Seals with two keys derived from `secret`; `purpose` keeps one use of the secret apart from every other.

    `secret` must be random itself (a token), because the derivation is fast and gives a guessable one away.
    """

    def __init__(self, secret: str, purpose: str, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._cipher_key = _derive(secret, f"{purpose} cipher")
        self._mac_key = _derive(secret, f"{purpose} mac")
        self._random_bytes = random_bytes

    def seal(self, plain: bytes) -> bytes:
        """Version ‖ nonce ‖ ciphertext ‖ mac; `plain` is not empty."""
        nonce = self._random_bytes(NONCE_BYTES)
        body = VERSION + nonce + self._stream(plain, nonce)
        return body + self._mac(body)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed. Raises BrokenSeal; nothing is decrypted before the mac is found right."""
        body, mac = sealed[:-MAC_BYTES], sealed[-MAC_BYTES:]
        head = len(VERSION) + NONCE_BYTES
        if len(body) <= head or not hmac.compare_digest(mac, self._mac(body)) or body[: len(VERSION)] != VERSION:
            raise BrokenSeal("not sealed with this key")
        return self._stream(body[head:], body[len(VERSION) : head])

    def _stream(self, data: bytes, nonce: bytes) -> bytes:
        import tgcrypto

        return bytes(tgcrypto.ctr256_encrypt(data, self._cipher_key, bytearray(nonce), bytearray(FRESH)))

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._mac_key, body, hashlib.sha256)


def _derive(secret: str, use: str) -> bytes:
    """A key of 32 bytes; HMAC with a secret key is a pseudo-random function (RFC 5869, expand)."""
    return hmac.digest(secret.encode(), f"goldcrest {use}".encode() + b"\x01", hashlib.sha256)
