"""Names for things."""

from utils.ids import CROCKFORD, button_token, random_id, ulid


def test_ulids_sort_by_time_and_have_the_published_form():
    """The example of the ULID specification: 1469918176385 ms begins 01ARYZ6S41."""
    assert ulid(lambda: 1469918176.385, lambda _: 0) == "01ARYZ6S41" + "0" * 16
    assert ulid(lambda: 1.0) < ulid(lambda: 2.0)
    assert set(ulid()) <= set(CROCKFORD)


def test_button_tokens_are_short_and_differ():
    """They fit callback data beside a verb."""
    assert len(button_token()) == 12
    assert button_token() != button_token()


def test_a_random_id_is_never_zero_and_leaves_room():
    """Zero would mean "none" on the wire; an album counts on from it within 64 bits."""
    assert random_id(lambda _: 0) == 1
    assert random_id() + 10 < 1 << 63
