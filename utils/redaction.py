"""What a report may say of a failure: addresses and sentences without secrets, people's numbers and accounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

HIDDEN: Final = "***"
#: query values that name an item and nothing else
ITEM_NAMES: Final = frozenset({"v", "list", "p", "t", "index"})
#: path segments of an address that are kept
MOST_SEGMENTS: Final = 12

_ITEM_VALUE: Final = re.compile(r"[\w-]{1,20}", re.ASCII)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z][\w.-]{0,15}", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}", re.ASCII)
_WORDS: Final = "token|secret|passw|pwd|key|session|sid|auth|sig|credential|cookie|hash|csrf|jwt|user|account|chat"
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:/{2,}[^\s\"'<>|\\^`{}]+")
#: what looks like a credential or a person, behind what is kept of it
_HIDING: Final = (
    # a header or field whose whole line is the secret
    re.compile(r"(?P<keep>\b(?:[\w-]{0,30}authorization|(?:set-)?cookie2?)\b[\"']?\s{0,3}[:=])[^\r\n]*", re.IGNORECASE),
    re.compile(r"(?P<keep>\b(?:basic|bearer|digest|oauth|apikey)\s{1,3})[^\s,\"']+", re.IGNORECASE),
    # a line of a cookie file: domain, flag, path, flag, time, name, value
    re.compile(r"(?P<keep>\S{1,253}\t(?:TRUE|FALSE)\t[^\t\n]{0,200}\t(?:TRUE|FALSE)\t)[^\r\n]*"),
    re.compile(
        rf"(?P<keep>[\w.-]{{0,40}}(?:{_WORDS})[\w.-]{{0,40}}[\"']?\s{{0,3}}[:=]\s{{0,3}})"
        r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\s,;&)}\]]+)",
        re.IGNORECASE,
    ),
    # user:password@host without a scheme, and mail addresses
    re.compile(r"(?P<keep>)[^\s@,;\"'<>]{1,200}@[\w.:-]{1,200}"),
    # Telegram's user names, and a bot's token
    re.compile(r"(?P<keep>)(?<!\d)\d{5,}:[\w-]{10,}"),
    # whatever is long, dense and holds a digit
    re.compile(r"(?P<keep>)(?=[\w+/=.%~-]{0,80}\d)[\w+/=.%~-]{24,}"),
    re.compile(r"(?P<keep>)\b(?:\d{1,3}\.){3}\d{1,3}\b"),
    # numbers of people, chats and accounts
    re.compile(r"(?P<keep>)-?\d{6,}"),
)


def clean_url(url: str) -> str:
    """Scheme, host, path and names of the query; without user, values, fragment, and segments that look secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return HIDDEN
    if not parts.scheme or not _HOST.fullmatch(host):
        return HIDDEN
    if host.replace(".", "").isdigit():  # a machine, not a site
        host = HIDDEN
    cleaned = f"{parts.scheme}://{host}{f':{port}' if port else ''}{_path(parts)}"
    return f"{cleaned}{_query(parts.query)}{'#' + HIDDEN if parts.fragment else ''}"


def clean_text(text: str, secrets: Iterable[str] = ()) -> str:
    """A message of an exception or a site without what must not leave this machine; `secrets`: values known to be."""
    known = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    pieces, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(".,;:!?)]")
        pieces += [_hide(text[end : found.start()]), clean_url(address)]
        end = found.start() + len(address)
    return "".join((*pieces, _hide(text[end:])))


def _hide(text: str) -> str:
    for pattern in _HIDING:
        text = pattern.sub(rf"\g<keep>{HIDDEN}", text)
    return text


def _path(parts: SplitResult) -> str:
    segments = parts.path.partition(";")[0].split("/")[: MOST_SEGMENTS + 1]
    return "/".join(HIDDEN if _secret(segment) else segment for segment in segments)


def _secret(segment: str) -> bool:
    """A segment that is no word, title or number of an item: a token, or something that names a person."""
    if not segment or re.fullmatch(r"\d{1,20}", segment, re.ASCII) or _ITEM_VALUE.fullmatch(segment):
        return False
    slug = re.fullmatch(r"@?[a-z]{1,24}(?:[-_.][a-z0-9]{1,24}){0,20}", segment, re.ASCII)
    return not slug


def _query(query: str) -> str:
    if not query:
        return ""
    shown = []
    for pair in query.split("&")[:20]:
        name, equals, value = pair.partition("=")
        if not equals or not _PLAIN_NAME.fullmatch(name):
            shown.append(HIDDEN)
        elif name in ITEM_NAMES and _ITEM_VALUE.fullmatch(value):
            shown.append(f"{name}={value}")
        else:
            shown.append(f"{name}={HIDDEN}")
    return f"?{'&'.join(shown)}"
