"""The public key of another server."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot.server_key import fingerprint, public_key, trust_key_file
from utils.errors import ConfigError

FORMS = (serialization.PublicFormat.PKCS1, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048).public_key()


@pytest.mark.parametrize("form", FORMS)
def test_both_usual_forms_are_read(key, form):
    """What openssl writes, with either heading."""
    text = key.public_bytes(serialization.Encoding.PEM, form).decode()
    numbers = key.public_numbers()
    assert public_key(f"a comment\n{text}") == (numbers.n, numbers.e)


def test_telegrams_own_key_has_its_known_fingerprint():
    """Pyrogram's table and our reckoning agree on every key in it."""
    from pyrogram.crypto.rsa import server_public_keys

    for number, known in list(server_public_keys.items())[:2]:
        assert fingerprint(known.m, known.e) == number


def pem(data):
    return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(data).decode()}\n-----END PUBLIC KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----",
        pem(b""),
        pem(b"\x30"),
        pem(b"\x30\x05\x02\x01"),
        pem(b"\x31\x03\x02\x01\x01"),
        pem(b"\x30\x03\x02\x01\x01"),
        pem(b"\x30\x06\x02\x01\x01\x04\x01\x01"),
        pem(b"\x30\x04\x30\x00\x05\x00"),
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ],
)
def test_anything_else_is_refused_with_the_setting(text, tmp_path):
    """No traceback from inside: one line that names the setting and the file."""
    with pytest.raises(ValueError):
        public_key(text)
    path = tmp_path / "key.pem"
    path.write_text(text)
    with pytest.raises(ConfigError, match="TELEGRAM_SERVER_KEY"):
        trust_key_file(path)


def test_a_missing_file_is_refused_with_the_setting(tmp_path):
    """The same for a path that leads nowhere."""
    with pytest.raises(ConfigError, match="TELEGRAM_SERVER_KEY"):
        trust_key_file(tmp_path / "none.pem")


def test_a_trusted_key_is_known_to_pyrogram(key, tmp_path, monkeypatch):
    """Under its fingerprint."""
    from pyrogram.crypto import rsa as table

    monkeypatch.setattr(table, "server_public_keys", {})
    path = tmp_path / "key.pem"
    path.write_bytes(key.public_bytes(serialization.Encoding.PEM, FORMS[0]))
    trust_key_file(path)
    (known,) = table.server_public_keys.values()
    assert (known.m, known.e) == (key.public_numbers().n, 65537)
