"""MTProto 2.0 on the wire, the server's side: frames of a TCP stream and encrypted envelopes.

Written after core.telegram.org/mtproto/description and /mtproto-transports; shares no code with the client.
"""

import asyncio
import os
from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import Protocol

import tgcrypto

MAX_FRAME_BYTES = 4 << 20
_ABRIDGED_LONG = 0x7F
_KEY_ID_BYTES, _MSG_KEY_BYTES, _HEADER_BYTES = 8, 16, 32


class WireError(ConnectionError):
    """The other side doesn't speak MTProto as it should; the connection ends."""


class Framing(Protocol):
    """How packets are cut out of a TCP stream."""

    def wrap(self, payload: bytes) -> bytes:
        """Put a length before a packet."""
        ...

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """Give the next packet; asyncio.IncompleteReadError at the end."""
        ...


class Abridged:
    """One length byte in words, four for packets of 508 bytes and more."""

    def wrap(self, payload: bytes) -> bytes:
        """Put a length before a packet."""
        words = len(payload) // 4
        head = bytes([words]) if words < _ABRIDGED_LONG else b"\x7f" + words.to_bytes(3, "little")
        return head + payload

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """Give the next packet."""
        words = (await reader.readexactly(1))[0] & 0x7F  # the top bit only asks for a quick acknowledgement
        if words == _ABRIDGED_LONG:
            words = int.from_bytes(await reader.readexactly(3), "little")
        return await _read_bounded(reader, words * 4)


class Intermediate:
    """Four length bytes."""

    def wrap(self, payload: bytes) -> bytes:
        """Put a length before a packet."""
        return len(payload).to_bytes(4, "little") + payload

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """Give the next packet."""
        return await _read_bounded(reader, int.from_bytes(await reader.readexactly(4), "little") & 0x7FFFFFFF)


async def _read_bounded(reader: asyncio.StreamReader, length: int) -> bytes:
    if length > MAX_FRAME_BYTES:
        raise WireError(f"a packet of {length} bytes")
    return await reader.readexactly(length)


async def greet(reader: asyncio.StreamReader) -> Framing:
    """Read the tag by which a client names its framing."""
    first = await reader.readexactly(1)
    if first == b"\xef":
        return Abridged()
    if first == b"\xee" and await reader.readexactly(3) == b"\xee\xee\xee":
        return Intermediate()
    raise WireError(f"unknown transport {first!r}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an encrypted packet carries."""

    salt: int
    session_id: bytes
    message_id: int
    sequence: int
    body: bytes


def key_id(key: bytes) -> bytes:
    """Give the 8 bytes by which packets name their authorization key."""
    return sha1(key).digest()[-8:]


def derive(key: bytes, message_key: bytes, offset: int) -> tuple[bytes, bytes]:
    """Derive AES key and IV of one packet; offset is 0 from the client and 8 from the server."""
    first = sha256(message_key + key[offset : offset + 36]).digest()
    second = sha256(key[offset + 40 : offset + 76] + message_key).digest()
    return first[:8] + second[8:24] + first[24:32], second[:8] + first[8:24] + second[24:32]


def open_envelope(key: bytes, packet: bytes) -> Envelope:
    """Decrypt a client's packet; WireError where it was not made with this key."""
    message_key = packet[_KEY_ID_BYTES : _KEY_ID_BYTES + _MSG_KEY_BYTES]
    sealed = packet[_KEY_ID_BYTES + _MSG_KEY_BYTES :]
    if not sealed or len(sealed) % 16:
        raise WireError("a packet that is no number of AES blocks")
    data = tgcrypto.ige256_decrypt(sealed, *derive(key, message_key, 0))
    if sha256(key[88:120] + data).digest()[8:24] != message_key:
        raise WireError("a packet made with another key")
    length = int.from_bytes(data[28:32], "little")
    padding = len(data) - _HEADER_BYTES - length
    if not 12 <= padding <= 1024:
        raise WireError(f"a packet with {padding} bytes of padding")
    return Envelope(
        salt=int.from_bytes(data[:8], "little", signed=True),
        session_id=data[8:16],
        message_id=int.from_bytes(data[16:24], "little"),
        sequence=int.from_bytes(data[24:28], "little"),
        body=data[_HEADER_BYTES : _HEADER_BYTES + length],
    )


def seal_envelope(key: bytes, envelope: Envelope) -> bytes:
    """Encrypt a packet for a client."""
    data = b"".join(
        (
            envelope.salt.to_bytes(8, "little", signed=True),
            envelope.session_id,
            envelope.message_id.to_bytes(8, "little"),
            envelope.sequence.to_bytes(4, "little"),
            len(envelope.body).to_bytes(4, "little"),
            envelope.body,
        )
    )
    data += os.urandom(-(len(data) + 12) % 16 + 12)
    message_key = sha256(key[96:128] + data).digest()[8:24]
    sealed: bytes = tgcrypto.ige256_encrypt(data, *derive(key, message_key, 8))
    return key_id(key) + message_key + sealed


def plain_packet(message_id: int, body: bytes) -> bytes:
    """Make an unencrypted packet, as the key exchange uses them."""
    return bytes(8) + message_id.to_bytes(8, "little") + len(body).to_bytes(4, "little") + body
