"""How a short link is asked where it leads; the way itself is walked in `test_host`."""

import http.client
import urllib.error
import urllib.request

import pytest

from platforms.extractor.redirects import _ask, headers_for, next_url
from utils.errors import DeadLink


@pytest.mark.parametrize(
    ("url", "browser"),
    [
        ("https://t.co/AbCdEfGh12", False),
        ("https://T.CO/AbCdEfGh12", False),
        ("https://x.t.co/AbCdEfGh12", True),
        ("https://pin.it/4AbCdEfGh", True),
        ("https://example.com/?u=https://t.co/AbCdEfGh12", True),
    ],
)
def test_a_browser_is_asked_for_except_where_it_gets_a_script(url, browser):
    """t.co answers a browser with a page that goes on by itself, which nobody here runs."""
    assert headers_for(url)["User-Agent"].startswith("Mozilla/") is browser
    assert "Accept" in headers_for(url)


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/other?a=%20b#c", "https://site.test/other?a=%20b#c"),
        (
            "https://end.test/\u0432\u0438\u0434\u0435\u043e".encode().decode("latin-1"),
            "https://end.test/%D0%B2%D0%B8%D0%B4%D0%B5%D0%BE",
        ),
        ("//end.test/a b\n", "https://end.test/a%20b"),
    ],
)
def test_where_a_redirect_leads(target, url):
    """Many sites write their addresses plainly in UTF-8, which arrives as Latin-1."""
    assert next_url("https://site.test/short", target) == url


@pytest.mark.parametrize("target", ["https://[::1", "//[x]/"])
def test_a_redirect_to_what_is_no_address(target):
    """A dead link, and no fault of ours."""
    with pytest.raises(DeadLink):
        next_url("https://site.test/short", target)


@pytest.mark.parametrize("error", [http.client.RemoteDisconnected("gone"), http.client.BadStatusLine("?")])
def test_a_host_that_hangs_up_is_down(error):
    """Its broken connection is not taken for ours to the parent."""

    class Opener(urllib.request.OpenerDirector):
        def open(self, *_args, **_more):
            raise error

    with pytest.raises(urllib.error.URLError):
        _ask(Opener(), "https://site.test/", 1)
