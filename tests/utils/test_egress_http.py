"""Reading and writing HTTP heads: nothing that two readers could take differently gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.egress_http import (
    HEADERS,
    BadRequest,
    Request,
    answer,
    basic,
    connect,
    credentials,
    destination,
    forwarded,
    parse_request,
    status,
)
from utils.errors import UnsafeLink

TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~", min_size=1, max_size=20)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40).map(
    str.strip
)


def request(target: str = "http://site.test/", method: str = "GET", **headers: str) -> Request:
    named = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
    return Request(method, target, "HTTP/1.1", named)


def test_a_request_is_read():
    """Names in lower case, values without the space around them, the order kept."""
    read = parse_request(b"GET http://a.test/x HTTP/1.0\r\nHost:a.test\r\nX-Two:  b c \t\r\n\r\n")
    assert read == Request("GET", "http://a.test/x", "HTTP/1.0", ((b"host", b"a.test"), (b"x-two", b"b c")))


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://a.test/ HTTP/1.1\r\n",
        b"GET http://a.test/ HTTP/1.1\n\r\n\r\n",
        b"GET http://a.test/ HTTP/2.0\r\n\r\n",
        b"GET  http://a.test/ HTTP/1.1\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1 \r\n\r\n",
        b"get http://a.test/ HTTP/1.1\r\n\r\n",
        b"GET http://a.test/\xc3\xa9 HTTP/1.1\r\n\r\n",
        b"GET http://a.test/\x00 HTTP/1.1\r\n\r\n",
        b" GET http://a.test/ HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nName : x\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\n: x\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nName\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nName: x\r\n folded\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nName: x\nOther: y\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nName: x\rOther: y\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nName: \x00\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\nN\x00me: x\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\n\r\nGET http://b.test/ HTTP/1.1\r\n\r\n",
        b"GET http://a.test/ HTTP/1.1\r\n" + b"a: b\r\n" * (HEADERS + 1) + b"\r\n",
    ],
)
def test_unclear_heads_are_refused(head):
    """Bare line ends, folds, control bytes, stray spaces, a second request inside: all of it is no request."""
    with pytest.raises(BadRequest):
        parse_request(head)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused(data):
    """Whatever comes, reading ends with a request or BadRequest."""
    try:
        parse_request(data + b"\r\n\r\n")
    except BadRequest:
        return


@given(st.lists(st.tuples(TOKENS, VALUES), max_size=20))
def test_what_is_passed_on_is_read_back_the_same(headers):
    """A head that was read and written holds the same headers, less those of one connection, and one framing."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    read = parse_request(b"GET http://a.test/ HTTP/1.1\r\n" + lines.encode("latin-1") + b"\r\n")
    again = parse_request(forwarded(read, "/", "a.test"))
    assert again.headers[0] == (b"host", b"a.test")
    assert again.headers[-1] == (b"connection", b"close")
    assert set(again.headers[1:-1]) <= set(read.headers)


@given(st.text(max_size=60))
def test_any_target_is_judged(target):
    """A target is a destination with a host and a port, or refused."""
    try:
        wanted = destination(request(target))
    except (BadRequest, UnsafeLink):
        return
    assert wanted.host
    assert wanted.path.startswith("/")
    assert 0 <= wanted.port <= 99_999


@pytest.mark.parametrize(
    ("target", "host", "port", "path"),
    [
        ("http://a.test", "a.test", 80, "/"),
        ("HTTP://a.test:8080/x?y=/z", "a.test", 8080, "/x?y=/z"),
        ("http://a.test?q", "a.test", 80, "/?q"),
        ("http://[2606:4700::1]:81/", "[2606:4700::1]", 81, "/"),
    ],
)
def test_absolute_targets(target, host, port, path):
    """The form in which plain HTTP asks a proxy."""
    wanted = destination(request(target))
    assert (wanted.host, wanted.port, wanted.path, wanted.tunnel) == (host, port, path, False)


