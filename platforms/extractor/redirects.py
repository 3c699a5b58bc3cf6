"""Where a short link leads: its redirects one by one, each seen by the egress proxy, without reading a page."""

from __future__ import annotations

import http.client
import string
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urljoin, urlsplit

from yt_dlp.utils.networking import std_headers

from platforms.extractor.guard import SCHEMES, Loaded
from utils.errors import DeadLink, UnsafeLink

if TYPE_CHECKING:
    from platforms.extractor.protocol import Order

MOST_HOPS: Final = 8
LONGEST_URL: Final = 4096
_GONE: Final = frozenset({404, 410})
_FAILED: Final = 400
#: hosts that lead a browser on by a script, and by a redirect only who says to be something else (t.co, as in yt-dlp)
SCRIPTED: Final = frozenset({"t.co"})


class _Stay(urllib.request.HTTPRedirectHandler):
    """Hands a redirect out instead of reading and following it."""

    def http_error_302(self, *_: Any, **__: Any) -> Any:
        """No further request."""

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def resolve(order: Order, loaded: Loaded) -> str:
    """The URL at the end of at most MOST_HOPS redirects, whatever the page there answers, unless it is gone.

    Raises DeadLink for a circle or a gone end, UnsafeLink for a hop that leaves the web, and the HTTP error where
    the short link itself fails.
    """
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": order.proxy, "https": order.proxy}),
        urllib.request.HTTPSHandler(context=loaded.tls),
        urllib.request.HTTPCookieProcessor(),  # some send a visitor round once until a cookie is set
        _Stay(),
    )
    url = order.url
    for hop in range(MOST_HOPS + 1):
        if len(url) > LONGEST_URL or urlsplit(url).scheme.lower() not in SCHEMES:
            raise UnsafeLink(f"a redirect to {url[:100]!r}")
        answer = _ask(opener, url, order.limits.socket_timeout_seconds)
        if answer is None:
            return url
        target = answer.headers.get("Location") if answer.code < _FAILED else None
        if target is None:
            if answer.code in _GONE:
                raise DeadLink(f"status {answer.code} at the end")
            if hop == 0 or answer.headers.get("X-Egress-Denied"):
                raise answer
            return url
        url = next_url(url, target)
    raise DeadLink(f"more than {MOST_HOPS} redirects")


def next_url(url: str, target: str) -> str:
    """The URL of a Location header, whose bytes outside of ASCII count as UTF-8. Raises DeadLink for what is none."""
    try:
        found = urljoin(url, quote(target.strip(), safe=string.punctuation, encoding="latin-1", errors="replace"))
        urlsplit(found)
    except ValueError:
        raise DeadLink(f"a redirect to {target[:100]!r}") from None
    return found


def headers_for(url: str) -> dict[str, str]:
    """Those of a browser, but for the hosts that treat browsers worse."""
    headers = dict(std_headers)
    return {**headers, "User-Agent": "curl"} if urlsplit(url).hostname in SCRIPTED else headers


def _ask(opener: urllib.request.OpenerDirector, url: str, timeout: float) -> urllib.error.HTTPError | None:
    """None for a page, else the redirect or failure; asked by GET where the site doesn't like HEAD."""
    failed = None
    for method in ("HEAD", "GET"):
        request = urllib.request.Request(url, headers=headers_for(url), method=method)  # noqa: S310  # http only, see above
        try:
            opener.open(request, timeout=timeout).close()
        except urllib.error.HTTPError as error:
            error.close()
            failed = error
            if error.code < _FAILED:
                break
        except (ConnectionError, http.client.HTTPException) as error:  # urllib lets these through as they are
            raise urllib.error.URLError(error) from None
        else:
            return None
    return failed
