"""What children of a kind need, learned."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from utils.memory_needs import ENOUGH, LEAST_BYTES, MARGIN, Needs

MB = 1 << 20


def learned(*peaks, guess=30):
    needs = Needs({"probe": guess * MB, "fetch": 50 * MB})
    for peak in peaks:
        needs.observe("probe", int(peak * MB))
    return needs.of("probe") / MB


def test_a_guess_holds_until_enough_is_known():
    """One small child doesn't shrink the need, one large child raises it at once; a stranger gets the largest guess."""
    assert learned() == 30
    assert learned(10) == 30
    assert round(learned(100)) == round(100 * MARGIN)
    assert round(learned(*[10] * ENOUGH), 1) == round(10 * MARGIN, 1)
    assert Needs({"probe": 30, "fetch": 50}).of("unknown") == 50


def test_one_outlier_in_many_is_no_rule_and_the_new_replaces_the_old():
    """A high percentile, not the maximum; after enough small ones the large past is forgotten."""
    assert learned(*[10] * 20, 200, *[10] * 20) < 15
    assert learned(*[10] * 20, 200, 200, 200) > 200
    assert learned(*[200] * 64, *[10] * 50) < 15


def test_nothing_comes_of_a_look_too_early_or_of_an_unknown_kind():
    """Zero is no measurement, and there is a least."""
    needs = Needs({"probe": 30 * MB})
    needs.observe("probe", 0)
    needs.observe("other", 99 * MB)
    assert needs.figures() == {"probe": {"need_mb": 30.0, "measured": 0}}
    assert learned(*[0.1] * ENOUGH) * MB == LEAST_BYTES


@given(st.lists(st.integers(5, 500), min_size=ENOUGH, max_size=100))
def test_between_the_smallest_and_the_largest(peaks):
    """Whatever was measured."""
    assert min(peaks) * MARGIN - 1 <= learned(*peaks) <= max(peaks) * MARGIN + 1
