"""Callback data and keyboards."""

import importlib
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.batch_keyboards import BatchRetry, BatchTake, ListBeside
from bot.keyboards import Choose, Packed, Record, StopJob, StopLooking, menu_keyboard
from bot.menu import menu_text
from core.list_pages import LAST
from platforms.shapes import QUALITY_KEYS, Media
from tests.bot.conftest import QUALITIES
from utils.ids import button_token, ulid
from utils.texts import Texts

WORD = st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]), max_size=20)


@given(WORD, WORD, st.integers(-(2**63), 2**63))
def test_data_comes_back_or_is_refused(token, quality, minutes):
    """Whatever fits 64 bytes is read again as it was; nothing else is ever packed."""
    choice = Record(token, quality, minutes)
    size = len(f"rc:{token}:{quality}:{minutes}".encode())
    if size > 64:
        with pytest.raises(ValueError, match="does not fit"):
            choice.pack()
    else:
        assert len(choice.pack().encode()) == size
        assert Record.unpack(choice.pack()) == choice


def test_a_field_with_the_separator_is_refused():
    """It would be read as two fields."""
    with pytest.raises(ValueError, match="does not fit"):
        StopJob("a:b").pack()


def test_the_longest_real_data_fits():
    """Tokens, job ids, every quality."""
    for quality in QUALITY_KEYS:
        assert Choose(button_token(), quality).pack()
    assert StopJob(ulid()).pack()
    for quality in QUALITY_KEYS:
        assert BatchTake(button_token(), f"{LAST - 9}-{LAST}", quality).pack()
    assert ListBeside(button_token()).pack()
    assert BatchRetry(ulid()).pack()
    assert StopLooking(button_token()).pack()


@pytest.mark.parametrize("data", ["", "rc", "rc:a:b", "rc:a:b:c", "rc:a:b:1:2", "x:a", "\ufffd", "rc:a:b:"])
def test_foreign_data_is_no_choice(data):
    """Other verbs, too few or too many fields, and words in place of numbers."""
    assert Record.unpack(data) is None


def test_verbs_differ():
    """No data is read as two things."""
    importlib.import_module("bot.desk")  # and with it every module that has some
    verbs = {cls.__name__: cls.verb for cls in Packed.__subclasses__()}
    assert len(set(verbs.values())) == len(verbs)


def test_a_class_without_fields_packs_its_verb():
    """The shortest data there is."""

    @dataclass(frozen=True, slots=True)
    class Nothing(Packed):
        verb: ClassVar[str] = "n0"

    assert Nothing().pack() == "n0"
    assert Nothing.unpack("n0") == Nothing()
    assert Nothing.unpack("n0:") is None


def media(qualities, **fields):
    return Media("site", "1", "video", "site:1", "https://site.test/1", "A  title\nof two lines", qualities, **fields)


def test_menu_marks_and_sizes():
    """Best alone, then two a row; sizes exact or estimated, instant and too large ones marked and explained."""
    texts = Texts(strict=True)
    guessed = tuple(replace(quality, approximate=quality.key == "audio") for quality in QUALITIES)
    rows = menu_keyboard(texts, media(guessed), "t", {"360p", "best"})
    assert [[button.text for button in row] for row in rows] == [
        ["\u26a1 Best \u00b7 84.0 MB"],
        ["\u2716 2160p \u00b7 2.93 GB", "1080p \u00b7 84.0 MB"],
        ["\u26a1 360p", "Audio only \u00b7 ~3.0 MB"],
    ]
    assert rows[1][0].data == Choose("t", "2160p")
    text = "".join(piece.text for piece in menu_text(texts, media(guessed), {"360p"}))
    assert text.startswith("A title of two lines\nChoose a quality:\n\u26a1 ")
    assert "\u2716" in text


def test_menu_of_a_photo():
    """One quality is one button, and there is nothing to explain."""
    texts = Texts(strict=True)
    photo = media(QUALITIES[:1], uploader="Goldie", duration_seconds=61)
    assert len(menu_keyboard(texts, photo, "t", ())) == 1
    text = "".join(piece.text for piece in menu_text(texts, photo, ()))
    assert text == "A title of two lines\nGoldie \u00b7 1:01\nChoose a quality:"
    assert menu_text(texts, replace(photo, title=""), ())[1].text == ""
