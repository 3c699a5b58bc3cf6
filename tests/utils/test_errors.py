"""The error tree: every class answers for itself."""

from __future__ import annotations

import re

import pytest

from utils.errors import (
    BadRequest,
    GoldcrestError,
    InternalError,
    ItemError,
    LinkError,
    RateLimited,
    SiteError,
    TooLarge,
    all_errors,
    error_by_code,
)

EVERY = all_errors()
#: a site is not asked because we hold back ourselves
OURS = {"circuit_open", "site_paused", "identities_resting"}


def test_codes_are_unique():
    """A code names one class, also across the border of a process."""
    own = [cls for cls in EVERY if "code" in cls.__dict__]
    assert len({cls.code for cls in own}) == len(own)
    assert [cls for cls in EVERY if cls not in own] == [InternalError]


@pytest.mark.parametrize("error", EVERY, ids=lambda error: error.__name__)
def test_each_class_answers_for_itself(error: type[GoldcrestError]):
    """Code, status and docstring are there; only a failing site opens a breaker; a bad link is never tried again."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert 400 <= error.http_status < 600
    assert error.__doc__
    assert not error.trips or issubclass(error, SiteError)
    assert error.answered is issubclass(error, ItemError)
    if issubclass(error, LinkError):
        assert not error.retry


def test_an_error_carries_its_detail_and_values():
    """The detail is for logs, the values fill the sentence, the wait comes from the site."""
    error = TooLarge("5000 bytes", size_mb=5, limit_mb=1)
    assert (str(error), error.detail, error.values) == ("5000 bytes", "5000 bytes", {"size_mb": 5, "limit_mb": 1})
    assert (error.text_key, error.hint_key) == ("error.too_large", "hint.too_large")
    assert RateLimited(retry_after_seconds=7).retry_after_seconds == 7
    assert str(TooLarge()) == "too_large"
    assert BadRequest().text_key == "error.bad_request"
    assert BadRequest("quality", field="q").text_key == "error.bad_request.quality"


def test_a_code_leads_back_to_its_class():
    """What came as JSON from another process is raised as the right class; an unknown code as our own fault."""
    for error in EVERY:
        assert error_by_code(error.code).code == error.code
    assert error_by_code("no_such_code") is InternalError
