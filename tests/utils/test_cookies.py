"""Cookie files: what browsers export is read, what is none is told apart, and domains are kept apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.cookies import (
    FILE_BYTES,
    LATEST,
    MOST_COOKIES,
    Cookie,
    alive,
    for_host,
    of_domains,
    parse_cookies,
    written_cookies,
)
from utils.errors import BadCookies

NETSCAPE = b"""# Netscape HTTP Cookie File
# This is a generated file!

.site.test\tTRUE\t/\tTRUE\t1900000000\tsession\tabc=def==
#HttpOnly_www.site.test\tFALSE\t/account\tFALSE\t0\tother\t
"""
SESSION = Cookie("site.test", "session", "abc=def==", 1_900_000_000)
OTHER = Cookie("www.site.test", "other", "", 0, "/account", secure=False, subdomains=False)
JSON = [
    {
        "domain": ".site.test",
        "expirationDate": 1900000000.25,
        "hostOnly": False,
        "httpOnly": True,
        "name": "session",
        "path": "/",
        "sameSite": "no_restriction",
        "secure": True,
        "session": False,
        "storeId": "0",
        "value": "abc=def==",
    },
    {"domain": "www.site.test", "name": "other", "path": "/account", "session": True, "value": ""},
]


def problem(data):
    with pytest.raises(BadCookies) as error:
        parse_cookies(data)
    return error.value.problem


def test_the_text_format_is_read():
    """Comments apart, HttpOnly ones too; also with a mark of its encoding and the line ends of Windows."""
    assert parse_cookies(NETSCAPE) == (SESSION, OTHER)
    assert parse_cookies(b"\xef\xbb\xbf" + NETSCAPE.replace(b"\n", b"\r\n")) == (SESSION, OTHER)


@pytest.mark.parametrize("wrapped", [JSON, {"url": "https://site.test", "cookies": JSON}])
def test_the_json_of_extensions_is_read(wrapped):
    """As a list, or as the extensions that put one around it."""
    assert parse_cookies(json.dumps(wrapped).encode()) == (SESSION, OTHER)


def test_json_with_another_word_for_its_end():
    """`expires` as a number counts, as a text or below zero it is a cookie of the session."""
    rows = [
        {"domain": "a.test", "name": "n", "value": "v", "expires": 5.5},
        {"domain": "b.test", "name": "n", "value": "v", "expires": "Session"},
        {"domain": "c.test", "name": "n", "value": "v", "expires": -1},
    ]
    assert [each.expires for each in parse_cookies(json.dumps(rows).encode())] == [5, 0, 0]


def test_written_and_read_again_nothing_has_changed():
    """What the child gets is what the owner gave."""
    assert parse_cookies(written_cookies((SESSION, OTHER)).encode()) == (SESSION, OTHER)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        (b"a\0b", "binary"),
        (b"x" * (FILE_BYTES + 1), "too_large"),
        (b"<!DOCTYPE html><p>cookies</p>", "page"),
        (b"Dear diary,\ntoday I ate a cookie.\n", "wrong_file"),
        (b'{"a": 1}', "wrong_file"),
        (b"[1, 2]", "wrong_file"),
        (b"[" * 100_000, "wrong_file"),
        (b"[{]", "wrong_file"),
        (b"[]", "none"),
        (b"# Netscape HTTP Cookie File\n\n", "none"),
    ],
)
def test_what_is_no_cookie_file_is_told_apart(data, wanted):
    """Each gets its own sentence."""
    assert problem(data) == wanted


def test_too_many_cookies_are_no_cookie_file():
    """Even where they are short."""
    rows = "".join(f"a.test\tTRUE\t/\tTRUE\t0\tn{number}\tv\n" for number in range(MOST_COOKIES + 1))
    assert problem(rows.encode()) == "too_large"


@pytest.mark.parametrize(
    "line",
    [
        "a.test\tTRUE\t/\tTRUE\tsoon\tn\tv",
        "a.test\tTRUE\t/\tTRUE\t1e999\tn\tv",
        "a.test\tTRUE\t/\tTRUE\t0\tn",
        "localhost\tTRUE\t/\tTRUE\t0\tn\tv",
        "a..test\tTRUE\t/\tTRUE\t0\tn\tv",
        "a.test\tTRUE\tx\tTRUE\t0\tn\tv",
        "a.test\tTRUE\t/\tTRUE\t0\tn n\tv",
        "a.test\tTRUE\t/\tTRUE\t0\tn\tv;Domain=b.test",
        "a.test\tTRUE\t/\tTRUE\t0\tn\t\u00e4",
        "a.test\tTRUE\t/\tTRUE\t0\tn\tv\x0bw",
        "a.test\tTRUE\t/\tTRUE\t0\tn\tv\u2028w",
        f"a.test\tTRUE\t/\tTRUE\t0\tn\t{'v' * 5000}",
    ],
)
def test_a_broken_line_among_good_ones_is_left_out(line):
    """No part of it reaches a header; alone it makes the file a wrong one."""
    assert parse_cookies(NETSCAPE + line.encode() + b"\n") == (SESSION, OTHER)
    assert problem(line.encode()) == "wrong_file"


@pytest.mark.parametrize("told", [1e308, 10**30])
def test_no_end_lies_behind_the_calendar(told):
    """What is reckoned with it stays a date, in both formats."""
    row = {"domain": "a.test", "name": "n", "value": "v", "expirationDate": told}
    for data in (json.dumps([row]), f"a.test\tTRUE\t/\tTRUE\t{told}\tn\tv\n"):
        (cookie,) = parse_cookies(data.encode())
        assert cookie.expires == LATEST


def test_a_broken_entry_of_json_is_left_out():
    """As a broken line."""
    rows = [*JSON, {"domain": "a.test", "name": "n", "value": "v\r\nSet-Cookie: x"}]
    assert parse_cookies(json.dumps(rows).encode()) == (SESSION, OTHER)


def test_a_later_cookie_of_the_same_name_wins():
    """As in a browser."""
    twice = NETSCAPE + b".site.test\tTRUE\t/\tTRUE\t0\tsession\tnew\n"
    assert [cookie.value for cookie in parse_cookies(twice)] == ["new", ""]


def test_only_cookies_of_a_domain_and_beneath_it_pass():
    """Neither a look-alike nor the domain above, which many sites may share."""
    names = ("site.test", "www.site.test", "evilsite.test", "site.test.evil", "test")
    cookies = [Cookie(name, "n", "v") for name in names]
    assert [cookie.domain for cookie in of_domains(cookies, ("site.test",))] == ["site.test", "www.site.test"]
    assert of_domains(cookies, ()) == ()


def test_what_a_host_would_be_sent():
    """Its own, and those of domains above it that are for subdomains too."""
    wide, narrow, deeper = (
        Cookie("a.test", "n", "v"),
        Cookie("a.test", "m", "v", subdomains=False),
        Cookie("b.a.test", "n", ""),
    )
    assert for_host((wide, narrow, deeper), "a.test") == (wide, narrow)
    assert for_host((wide, narrow, deeper), "b.a.test") == (wide, deeper)
    assert for_host((wide, narrow, deeper), "xa.test") == ()


def test_expired_cookies_are_left_out():
    """Those of a session have no end."""
    assert alive((SESSION, OTHER), 1_900_000_000) == (OTHER,)
    assert alive((SESSION, OTHER), 1_899_999_999) == (SESSION, OTHER)


def test_a_value_is_never_printed():
    """A cookie in a log line or traceback gives nothing away."""
    assert "abc=def" not in repr(SESSION)


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(data):
    """No other error, and what is read can be written and read again."""
    try:
        cookies = parse_cookies(data)
    except BadCookies:
        return
    assert parse_cookies(written_cookies(cookies).encode()) == cookies
