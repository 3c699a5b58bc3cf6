"""An entry and its record: whole and under its own key, or not at all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.cache_entry import KEY_BYTES, Entry, _checksum, fit_key

KEPT = Entry(b"body", 5.0, 60.0, 30.0, "high", failed=True)


@given(
    key=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    body=st.binary(max_size=200),
    priority=st.sampled_from(["low", "normal", "high"]),
    failed=st.booleans(),
    cut=st.integers(1, 300),
)
def test_a_record_is_read_back_whole_or_not_at_all(key, body, priority, failed, cut):
    """Sealing and unsealing is the identity; under another key or cut anywhere it never passes for a value."""
    kept = Entry(body, 5.0, 60.0, 30.0, priority, failed)
    record = kept.sealed(key)
    assert Entry.unsealed(key, record) == kept
    assert Entry.unsealed(key + "x", record) is None
    assert Entry.unsealed(key, record[:-cut]) is None


def test_no_changed_bit_is_accepted():
    """Of header, body and checksum alike."""
    record = KEPT.sealed("key")
    for bit in range(8 * len(record)):
        changed = bytearray(record)
        changed[bit // 8] ^= 1 << bit % 8
        assert Entry.unsealed("key", bytes(changed)) is None


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["born", "fresh_seconds", "stale_seconds"])
def test_times_that_are_no_numbers_are_refused(name, time):
    """Such an entry would never be over."""
    facts = {"born": 5.0, "fresh_seconds": 60.0, "stale_seconds": 30.0, name: time}
    assert Entry.unsealed("key", Entry(b"body", **facts).sealed("key")) is None


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x02", b"\x01" + KEPT.packed()[1:], KEPT.packed()[:1] + b"\x03" + KEPT.packed()[2:]],
    ids=["empty", "short", "version", "priority"],
)
def test_what_another_program_has_sealed_is_refused(packed):
    """A good checksum makes no entry."""
    assert Entry.unsealed("key", packed + _checksum("key", packed)) is None


def test_keys_that_can_be_kept():
    """Text that UTF-8 can tell in so many bytes."""
    assert fit_key("k" * KEY_BYTES)
    assert not fit_key("k" * (KEY_BYTES + 1))
    assert not fit_key("é" * (KEY_BYTES // 2 + 1))
    assert not fit_key("half of a pair: \ud800")
