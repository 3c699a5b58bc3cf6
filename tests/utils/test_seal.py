"""Sealing small secrets."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from utils.seal import BrokenSeal, Seal

SECRET = "123456:the-token-of-a-bot"


@given(st.binary(min_size=1, max_size=2000))
def test_what_is_sealed_comes_back(plain):
    """Any bytes survive, and don't stand in the sealed form."""
    seal = Seal(SECRET, "test")
    sealed = seal.seal(plain)
    assert seal.open(sealed) == plain
    assert len(sealed) == len(plain) + 49
    assert len(plain) < 4 or plain not in sealed


@given(st.data())
def test_any_change_is_found(data):
    """One flipped bit, a cut or an addition anywhere breaks the seal."""
    seal = Seal(SECRET, "test")
    sealed = seal.seal(b"the session")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    cut = data.draw(st.integers(0, len(sealed) - 1))
    for broken in (bytes(changed), sealed[:cut], sealed + b"\0", b"", bytes(49)):
        with pytest.raises(BrokenSeal):
            seal.open(broken)


def test_another_secret_or_purpose_does_not_open_it():
    """Keys follow the secret and the purpose."""
    sealed = Seal(SECRET, "test").seal(b"the session")
    for other in (Seal(SECRET + "x", "test"), Seal(SECRET, "other")):
        with pytest.raises(BrokenSeal):
            other.open(sealed)


def test_another_version_is_not_opened():
    """A form that a later release writes is refused, though its mac is right."""
    seal = Seal(SECRET, "test")
    body = b"\x02" + seal.seal(b"x")[1:-32]
    with pytest.raises(BrokenSeal):
        seal.open(body + seal._mac(body))


def test_no_two_seals_are_alike():
    """A fresh nonce every time."""
    seal = Seal(SECRET, "test")
    assert len({seal.seal(b"the session") for _ in range(50)}) == 50


def test_it_is_what_it_says():
    """A second implementation (OpenSSL's AES-CTR, HMAC by the standard library) opens it."""
    sealed = Seal(SECRET, "test", random_bytes=lambda count: bytes(range(count))).seal(b"the session" * 9)

    def key(use: str) -> bytes:
        return hmac.new(SECRET.encode(), f"goldcrest test {use}\x01".encode(), hashlib.sha256).digest()

    assert sealed[:17] == b"\x01" + bytes(range(16))
    assert hmac.new(key("mac"), sealed[:-32], hashlib.sha256).digest() == sealed[-32:]
    decryptor = Cipher(algorithms.AES256(key("cipher")), modes.CTR(sealed[1:17])).decryptor()
    assert decryptor.update(sealed[17:-32]) == b"the session" * 9
