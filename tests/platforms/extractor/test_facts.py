"""Exceptions of a child as facts for the parent."""

from __future__ import annotations

import errno
import json
from typing import ClassVar

import pytest
from yt_dlp.networking.exceptions import HTTPError, NoSupportingHandlers, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

from platforms.extractor.facts import MOST_LINKS, chain, facts
from utils.errors import GeoBlocked, RateLimited, TooLarge


class Answer:
    status = 429
    reason = "Too Many Requests"
    headers: ClassVar = {"Retry-After": "7", "Set-Cookie": "secret"}

    def close(self) -> None:
        """It holds nothing."""


def wrapped(inner: Exception) -> DownloadError:
    """As yt-dlp hands it out."""
    try:
        try:
            raise inner  # noqa: TRY301  # the context matters
        except Exception as error:
            raise ExtractorError("Unable to download webpage", cause=error, expected=True) from error
    except ExtractorError as error:
        return DownloadError(f"ERROR: {error}", (type(error), error, None))


def test_the_http_answer_behind_an_error():
    """Status and the headers that tell something; no others."""
    told = facts(wrapped(HTTPError(Answer())))
    assert told["types"] == ["DownloadError", "ExtractorError", "HTTPError"]
    assert (told["status"], told["headers"], told["expected"]) == (429, {"retry-after": "7"}, True)
    assert "secret" not in json.dumps(told)


def test_countries_where_it_would_be_shown():
    error = GeoRestrictedError("not here", countries=["DE", "AT"])
    told = facts(DownloadError("ERROR", (type(error), error, None)))
    assert told["countries"] == ["DE", "AT"]
    assert "GeoRestrictedError" in told["types"]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EFBIG, "too_large"),
        (errno.ENOMEM, "out_of_memory"),
    ],
)
def test_the_systems_own_words(number: int, code: str):
    """A full disk deep inside a download error is a full disk."""
    assert facts(wrapped(OSError(number, "x")))["code"] == code


def test_other_numbers_are_told():
    assert facts(wrapped(TransportError(cause=OSError(errno.ECONNRESET, "reset"))))["errno"] == errno.ECONNRESET


def test_memory_and_our_own_errors_are_found_inside():
    """Also where yt-dlp only collected them."""
    assert facts(NoSupportingHandlers([], [MemoryError()]))["code"] == "out_of_memory"
    told = facts(wrapped(TooLarge("d", size_mb=5, limit_mb=2)))
    assert (told["code"], told["detail"], told["values"]) == ("too_large", "d", {"size_mb": 5, "limit_mb": 2})
    assert facts(RateLimited(retry_after_seconds=3))["retry_after_seconds"] == 3
    assert facts(GeoBlocked(countries=["DE"]))["values"] == {"countries": "['DE']"}


def test_an_alarm_is_a_fault_of_ours():
    assert facts(wrapped(PermissionError("not in a worker: socket.connect")))["code"] == "internal"
    assert "code" not in facts(PermissionError("something else"))


def test_a_host_that_can_not_be_written_is_unsafe():
    """What Python's codecs for host names refuse; bytes of a page that can't be read are another matter."""
    assert facts(wrapped(UnicodeError("label too long")))["code"] == "unsafe_link"
    assert facts(wrapped(UnicodeEncodeError("latin-1", "x", 0, 1, "y")))["code"] == "unsafe_link"
    assert "code" not in facts(wrapped(UnicodeDecodeError("utf-8", b"x", 0, 1, "y")))


def test_circles_end():
    """Exceptions that refer to each other are each told once."""
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert list(chain(first)) == [first, second]
    link = outermost = ValueError("0")
    for number in range(50):
        link.__cause__ = ValueError(str(number))
        link = link.__cause__
    assert len(list(chain(outermost))) == MOST_LINKS
