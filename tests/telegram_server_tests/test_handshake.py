"""The key exchange against published values, and against a client written here without the library's TL code."""

import asyncio
import hashlib
import math
import os
from pathlib import Path
from typing import Any

import pytest
import tgcrypto
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pyrogram.crypto import rsa as published_keys

from tests.telegram_server.handshake import RsaKey, process_key, temporary_aes, tl_bytes
from tests.telegram_server.harness import Telegram

# core.telegram.org/mtproto/samples-auth_key
NONCE = bytes.fromhex("3E0549828CCA27E966B301A48FECE2FC")
SERVER_NONCE = bytes.fromhex("A5CF4D33F4A11EA877BA4AA573907330")
NEW_NONCE = bytes.fromhex("311C85DB234AA2640AFC4A76A735CF5B1F0FD68BD17FA181E1229AD867CC024D")
ENCRYPTED_ANSWER_START = bytes.fromhex(
    "28A92FE20173B347A8BB324B5FAB2667C9A8BBCE6468D5B509A4CBDDC186240AC912CF7006AF8926DE606A2E74C0493C"
)


def test_temporary_keys_are_those_of_the_published_sample() -> None:
    """Key and IV of Telegram's own example come out, and its encrypted answer opens with them."""
    key, iv = temporary_aes(NEW_NONCE, SERVER_NONCE)
    assert key.hex().upper() == "F011280887C7BB01DF0FC4E17830E0B91FBB8BE4B2267CB985AE25F33B527253"
    assert iv.hex().upper() == "3212D579EE35452ED23E0D0C92841AA7D31B2E9BDEF2151E80D15860311C85DB"
    answer = tgcrypto.ige256_decrypt(ENCRYPTED_ANSWER_START, key, iv)
    assert answer[20:24] == bytes.fromhex("BA0D89B5")
    assert answer[24:40] == NONCE


def test_fingerprints_are_computed_as_telegram_s_are() -> None:
    """Every public key that Telegram has published gets the fingerprint under which clients know it."""
    known = [(f, key) for f, key in published_keys.server_public_keys.items() if f != process_key().fingerprint]
    assert len(known) >= 5
    for fingerprint, key in known:
        digest = hashlib.sha1(tl_bytes(key.m.to_bytes(256, "big")) + tl_bytes(key.e.to_bytes(3, "big"))).digest()
        assert int.from_bytes(digest[-8:], "little", signed=True) == fingerprint


def test_the_key_file_names_the_same_key(telegram: Telegram) -> None:
    """TELEGRAM_SERVER_KEY is an ordinary PEM public key."""
    key = public_key(telegram.key_file)
    assert (key.public_numbers().n, key.public_numbers().e) == (telegram.server.rsa.n, telegram.server.rsa.e)


def test_a_new_key_opens_what_its_public_half_closed() -> None:
    """Plain RSA both ways, for a key of its own."""
    key = RsaKey()
    secret = b"\0" + os.urandom(255)
    closed = pow(int.from_bytes(secret, "big"), key.e, key.n).to_bytes(256, "big")
    assert key.decrypt(closed) == secret


def public_key(path: Path) -> RSAPublicKey:
    key = load_pem_public_key(path.read_bytes())
    assert isinstance(key, RSAPublicKey)
    return key


