"""The catalogues and what is written out from figures."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from utils.errors import Busy, GoldcrestError, InternalError, RateLimited, TooLarge, all_errors
from utils.texts import BAR_FULL, CATALOGUES, Texts, duration_text, progress_bar, size_text

LANGUAGES = sorted(path.name for path in CATALOGUES.iterdir())


@pytest.fixture
def texts():
    return Texts(strict=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", all_errors(), ids=lambda cls: cls.__name__)
def test_every_error_class_has_a_sentence_and_a_next_step(error, language):
    """Each class of the tree says one plain sentence and a hint, both with nothing left to fill in."""
    failure = error()
    failure.detail = "inner detail"
    explained = Texts(language, strict=True).error(failure)
    for text in (explained.sentence, explained.hint):
        assert text[0].isupper()
        assert text.endswith((".", "!", "?"))
        assert not re.search(r"[{}\n]|inner detail", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_no_empty_or_doubled_text(language):
    """Every msgid has a text; babel refuses a doubled key."""
    path = CATALOGUES / language / "LC_MESSAGES" / "goldcrest.po"
    with path.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    messages = [message for message in catalogue if message.id]
    assert all(message.string for message in messages)
    ids = re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE)
    assert len(ids) == len(set(ids)) == len(messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_hold_the_same_keys(language):
    """A translation lacks nothing that English has, and has nothing more."""
    found = []
    for name in (language, "en"):
        with (CATALOGUES / name / "LC_MESSAGES" / "goldcrest.po").open("rb") as file:
            found.append({message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)})
    assert found[0] == found[1]


def test_the_most_precise_sentence_is_chosen(texts):
    """Values that an error carries are told; absent ones leave the plain sentence."""
    assert "2000 MB" in texts.error(TooLarge(limit_mb=2000, size_mb=None)).sentence
    assert "5 MB" in texts.error(TooLarge(limit_mb=2, size_mb=5)).sentence
    assert texts.error(TooLarge(unknown=1)) == texts.error(TooLarge())
    assert "4 min" in texts.error(RateLimited(retry_after_seconds=200)).hint
    assert "50" in texts.error(Busy(mine=True, bound=50)).sentence
    assert "500" not in texts.error(Busy(mine=False, bound=500)).sentence


def test_missing_key_is_loud_in_tests_and_soft_in_production(texts):
    """A gap raises KeyError where strict, and gives the sentence for an unknown fault elsewhere."""
    relaxed = Texts()
    fault = relaxed.error(InternalError()).sentence
    for key in ("no.such.key", "unit.seconds"):  # the second lacks the value of its placeholder
        with pytest.raises(KeyError):
            texts(key)
        assert relaxed(key) == fault
    assert not texts.has("no.such.key")


def test_error_class_without_a_text_falls_back():
    """A class that the catalogue doesn't know is told like an unknown fault."""

    class Strange(GoldcrestError):
        code = "strange"

    try:
        relaxed = Texts()
        assert relaxed.error(Strange()).sentence == relaxed.error(InternalError()).sentence
    finally:
        Strange.code = "internal"  # the class stays in the tree that other tests walk


def test_plural_follows_the_language(tmp_path):
    """`many` picks the form of the count."""
    from bench.generated import compiled

    folder = tmp_path / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "goldcrest.po"
    source.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "files"\nmsgid_plural "files"\nmsgstr[0] "{count} file"\nmsgstr[1] "{count} files"\n',
        "utf-8",
    )
    source.with_suffix(".mo").write_bytes(compiled(source))
    texts = Texts("xx", strict=True, folder=tmp_path)
    assert [texts.many("files", count) for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (1024, "1 KB"),
        (12_900_000, "12.3 MB"),
        (2_097_152_000, "1.95 GB"),
        (2**60, "1048576.00 TB"),
    ],
)
def test_sizes(size, text):
    """Steps of 1024, as Telegram's apps show them."""
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.4, "0:07"), (185, "3:05"), (3599.6, "1:00:00"), (3723, "1:02:03")]
)
def test_durations(seconds, text):
    """Minutes and seconds, hours only where there are any."""
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (45, "45 s"), (119, "119 s"), (1057, "18 min"), (3135, "53 min"), (7201, "3 h")]
)
def test_waits_are_rounded_up(texts, seconds, text):
    """A wait is one number and never shorter than the truth."""
    assert texts.wait(seconds) == text


@given(st.floats(allow_nan=False), st.integers(1, 40))
def test_bar_never_leaves_its_width(fraction, width):
    """Any fraction gives `width` blocks; full only when done."""
    bar = progress_bar(fraction, width)
    assert len(bar) == width
    assert (bar == BAR_FULL * width) == (fraction >= 1)


def test_generated_files_are_current():
    """The committed catalogues are what their sources compile to."""
    from bench.generated import generated

    root = Path(__file__).resolve().parents[2]
    for path, content in generated(root):
        if path.suffix == ".mo":
            assert path.read_bytes() == content, f"{path} is stale: make generated"


def test_a_report_is_named_behind_the_step():
    """So that the operator finds what the person saw."""
    texts, error = Texts(strict=True), InternalError()
    plain = texts.error(error).hint
    error.report_id = "0A1B2C3D"
    assert texts.error(error).hint == f"{plain} Report 0A1B2C3D."


def test_a_wait_of_days():
    """Rounded up, like the smaller units."""
    texts = Texts(strict=True)
    assert texts.wait(2 * 86_400) == "2 days"
    assert texts.wait(2 * 86_400 + 1) == "3 days"
    assert texts.wait(2 * 86_400 - 1) == "48 h"
