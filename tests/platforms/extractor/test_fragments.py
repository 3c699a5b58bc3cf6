"""Fragments on their way into the file: as they are, or opened with their key piece by piece."""

import io

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from platforms.extractor import fragments
from platforms.extractor.fragments import Arrived, InPieces
from utils.errors import CutOff

KEY, IV = bytes(range(16)), bytes(range(16, 32))


class Site:
    """In place of YoutubeDL: hands out keys and counts how often."""

    def __init__(self):
        self.asked = []

    def urlopen(self, request):
        self.asked.append(request)
        return io.BytesIO(KEY)


def locked(plain):
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def downloader():
    made = InPieces.__new__(InPieces)
    made.ydl = Site()
    return made


@pytest.mark.parametrize("size", [1, 15, 16, 31, 32, 33, 64, 100])
def test_an_encrypted_fragment_is_opened_piece_by_piece(tmp_path, monkeypatch, size):
    """Pieces, blocks and padding may end anywhere."""
    monkeypatch.setattr(fragments, "PIECE_BYTES", 32)
    plain = bytes(number % 251 for number in range(size))
    (tmp_path / "f").write_bytes(locked(plain))
    assert b"".join(Arrived(tmp_path / "f", KEY, IV).pieces()) == plain


@pytest.mark.parametrize(("content", "key"), [(bytes(17), KEY), (bytes(16), KEY[:5]), (bytes(16), KEY)])
def test_what_the_key_does_not_open_is_cut_off(tmp_path, content, key):
    """Half a block, half a key, another key."""
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(CutOff):
        list(Arrived(tmp_path / "f", key, IV).pieces())


def test_a_fragment_without_a_key_comes_as_it_is(tmp_path, monkeypatch):
    """No piece is larger than it may be."""
    monkeypatch.setattr(fragments, "PIECE_BYTES", 32)
    (tmp_path / "f").write_bytes(b"x" * 70)
    assert [len(piece) for piece in Arrived(tmp_path / "f").pieces()] == [32, 32, 6]


def test_a_key_is_asked_for_once(tmp_path):
    """Playlists name it for each fragment anew; without a vector the number of the fragment is one."""
    made = downloader()
    unlock = made.decrypter({})
    arrived = Arrived(tmp_path / "f")
    lock = {"METHOD": "AES-128", "URI": "https://a.test/key"}
    first = unlock({"decrypt_info": lock, "media_sequence": 258}, arrived)
    assert (first.key, first.iv) == (KEY, bytes(14) + b"\x01\x02")
    assert unlock({"decrypt_info": {**lock, "IV": IV}, "media_sequence": 1}, arrived).iv == IV
    assert unlock({"decrypt_info": {**lock, "KEY": IV}, "media_sequence": 1}, arrived).key == IV
    assert made.ydl.asked == ["https://a.test/key"]
    assert unlock({"decrypt_info": {"METHOD": "NONE"}}, arrived) == arrived
    assert unlock({"decrypt_info": lock}, None) is None


def test_nothing_that_came_is_no_fragment(tmp_path):
    """An empty file, or none at all."""
    made = downloader()
    (tmp_path / "f").touch()
    assert made._read_fragment({"fragment_filename_sanitized": str(tmp_path / "f")}) is None
    assert made._read_fragment({}) is None