def factor(number: int) -> tuple[int, int]:
    """Find two prime factors (Pollard's rho)."""
    x = y = 2
    divisor = 1
    while divisor == 1:
        x = (x * x + 1) % number
        y = (y * y + 1) % number
        y = (y * y + 1) % number
        divisor = math.gcd(abs(x - y), number)
    return min(divisor, number // divisor), max(divisor, number // divisor)


class Newcomer:
    """A client with no key yet; every byte by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.nonce, self.new_nonce = os.urandom(16), os.urandom(32)
        self.server_nonce = b""
        writer.write(b"\xee" * 4)

    async def ask(self, constructor: str, *fields: bytes) -> bytes:
        """Send a request, give the answer's body behind its constructor."""
        body = bytes.fromhex(constructor)[::-1] + b"".join(fields)
        packet = bytes(8) + (4).to_bytes(8, "little") + len(body).to_bytes(4, "little") + body
        self.writer.write(len(packet).to_bytes(4, "little") + packet)
        size = int.from_bytes(await self.reader.readexactly(4), "little")
        return (await self.reader.readexactly(size))[20:]

    async def begin(self) -> tuple[int, int, int]:
        """Ask for pq; give its factors and the key's fingerprint."""
        answer = await self.ask("be7e8ef1", self.nonce)
        assert answer[:4] == bytes.fromhex("05162463")[::-1]
        assert answer[4:20] == self.nonce
        self.server_nonce = answer[20:36]
        assert answer[36] == 8
        fingerprint = int.from_bytes(answer[56:64], "little", signed=True)
        return *factor(int.from_bytes(answer[37:45], "big")), fingerprint

    def inner(self, p: int, q: int) -> bytes:
        """Make p_q_inner_data with its hash and padding."""
        numbers = [tl_bytes(n.to_bytes(size, "big")) for n, size in ((p * q, 8), (p, 4), (q, 4))]
        data = bytes.fromhex("83c95aec")[::-1] + b"".join(numbers) + self.nonce + self.server_nonce + self.new_nonce
        blob = hashlib.sha1(data).digest() + data
        return blob + os.urandom(255 - len(blob))

    async def offer(self, key: RSAPublicKey, p: int, q: int, fingerprint: int, inner: bytes) -> bytes:
        """Send the encrypted new nonce; give the server's half, decrypted."""
        numbers = key.public_numbers()
        closed = pow(int.from_bytes(inner, "big"), numbers.e, numbers.n).to_bytes(256, "big")
        answer = await self.ask(
            "d712e4be",
            self.nonce,
            self.server_nonce,
            tl_bytes(p.to_bytes(4, "big")),
            tl_bytes(q.to_bytes(4, "big")),
            fingerprint.to_bytes(8, "little", signed=True),
            tl_bytes(closed),
        )
        assert answer[:4] == bytes.fromhex("d0e8075c")[::-1]
        size = int.from_bytes(answer[37:40], "little")
        return bytes(tgcrypto.ige256_decrypt(answer[40 : 40 + size], *self.aes()))

    def aes(self) -> tuple[bytes, bytes]:
        """Derive the temporary key as the documentation says."""
        new, server = self.new_nonce, self.server_nonce
        key = hashlib.sha1(new + server).digest() + hashlib.sha1(server + new).digest()[:12]
        return key, hashlib.sha1(server + new).digest()[12:] + hashlib.sha1(new + new).digest() + new[:4]


@pytest.fixture
async def newcomer(telegram: Telegram) -> Any:
    host, port = telegram.server.address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield Newcomer(reader, writer)
    writer.close()
    await writer.wait_closed()


async def test_a_client_written_by_hand_agrees_on_a_key(telegram: Telegram, newcomer: Newcomer) -> None:
    """Both sides end with the same key, and dh_gen_ok proves it."""
    p, q, fingerprint = await newcomer.begin()
    inner = newcomer.inner(p, q)
    answer = await newcomer.offer(public_key(telegram.key_file), p, q, fingerprint, inner)
    assert answer[20:24] == bytes.fromhex("b5890dba")[::-1]
    g = int.from_bytes(answer[56:60], "little")
    prime, g_a = int.from_bytes(answer[64:320], "big"), int.from_bytes(answer[324:580], "big")
    assert answer[:20] == hashlib.sha1(answer[20:584]).digest()
    b = int.from_bytes(os.urandom(256), "big")
    g_b = pow(g, b, prime).to_bytes(256, "big")
    data = bytes.fromhex("6643b654")[::-1] + newcomer.nonce + newcomer.server_nonce + bytes(8) + tl_bytes(g_b)
    blob = hashlib.sha1(data).digest() + data
    blob += os.urandom(-len(blob) % 16)
    sealed = tgcrypto.ige256_encrypt(blob, *newcomer.aes())
    done = await newcomer.ask("f5045f1f", newcomer.nonce, newcomer.server_nonce, tl_bytes(sealed))
    assert done[:4] == bytes.fromhex("3bcbf734")[::-1]
    key = pow(g_a, b, prime).to_bytes(256, "big")
    proof = hashlib.sha1(newcomer.new_nonce + b"\x01" + hashlib.sha1(key).digest()[:8]).digest()[4:20]
    assert done[36:52] == proof
    assert [known.key for known in telegram.server.keys.values()] == [key]


@pytest.mark.parametrize("wrong", ["factors", "hash", "nonce"])
async def test_a_wrong_handshake_ends_the_connection(telegram: Telegram, newcomer: Newcomer, wrong: str) -> None:
    """Wrong factors, a wrong hash or a foreign nonce lead to no key."""
    p, q, fingerprint = await newcomer.begin()
    inner = newcomer.inner(p + 2, q) if wrong == "factors" else newcomer.inner(p, q)
    if wrong == "hash":
        inner = bytes(20) + inner[20:]
    if wrong == "nonce":
        newcomer.server_nonce = bytes(16)
    with pytest.raises(asyncio.IncompleteReadError):
        await newcomer.offer(public_key(telegram.key_file), p, q, fingerprint, inner)
    assert telegram.server.keys == {}
