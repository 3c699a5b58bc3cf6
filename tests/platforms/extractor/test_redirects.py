"""How a short link is asked where it leads; the way itself is walked in `test_host`."""

import pytest

from platforms.extractor.redirects import headers_for


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
