"""An identity's cookies inside a worker: from the order into yt-dlp's jar, and never onto a disk or back."""

from __future__ import annotations

from http.cookiejar import Cookie as JarCookie
from http.cookiejar import CookieJar

from utils.cookies import Cookie, parse_cookies


def give(jar: CookieJar, text: str) -> None:
    """Put the cookies of a cookie file's text into the jar, each for its own domain."""
    for cookie in parse_cookies(text.encode()):
        jar.set_cookie(_for_jar(cookie))


def _for_jar(cookie: Cookie) -> JarCookie:
    return JarCookie(
        version=0,
        name=cookie.name,
        value=cookie.value,
        port=None,
        port_specified=False,
        domain=f".{cookie.domain}" if cookie.subdomains else cookie.domain,
        domain_specified=cookie.subdomains,
        domain_initial_dot=cookie.subdomains,
        path=cookie.path,
        path_specified=True,
        secure=cookie.secure,
        expires=cookie.expires or None,
        discard=not cookie.expires,
        comment=None,
        comment_url=None,
        rest={},
    )
