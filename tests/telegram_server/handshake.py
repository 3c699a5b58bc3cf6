"""The key exchange: the server's RSA key and its half of the Diffie-Hellman handshake.

Written after core.telegram.org/mtproto/auth_key. Padding is the older `SHA1 | data | random`, which the client uses.
"""

import functools
import os
import time
from collections.abc import Callable
from hashlib import sha1
from io import BytesIO
from typing import Any

import tgcrypto
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyrogram.raw.core import TLObject

from tests.telegram_server.tl import F, T
from tests.telegram_server.wire import WireError

GENERATOR = 3
# The prime that Telegram's servers use; clients refuse any other.
DH_PRIME = int(
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4dbfa336f6e0ac92513"
    "9543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f642477fe96bb2a941d5bcd1d4ac8cc4988"
    "0708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4"
    "b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f"
    "0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b",
    16,
)
_P, _Q = 1229739323, 1402015859


def tl_bytes(data: bytes) -> bytes:
    """Serialise a byte string as TL does."""
    head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
    return head + data + bytes(-(len(head) + len(data)) % 4)


class RsaKey:
    """The key by which clients know the server."""

    def __init__(self, private: rsa.RSAPrivateKey | None = None) -> None:
        key = private or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = key.private_numbers()
        self.n, self.e = numbers.public_numbers.n, numbers.public_numbers.e
        self._d = numbers.d
        self._public = key.public_key()

    @property
    def fingerprint(self) -> int:
        """The signed 64-bit number that names the key in resPQ."""
        digest = sha1(tl_bytes(self.n.to_bytes(256, "big")) + tl_bytes(self.e.to_bytes(3, "big"))).digest()
        return int.from_bytes(digest[-8:], "little", signed=True)

    def pem(self) -> bytes:
        """Give the public key as PEM (SubjectPublicKeyInfo)."""
        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def decrypt(self, data: bytes) -> bytes:
        """Undo plain RSA, 256 bytes."""
        return pow(int.from_bytes(data, "big"), self._d, self.n).to_bytes(256, "big")


@functools.cache
def process_key() -> RsaKey:
    """Give one key for all servers of a process: making one costs up to a second."""
    return RsaKey()


def temporary_aes(new_nonce: bytes, server_nonce: bytes) -> tuple[bytes, bytes]:
    """Derive AES key and IV that protect the handshake's second half."""
    mixed, turned = sha1(new_nonce + server_nonce).digest(), sha1(server_nonce + new_nonce).digest()
    return mixed + turned[:12], turned[12:] + sha1(new_nonce + new_nonce).digest() + new_nonce[:4]


def _int128(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def _hashed_object(blob: bytes) -> Any:
    """Read an object that stands behind its own SHA1, with padding after it."""
    thing = TLObject.read(BytesIO(blob[20:]))
    if sha1(thing.write()).digest() != blob[:20]:
        raise WireError("a handshake message whose SHA1 is wrong")
    return thing


class Handshake:
    """One key exchange of one connection; calls `keep(key)` when it is done."""

    def __init__(
        self, rsa_key: RsaKey, keep: Callable[[bytes], object], clock: Callable[[], float] = time.time
    ) -> None:
        self._rsa, self._keep, self._clock = rsa_key, keep, clock
        self._nonce = 0
        self._server_nonce = b""
        self._new_nonce = b""
        self._secret = 0

    def answer(self, query: Any) -> Any:
        """Answer one unencrypted request; WireError ends the connection."""
        if isinstance(query, (F.ReqPqMulti, F.ReqPq)):
            return self._begin(query)
        if query.nonce != self._nonce or query.server_nonce != _int128(self._server_nonce):
            raise WireError("a handshake with a foreign nonce")
        if isinstance(query, F.ReqDHParams):
            return self._offer(query)
        if isinstance(query, F.SetClientDHParams):
            return self._finish(query)
        raise WireError(f"{query.QUALNAME} before there is a key")

    def _begin(self, query: Any) -> Any:
        self._nonce, self._server_nonce = query.nonce, os.urandom(16)
        return T.ResPQ(
            nonce=query.nonce,
            server_nonce=_int128(self._server_nonce),
            pq=(_P * _Q).to_bytes(8, "big"),
            server_public_key_fingerprints=[self._rsa.fingerprint],
        )

    def _offer(self, query: Any) -> Any:
        inner = _hashed_object(self._rsa.decrypt(query.encrypted_data)[1:])
        if int.from_bytes(inner.p, "big") != _P or int.from_bytes(inner.q, "big") != _Q:
            raise WireError("a handshake with wrong factors")
        self._new_nonce = inner.new_nonce.to_bytes(32, "little", signed=True)
        self._secret = int.from_bytes(os.urandom(256), "big")
        answer = T.ServerDHInnerData(
            nonce=query.nonce,
            server_nonce=query.server_nonce,
            g=GENERATOR,
            dh_prime=DH_PRIME.to_bytes(256, "big"),
            g_a=pow(GENERATOR, self._secret, DH_PRIME).to_bytes(256, "big"),
            server_time=int(self._clock()),
        ).write()
        blob = sha1(answer).digest() + answer
        blob += os.urandom(-len(blob) % 16)
        key, iv = temporary_aes(self._new_nonce, self._server_nonce)
        return T.ServerDHParamsOk(
            nonce=query.nonce,
            server_nonce=query.server_nonce,
            encrypted_answer=tgcrypto.ige256_encrypt(blob, key, iv),
        )

    def _finish(self, query: Any) -> Any:
        blob = tgcrypto.ige256_decrypt(query.encrypted_data, *temporary_aes(self._new_nonce, self._server_nonce))
        inner = _hashed_object(blob)
        key = pow(int.from_bytes(inner.g_b, "big"), self._secret, DH_PRIME).to_bytes(256, "big")
        self._keep(key)
        proof = sha1(self._new_nonce + b"\x01" + sha1(key).digest()[:8]).digest()[4:20]
        return T.DhGenOk(nonce=query.nonce, server_nonce=query.server_nonce, new_nonce_hash1=_int128(proof))
