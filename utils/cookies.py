"""Cookie files: read what browsers' extensions export (Netscape text or JSON), check it, keep some domains of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from utils.errors import BadCookies

#: A whole browser's export is some hundred kB; more is no cookie file.
FILE_BYTES: Final = 1 << 20
#: What browsers keep of one site, and of all (RFC 6265, 6.1: at least 50 and 3000).
MOST_COOKIES: Final = 5000
#: A cookie's name and value together.
COOKIE_BYTES: Final = 4096
#: The end of the year 9999, the last one that dates can be written of.
LATEST: Final = 253_402_300_799

_FIELDS: Final = 7
_HTTP_ONLY: Final = "#HttpOnly_"
_HEADER: Final = "# Netscape HTTP Cookie File\n"
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z:@/\[\]()?{}]{1,256}", re.ASCII)
#: What a header can carry and a line of the file can hold.
_VALUE: Final = re.compile(r"[\x20-\x3a\x3c-\x7e]*", re.ASCII)
#: Only those end a line; what else Python takes for one may stand in a broken value.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_PATH: Final = re.compile(r"/[\x21-\x3a\x3c-\x7e]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie. `domain` in small letters without a leading dot; `subdomains`: it goes to those too.

    `expires`: epoch in seconds, 0 for one that a browser forgets when it is closed. The value is never printed.
    """

    domain: str
    name: str
    value: str = field(repr=False)
    expires: int = 0
    path: str = "/"
    secure: bool = True
    subdomains: bool = True


class _Exported(msgspec.Struct, rename="camel"):
    """A cookie as the extensions write it into JSON; the words differ a little between them."""

    domain: str
    name: str
    value: str
    path: str = "/"
    secure: bool = False
    host_only: bool | None = None
    session: bool = False
    expiration_date: float | None = None
    expires: float | str | None = None


def parse_cookies(data: bytes) -> tuple[Cookie, ...]:
    """All cookies of a file; of two that differ in their value only, the later one.

    Raises BadCookies with the problem: empty, too_large, binary, page, wrong_file or none.
    """
    if len(data) > FILE_BYTES:
        raise BadCookies("too_large", limit_kb=FILE_BYTES >> 10)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCookies("binary") from None
    if "\0" in text:
        raise BadCookies("binary")
    first = text.lstrip()[:1]
    if not first:
        raise BadCookies("empty")
    if first in "[{":
        found = list(_of_json(text))
    elif first == "<":
        raise BadCookies("page")
    else:
        found = list(_of_lines(_LINE_END.split(text.rstrip("\r\n"))))
    known = {(cookie.domain, cookie.path, cookie.name): cookie for cookie in found}
    if not known:
        raise BadCookies("none")
    if len(known) > MOST_COOKIES:
        raise BadCookies("too_large", limit_kb=FILE_BYTES >> 10)
    return tuple(known.values())


def written_cookies(cookies: Iterable[Cookie]) -> str:
    """The text of a Netscape cookie file."""
    return _HEADER + "".join(
        "\t".join(
            (
                f".{cookie.domain}" if cookie.subdomains else cookie.domain,
                str(cookie.subdomains).upper(),
                cookie.path,
                str(cookie.secure).upper(),
                str(cookie.expires),
                cookie.name,
                cookie.value,
            )
        )
        + "\n"
        for cookie in cookies
    )


def of_domains(cookies: Iterable[Cookie], domains: Sequence[str]) -> tuple[Cookie, ...]:
    """Those that belong to one of the domains or to a host beneath it; never to one above it."""
    return tuple(cookie for cookie in cookies if any(beneath(cookie.domain, domain) for domain in domains))


def for_host(cookies: Iterable[Cookie], host: str) -> tuple[Cookie, ...]:
    """Those that a browser would send to this very host (RFC 6265, 5.1.3)."""
    return tuple(
        cookie for cookie in cookies if cookie.domain == host or (cookie.subdomains and beneath(host, cookie.domain))
    )


def alive(cookies: Iterable[Cookie], now: float) -> tuple[Cookie, ...]:
    """Those that haven't expired."""
    return tuple(cookie for cookie in cookies if not cookie.expires or cookie.expires > now)


def beneath(host: str, domain: str) -> bool:
    """Whether the host is the domain or one of its subdomains."""
    return host == domain or host.endswith(f".{domain}")


def _of_lines(lines: Sequence[str]) -> Iterator[Cookie]:
    wrong = 0
    for line in lines:
        line = line.removeprefix(_HTTP_ONLY)  # noqa: PLW2901 - a mark in front of a line that is otherwise one
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        cookie = _made(*parts) if len(parts) == _FIELDS else None
        if cookie is None:
            wrong += 1
        else:
            yield cookie
    if wrong and wrong * 2 > len(lines):
        raise BadCookies("wrong_file")


def _made(  # noqa: PLR0917 - the seven fields of a line
    domain: str, subdomains: str, path: str, secure: str, expires: str, name: str, value: str
) -> Cookie | None:
    """None for a line that is no cookie; the text form of a session cookie has no time or none that makes sense."""
    try:
        seconds = int(float(expires or 0))
    except (ValueError, OverflowError):
        return None
    return _checked(
        domain, name, value, max(seconds, 0), path, secure.upper() == "TRUE", subdomains=subdomains.upper() == "TRUE"
    )


def _of_json(text: str) -> Iterator[Cookie]:
    try:
        tree: Any = msgspec.json.decode(text)
        rows = tree.get("cookies") if isinstance(tree, dict) else tree
        exported = msgspec.convert(rows, list[_Exported])
    except (msgspec.MsgspecError, RecursionError):
        raise BadCookies("wrong_file") from None
    for each in exported:
        asked = each.expiration_date if each.expiration_date is not None else each.expires
        expires = 0 if each.session or not isinstance(asked, int | float) else max(int(asked), 0)
        open_to_all = each.domain.startswith(".") if each.host_only is None else not each.host_only
        cookie = _checked(each.domain, each.name, each.value, expires, each.path, each.secure, subdomains=open_to_all)
        if cookie is not None:
            yield cookie


def _checked(  # noqa: PLR0917 - a cookie has that many parts
    domain: str, name: str, value: str, expires: int, path: str, secure: bool, *, subdomains: bool
) -> Cookie | None:
    """The cookie; None for one that no header could carry or that names no domain."""
    domain = domain.lower().removeprefix(".")
    fits = _DOMAIN.fullmatch(domain) and _NAME.fullmatch(name) and _VALUE.fullmatch(value) and _PATH.fullmatch(path)
    if not fits or len(name) + len(value) > COOKIE_BYTES:
        return None
    return Cookie(domain, name, value, min(expires, LATEST), path, secure, subdomains)
