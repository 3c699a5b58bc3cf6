"""Titles as file names: safe everywhere, readable where they can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.filenames import NAME_BYTES, ascii_name, file_name


@pytest.mark.parametrize(
    ("title", "extension", "note", "name"),
    [
        ("A bird", "mp4", "", "A bird.mp4"),
        ("A bird", ".MP4", "720p", "A bird (720p).mp4"),
        ('a/b\\c:d*e?f"g<h>i|j', "mp4", "", "a b c d e f g h i j.mp4"),
        ("../../etc/passwd", "mp4", "", "etc passwd.mp4"),
        (".hidden.", "mp4", "", "hidden.mp4"),
        ("  \n\t ", "mp4", "", "file.mp4"),
        ("gepj\u202e4pm.exe", "mp4", "", "gepj 4pm.exe.mp4"),
        ("zero\u200bwidth\x00null", "mp4", "", "zero width null.mp4"),
        ("Möwe 鳥 🐦", "webm", "", "Möwe 鳥 🐦.webm"),
        ("e\u0301", "mp4", "", "\u00e9.mp4"),
        ("CON", "mp4", "", "_CON.mp4"),
        ("nul.txt", "mp4", "", "_nul.txt.mp4"),
        ("Console", "mp4", "", "Console.mp4"),
        ("A bird", "m/p4", "", "A bird"),
        ("A bird", "", "2 of 3", "A bird (2 of 3)"),
    ],
)
def test_names(title, extension, note, name):
    assert file_name(title, extension, note) == name


@given(st.text(), st.text(max_size=8), st.sampled_from(["", "1080p", "12 of 20"]))
def test_any_title_gives_a_usable_name(title, extension, note):
    """No separator, no control or direction character, never empty or hidden, never too long."""
    name = file_name(title, extension, note)
    assert not set(name) & set('/\\:*?"<>|\x00\r\n\u202e')
    assert name.isprintable()
    assert 0 < len(name.encode()) <= NAME_BYTES + 4
    assert name[0] not in ". "


def test_a_long_title_keeps_its_ending():
    """Cut between characters, not within one."""
    name = file_name("鳥" * 200, "mp4", "720p")
    assert name.endswith("鳥 (720p).mp4")
    assert len(name.encode()) <= NAME_BYTES


@given(st.text())
def test_the_plain_name_is_plain(name):
    """Printable ASCII that can't leave its quotes."""
    plain = ascii_name(name)
    assert plain.isascii()
    assert not set(plain) & set('"\\%\r\n')
    assert len(plain) == len(name)
