"""Styled text without markup."""

from hypothesis import given
from hypothesis import strategies as st

from bot.rich import ELLIPSIS, Piece, fitted, plain, shortened, units, written

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PIECES = st.lists(
    st.builds(Piece, TEXT, st.booleans(), st.sampled_from(["", "https://site.test/?a=1&b=2"])), max_size=5
)


@given(TEXT, st.integers(0, 80))
def test_shortening_keeps_within_the_limit_and_between_characters(text, limit):
    """Never longer than allowed, unchanged where it fits, and never half of an emoji."""
    short = shortened(text, limit)
    assert units(short) <= limit
    assert short.encode("utf-16-le").decode("utf-16-le") == short
    assert short in {text, ""} or short.endswith(ELLIPSIS)
    assert (short == text) == (units(text) <= limit) or ELLIPSIS in text


@given(PIECES, st.integers(400, 500))
def test_entities_stand_where_their_pieces_are(pieces, limit):
    """Offsets and lengths are in UTF-16 units and never leave the text; markup in a piece stays text."""
    text, entities = written(pieces, limit)
    raw_text = text.encode("utf-16-le")
    shown = [raw_text[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le") for each in entities]
    wanted = []
    for piece in pieces:
        clean = "".join(char for char in piece.text if char >= " " or char == "\n")
        if clean.strip():
            wanted += [clean] * (piece.bold + bool(piece.url))
    assert shown == wanted


def test_the_longest_piece_gives_way():
    """A title is cut, the words and link behind it stay whole."""
    rich = fitted([Piece("title " * 50, bold=True), Piece("\n"), Piece("Source", url="https://site.test")], 100)
    assert sum(units(piece.text) for piece in rich) <= 100
    assert rich[0].text.endswith(ELLIPSIS)
    assert rich[0].bold
    assert [piece.text for piece in rich[1:]] == ["\n", "Source"]


def test_odd_characters_are_left_out():
    """Lone surrogates and control characters, which Telegram refuses."""
    assert written(plain("a\ud800b\x00c\x1bd\ne"), 100) == ("abcd\ne", [])
