"""The server itself: HTTP forms, ranges, tunnels, the journal, and a stop that waits for nobody."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection

import pytest

from tests.sites.harness import Sites, running_sites
from tests.sites.origin import HOST


def ask(sites: Sites, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", sites.port, timeout=5)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def tunnelled(sites: Sites, host: str, *, trust: bool = True) -> HTTPSConnection:
    context = ssl.create_default_context(cafile=str(sites.ca_file) if trust else None)
    connection = HTTPSConnection("127.0.0.1", sites.port, timeout=5, context=context)
    connection.set_tunnel(host, 443)
    return connection


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=1000-", 1000, None), ("bytes=-50", -50, None), ("bytes=90-100000000", 90, None)],
)
def test_ranges_are_served(sites: Sites, asked: str, first: int, last: int | None):
    """First and last, open end, last bytes, and beyond the end."""
    whole = sites.media.path("mux_144.mp4").read_bytes()
    response, body = ask(sites, "/m/mux_144.mp4", Range=asked)
    begin = first if first >= 0 else len(whole) + first
    end = len(whole) - 1 if last is None else last
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {begin}-{end}/{len(whole)}"
    assert body == whole[begin : end + 1]


def test_a_range_behind_the_end_is_refused(sites: Sites):
    """416 names the size."""
    size = sites.media.medium("mux_144.mp4").size_bytes
    response, body = ask(sites, "/m/mux_144.mp4", Range=f"bytes={size}-")
    assert (response.status, response.headers["Content-Range"], body) == (416, f"bytes */{size}", b"")


def test_head_tells_the_size_and_sends_nothing(sites: Sites):
    """HEAD and GET agree on the length."""
    response, body = ask(sites, "/m/mux_144.mp4", "HEAD")
    assert int(response.headers["Content-Length"]) == sites.media.medium("mux_144.mp4").size_bytes
    assert body == b""


def test_one_connection_carries_many_requests(sites: Sites):
    """Keep-alive, also behind a request with a body."""
    connection = HTTPConnection("127.0.0.1", sites.port, timeout=5)
    for method, body in (("GET", None), ("POST", b"words"), ("GET", None)):
        connection.request(method, "/page/none", body=body)
        response = connection.getresponse()
        assert (response.status, b"Only words" in response.read()) == (200, True)
        assert response.will_close is False
    connection.close()


def test_what_does_not_exist_is_404(sites: Sites):
    """Pages, media and segments."""
    for path in ("/nothing", "/m/nothing.mp4", "/m/hls/nothing.ts", "/m/mux_144.mp4/x", "/m/../etc/passwd", "/page/x"):
        assert ask(sites, path)[0].status == 404


def test_an_absolute_request_is_a_proxys(sites: Sites):
    """http:// sites are asked for by their full address."""
    response, body = ask(sites, f"http://{HOST}/page/none")
    assert (response.status, b"Only words" in body) == (200, True)
    assert sites.requests.all()[-1].url == f"http://{HOST}/page/none"


def test_a_tunnel_ends_in_a_certificate_of_the_own_authority(sites: Sites):
    """TLS verifies against ca_file, for the very name that was asked for, and against nothing else."""
    connection = tunnelled(sites, HOST)
    connection.request("GET", "/page/none")
    assert connection.getresponse().status == 200
    connection.close()
    assert sites.requests.tunnels() == {HOST: 1}
    assert sites.requests.hosts() == {HOST: 1}
    stranger = tunnelled(sites, HOST, trust=False)
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.connect()
    stranger.close()


def test_unknown_hosts_have_no_address(sites: Sites):
    """Both forms answer 502."""
    assert ask(sites, "http://nowhere.goldcrest-lost.net/")[0].status == 502
    connection = tunnelled(sites, "nowhere.goldcrest-lost.net")
    with pytest.raises(OSError, match="502"):
        connection.connect()
    connection.close()


def test_the_journal_tells_who_was_asked_for_what(sites: Sites):
    """Hosts, paths, status, bytes and headers; and nothing after it was cleared."""
    ask(sites, "/m/mux_144.mp4", Range="bytes=0-9", X_Mark="a")
    (entry,) = sites.requests.to("127.0.0.1", "/m/")
    for _try in range(100):  # the client may have all bytes before the server's thread goes on
        if entry.done:
            break
        time.sleep(0.01)
    assert (entry.status, entry.bytes_sent, entry.done, entry.range) == (206, 10, True, "bytes=0-9")
    assert entry.headers["x-mark"] == "a"
    assert not sites.requests.to("www.youtube.com")
    assert json.loads(ask(sites, "/control/journal")[1])[0]["path"] == "/m/mux_144.mp4"
    ask(sites, "/control/clear")
    assert len(sites.requests) == 0


async def test_stop_cuts_those_who_hang():
    """A client that waits for an answer which never comes does not hold up the stop."""
    async with running_sites() as sites:
        reader, writer = await asyncio.open_connection("127.0.0.1", sites.port)
        writer.write(b"GET /fault/no_reply/clip.mp4 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % sites.port)
        await writer.drain()
        while not sites.requests.all():
            await asyncio.sleep(0.01)
    assert await reader.read() == b""
    writer.close()
