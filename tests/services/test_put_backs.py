"""How often a download may be put back."""

from __future__ import annotations

from services.put_backs import BOUND, PutBacks

KEY = ("site:1", "best", "")


def test_so_often_in_a_row_and_then_no_more():
    """The next time begins to count anew; an end in between does too."""
    put_backs = PutBacks(2)
    assert [put_backs.again(KEY) for _ in range(3)] == [True, True, False]
    assert not put_backs.counts(KEY)
    assert put_backs.again(KEY)
    assert put_backs.counts(KEY)
    put_backs.over(KEY)
    assert [put_backs.again(KEY) for _ in range(3)] == [True, True, False]


def test_what_is_remembered_is_bounded():
    """The oldest begins anew."""
    put_backs = PutBacks(1)
    for number in range(BOUND + 1):
        assert put_backs.again((str(number), "best", ""))
    assert not put_backs.counts(("0", "best", ""))
    assert put_backs.counts(("1", "best", ""))