def test_connect_targets():
    """CONNECT names host and port, and brings no body."""
    wanted = destination(request("[2606:4700::1]:443", "CONNECT", content_length="0"))
    assert (wanted.host, wanted.port, wanted.tunnel) == ("[2606:4700::1]", 443, True)
    for bad in (request("a.test", "CONNECT"), request("a.test:443", "CONNECT", content_length="3")):
        with pytest.raises(BadRequest):
            destination(bad)


@pytest.mark.parametrize(
    "target",
    [
        "http://user@a.test/",
        "http://user:pw@a.test/",
        "http://a.test\\@b.test/",
        "http://a.test:80:81/",
        "http:///x",
        "http://[::1/",
        "http://a.test:/",
        "ftp://a.test/",
        "https://a.test/",
        "gopher://a.test/",
    ],
)
def test_unsafe_targets(target):
    """User names, backslashes, other schemes and unreadable hosts are unsafe links."""
    with pytest.raises(UnsafeLink):
        destination(request(target))


@pytest.mark.parametrize("target", ["/", "*", "a.test:80", "http:a.test", "http://a.test/#fragment"])
def test_targets_for_no_proxy(target):
    """What a proxy is never asked for is a bad request."""
    with pytest.raises(BadRequest):
        destination(request(target))


@pytest.mark.parametrize(
    "headers",
    [
        ((b"transfer-encoding", b"chunked"),),
        ((b"transfer-encoding", b"chunked"), (b"content-length", b"3")),
        ((b"content-length", b"3"), (b"content-length", b"3")),
        ((b"content-length", b"3, 3"),),
        ((b"content-length", b"+3"),),
        ((b"content-length", b""),),
        ((b"content-length", b"\xb2"),),
        ((b"content-length", b"9" * 16),),
    ],
)
def test_unclear_framing_is_refused(headers):
    """Two readers must not disagree about where a body ends."""
    with pytest.raises(BadRequest):
        destination(Request("POST", "http://a.test/", "HTTP/1.1", headers))


def test_a_body_has_its_length():
    """Content-Length alone frames a body."""
    assert destination(request(method="POST", content_length="12")).body_bytes == 12


def test_credentials():
    """Basic credentials are read back; everything else is none."""
    assert credentials(request(proxy_authorization=basic("job", "secret:x"))) == ("job", "secret:x")
    assert credentials(request()) is None
    for bad in ("Bearer x", "Basic", "Basic !!!", "Basic /w==", "Basic am9i"):
        assert credentials(request(proxy_authorization=bad)) is None
    twice = Request("GET", "x", "HTTP/1.1", ((b"proxy-authorization", basic("a", "b").encode()),) * 2)
    assert credentials(twice) is None


def test_headers_of_one_connection_stay_behind():
    """Hop headers, those that Connection names, and our own credentials are not passed on."""
    given_headers = request(
        connection="keep-alive, X-Hop",
        proxy_connection="keep-alive",
        x_hop="1",
        upgrade="websocket",
        te="trailers",
        proxy_authorization="Basic x",
        host="other.test",
        accept="*/*",
    )
    head = forwarded(given_headers, "/p", "a.test:8080", "Basic up")
    assert head == (
        b"GET /p HTTP/1.1\r\nHost: a.test:8080\r\naccept: */*\r\n"
        b"Proxy-Authorization: Basic up\r\nConnection: close\r\n\r\n"
    )


def test_connection_cannot_drop_the_length():
    """A client that names Content-Length in Connection doesn't change where the body ends."""
    head = forwarded(request(method="POST", connection="content-length", content_length="3"), "/", "a.test")
    assert b"content-length: 3\r\n" in head


def test_words_to_an_upstream():
    """A tunnel is asked for with or without credentials, the status of the answer is read."""
    assert connect("a.test:443") == b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"
    assert b"\r\nProxy-Authorization: Basic x\r\n" in connect("a.test:443", "Basic x")
    assert status(b"HTTP/1.1 200 OK\r\n\r\n") == 200
    assert status(b"HTTP/1.0 407\r\n\r\n") == 407
    assert status(b"SSH-2.0\r\n\r\n") is None


def test_answers_end_the_connection():
    """An answer has no body and says so."""
    assert answer(403, "Denied", X_Egress_Denied="quota") == (
        b"HTTP/1.1 403 Denied\r\nX-Egress-Denied: quota\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
