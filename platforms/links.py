"""Finds links in any text, brings them into one spelling and refuses the unsafe ones with a reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from utils.addresses import WEB_PORTS, Network, plain_name, port_fits, public_host
from utils.errors import LinkError, NoLink, UnsafeLink

#: longest link, as browsers and proxies take it
LINK_BOUND: Final = 2048
#: how much of a text is read; Telegram's longest message has 4,096 characters
TEXT_BOUND: Final = 100_000
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

#: Controls, invisible and direction-changing characters, lone surrogates, and the backslash that browsers read as a
#: slash. Joiners and variation selectors belong to emoji and scripts; in a host they don't survive IDNA.
_FORBIDDEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    r"\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_URL: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>\[[^\]/?#]*\]|[^:/?#]*)(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*:(?![0-9])", re.IGNORECASE)
_HOST_END: Final = re.compile(r"[/?#]")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
#: an escape, or anything that has to become one
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?]")
#: what stays as it is, told at a fraction of the cost of looking for an escape
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/?]*")
_AMPERSAND: Final = re.compile(r"(^|&)(?:amp;)+")
#: what advertisers and share buttons add; none of it decides what is shown
_TRACKING: Final = re.compile(
    r"(?:utm_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|li_fat_id|mc_[ce]id|mkt_tok"
    r"|_hsenc|_hsmi|vero_id|_openstat|ref_src|ref_url|si|igshid|igsh|ig_rid|is_copy_url|is_from_webapp|sender_device"
    r"|sender_web_id|mibextid|sfnsn|rdid|__cft__(?:%5B0%5D)?|__tn__|xmt)(?:=|\Z)",
    re.IGNORECASE,
)
#: fragments that change what is meant: a start time, or the page of a site that routes in the browser
_MEANT: Final = re.compile(r"(?:t|time|start)=(?:npt:)?,?[0-9]|[!/]")

_BARE_HOST: Final = (
    r"(?:(?:[^\W_][\w-]{0,62}\.)+[^\W\d_]{2,24}\.?|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|localhost)(?::[0-9]{1,5})?/"
)
_START: Final = re.compile(
    r"https?://"
    r"|(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://"
    r"|(?<![a-z0-9])(?:javascript:|vbscript:|data:[a-z]+/[a-z]|file:/)(?=\S)"
    rf"|(?<![\w/:])//(?={_BARE_HOST})"
    rf"|(?<![^\W_])(?<![@./=\\-])(?:www\.(?=\w)|(?={_BARE_HOST}))",
    re.IGNORECASE,
)
#: No link goes on behind one of these, in prose of any language.
_STOPS: Final = re.compile(r"[\s<>\"`|«»“”„‹›「」『』【】《》（），、。；：！？]+")  # noqa: RUF001 - prose in any language
_NEXT: Final = re.compile(r"(?<![/=?&#:])https?://", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"[][(){}]")
_CLOSERS: Final = {")": "(", "]": "[", "}": "{"}
_TRAILING: Final = ".,;:!?'*~…’([{"  # noqa: RUF001
#: emoji, their modifiers and joiners, and invisible characters
_ORNAMENTS: Final = frozenset({"So", "Sk", "Mn", "Me", "Cf"})


@dataclass(frozen=True, slots=True)
class Refused:
    """What looked like a link and may not be used; `code` is that of the error class."""

    text: str
    code: str


def candidates(text: str) -> Iterator[str]:
    """What looks like a link in the first `TEXT_BOUND` characters of a text, as it stands there."""
    for word in _STOPS.split(text[:TEXT_BOUND]):
        # Most words of prose hold no link at all, and this costs less than a search.
        if not ("/" in word or ":" in word or ("." in word and "www." in word.lower())):
            continue
        begin, end = (0, word.index("/") + 2) if word.startswith(("https://", "http://")) else _start(word, 0)
        while begin >= 0:
            following = _NEXT.search(word, end) if word.find("://", end) >= 0 else None
            place = following.start() if following else len(word)
            candidate = _trim(word[begin:place])
            if begin and word[begin - 1] == "_":  # Markdown's emphasis; an id may end so too
                candidate = candidate.rstrip("_")
            if len(candidate) > end - begin:
                yield candidate
            begin, end = _start(word, place) if following else (-1, -1)


def refuse(candidate: str, code: str) -> Refused:
    """A refusal in words that can be written as UTF-8."""
    return Refused(candidate.encode("utf-8", "replace").decode(), code)


def normalise(
    text: str,
    allow: Sequence[Network] = (),
    *,
    ports: Collection[int] = WEB_PORTS,
    own_hosts: Collection[str] = (),
) -> str:
    """The one spelling of a link; normalising that again changes nothing.

    `allow`: networks that may be reached though not public; `ports`: the TCP ports that may be named; `own_hosts`: our
    own public names. Raises NoLink, UnsafeLink or PrivateAddress, and LinkError for one that is too long or has spaces.
    """
    url = _with_scheme(text.strip())
    if not (url.isascii() and url.isprintable() and "\\" not in url) and _FORBIDDEN.search(url):
        raise UnsafeLink("control character, invisible character or backslash")
    match = _URL.fullmatch(url)
    if match is None:
        raise UnsafeLink("malformed host or port")
    scheme, written_host, written_port, path, query, fragment = match.groups()
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise UnsafeLink(f"scheme {scheme}")
    if "@" in written_host:
        raise UnsafeLink("user name in the link")
    name, address = plain_name(written_host), None
    if not name:  # a few hosts are no plain name, and cost more
        host = public_host(written_host, allow)
        name, address = str(host), host.address
    if name in own_hosts:
        raise UnsafeLink("our own host")
    port = ""
    if written_port and (number := int(written_port)) != DEFAULT_PORTS[scheme]:
        if not port_fits(number, address, ports, allow):
            raise UnsafeLink(f"port {number}")
        port = f":{number}"
    path = _path(path or "/")
    query = _query(query) if query else ""
    fragment = _fragment(fragment) if fragment else ""
    return f"{scheme}://{name}{port}{path}{query}{fragment}"


def _with_scheme(url: str) -> str:
    if len(url) > LINK_BOUND:
        raise LinkError(f"longer than {LINK_BOUND} characters")
    if " " in url:
        raise LinkError("a space in the link")
    if "youtubedl_smuggle" in (unquote(url) if "%" in url else url):
        raise UnsafeLink("the extractor's own marker")
    if url.startswith(("https://", "http://")) or _SCHEME.match(url):
        return url
    if url.startswith("//"):
        return f"https:{url}"
    if _OTHER_SCHEME.match(url):
        raise UnsafeLink(f"scheme {url.partition(':')[0]}")
    if "." not in _HOST_END.split(url, maxsplit=1)[0] and not url.startswith(("localhost", "[")):
        raise NoLink("no host in it")
    return f"https://{url}"


def _path(path: str) -> str:
    if _PLAIN.fullmatch(path) is None:
        path = _ESCAPE.sub(_escape, path)
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    if _PLAIN.fullmatch(query) is None:
        query = _ESCAPE.sub(_escape, query)
    if "amp;" in query:
        query = _AMPERSAND.sub(r"\1", query)
    kept = [each for each in query.split("&") if each and not _TRACKING.match(each)]
    return "?" + "&".join(kept) if kept else ""


def _fragment(fragment: str) -> str:
    fragment = _ESCAPE.sub(_escape, fragment)
    return f"#{fragment}" if _MEANT.match(fragment) else ""


def _escape(found: re.Match[str]) -> str:
    """Escapes in one spelling: none where none is needed, upper-case digits, UTF-8 for the rest."""
    if found[1] is None:
        return quote(found[0], safe="")
    plain = chr(int(found[1], 16))
    return plain if plain in _UNRESERVED else f"%{found[1].upper()}"


def _start(word: str, place: int) -> tuple[int, int]:
    """Where the next link of a word begins and its scheme ends; -1 where there is none."""
    found = _START.search(word, place)
    return found.span() if found else (-1, -1)


def _trim(candidate: str) -> str:
    """Without the prose that sticks to its end: unbalanced closing brackets, punctuation, emoji."""
    open_brackets: list[str] = []
    for bracket in _BRACKETS.finditer(candidate):
        if bracket[0] in "([{":
            open_brackets.append(bracket[0])
        elif not open_brackets or open_brackets.pop() != _CLOSERS[bracket[0]]:
            candidate = candidate[: bracket.start()]
            break
    while candidate and not (last := candidate[-1]).isalnum():
        if last not in _TRAILING and unicodedata.category(last) not in _ORNAMENTS:
            break
        candidate = candidate[:-1]
    return candidate
