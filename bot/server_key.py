"""The public key of another Telegram server, read from a PEM file."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from utils.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PEM: Final = re.compile(r"-----BEGIN (?:RSA )?PUBLIC KEY-----(.+?)-----END", re.DOTALL)
DER_SEQUENCE: Final = 0x30
DER_INTEGER: Final = 0x02
DER_BIT_STRING: Final = 0x03
DER_LONG: Final = 0x80


def trust_key_file(path: Path) -> None:
    """Have pyrogram accept the server with that key. Raises ConfigError where the file holds none."""
    from pyrogram.crypto import rsa

    try:
        modulus, exponent = public_key(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"TELEGRAM_SERVER_KEY = {path} holds no RSA public key in PEM form") from error
    rsa.server_public_keys[fingerprint(modulus, exponent)] = rsa.PublicKey(modulus, exponent)


def fingerprint(modulus: int, exponent: int) -> int:
    """Telegram's name for a key: the last 8 bytes of the SHA-1 over both numbers as TL bytes.

    Source: core.telegram.org/mtproto/auth_key.
    """
    from pyrogram.raw.core import Bytes

    both = b"".join(Bytes(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (modulus, exponent))
    return int.from_bytes(hashlib.sha1(both).digest()[-8:], "little", signed=True)  # noqa: S324 - Telegram's choice


def public_key(text: str) -> tuple[int, int]:
    """Modulus and exponent of a PEM text, either of the two usual forms (RFC 8017, RFC 5280). Raises ValueError."""
    found = PEM.search(text)
    if found is None:
        raise ValueError("no PEM text")
    (parts,) = _parts(base64.b64decode(found[1]), DER_SEQUENCE)
    first, second = _parts(parts)
    if first[0] == DER_SEQUENCE and second[0] == DER_BIT_STRING:
        # an algorithm, then the key inside a bit string, whose first byte counts spare bits
        (inner,) = _parts(second[1][1:], DER_SEQUENCE)
        first, second = _parts(inner)
    if (first[0], second[0]) != (DER_INTEGER, DER_INTEGER):
        raise ValueError("no numbers")
    return int.from_bytes(first[1], "big"), int.from_bytes(second[1], "big")


def _parts(data: bytes, tag: int | None = None) -> list[Any]:
    """The values that follow each other in DER, as (tag, content); with `tag` their contents, all of which have it."""
    found: list[Any] = []
    while data:
        head = 2
        if len(data) < head:
            raise ValueError("cut")
        size = data[1]
        if size & DER_LONG:
            head += size & ~DER_LONG
            size = int.from_bytes(data[2:head], "big")
        content = data[head : head + size]
        if len(content) != size or (tag is not None and data[0] != tag):
            raise ValueError("not what was expected")
        found.append(content if tag is not None else (data[0], content))
        data = data[head + size :]
    return found
