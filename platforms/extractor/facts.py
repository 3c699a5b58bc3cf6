"""An exception of a child as plain facts, so that the parent can judge it without yt-dlp."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from platforms.extractor.audit import REFUSED
from platforms.extractor.protocol import TEXT_CHARACTERS
from utils.errors import DiskFull, GoldcrestError, InternalError, OutOfMemory, TooLarge, UnsafeLink

#: Exceptions that lead from one to the next, at most.
MOST_LINKS: Final = 10
MESSAGE_CHARACTERS: Final = 2000
#: exceptions of a chain whose way is told, and places of each
MOST_TRACES: Final = 3
MOST_FRAMES: Final = 8
#: Headers of a refused answer that tell something.
HEADERS: Final = ("Retry-After", "X-Egress-Denied", "X-Egress-Failed")
_ERRNOS: Final = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EFBIG: TooLarge,
    errno.ENOMEM: OutOfMemory,
}


def facts(error: BaseException) -> dict[str, Any]:
    """{"code": …} for an error that already is one of our tree, else what there is to judge it by.

    `types`: class names of the error and its causes, outermost first; `message`; `status` and `headers` of the HTTP
    answer behind it (None, {}); `errno` of the operating system; `expected`: yt-dlp calls it normal; `countries` where
    it would be shown; `redirect_loop`; `trace`: where it was raised, innermost last.
    """
    links = list(chain(error))
    for link in links:
        ours = _ours(link)
        if ours is not None:
            return {
                "code": ours.code,
                "detail": ours.detail[:MESSAGE_CHARACTERS],
                "retry_after_seconds": ours.retry_after_seconds,
                "values": {key: _plain(value) for key, value in ours.values.items()},
            }
    answer = next((link for link in links if isinstance(getattr(link, "status", None), int)), None)
    headers = getattr(getattr(answer, "response", answer), "headers", None) or {}
    number = next((link.errno for link in links if isinstance(link, OSError) and link.errno), None)
    return {
        "types": [type(link).__name__ for link in links],
        "message": str(error)[:MESSAGE_CHARACTERS],
        "status": getattr(answer, "status", None),
        "errno": number,
        "headers": {name.lower(): str(headers[name])[:TEXT_CHARACTERS] for name in HEADERS if headers.get(name)},
        "expected": any(getattr(link, "expected", False) is True for link in links),
        "countries": [str(country)[:40] for link in links for country in (getattr(link, "countries", None) or ())][:20],
        "trace": [line for link in links[:MOST_TRACES] for line in frames(link)],
        "redirect_loop": any(getattr(link, "redirect_loop", False) is True for link in links),
    }


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from: yt-dlp's own references first, then Python's."""
    waiting: list[Any] = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < MOST_LINKS:
        link = waiting.pop(0)
        if not isinstance(link, BaseException) or any(link is other for other in seen):
            continue
        seen.append(link)
        yield link
        inner = getattr(link, "exc_info", None)
        waiting += [inner[1] if isinstance(inner, tuple) else None, getattr(link, "cause", None)]
        waiting += [getattr(link, "reason", None), *(getattr(link, "unexpected_errors", None) or ())]
        waiting += [link.__cause__, link.__context__]


def frames(error: BaseException) -> list[str]:
    """Its class, and the last places it passed: "extractor/vimeo.py:1254 _real_extract"; no line of code, no value."""
    passed = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    places = [f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}" for frame in passed]
    return [f"{type(error).__name__}:", *places] if places else []


def _ours(link: BaseException) -> GoldcrestError | None:
    if isinstance(link, GoldcrestError):
        return link
    if isinstance(link, MemoryError):
        return OutOfMemory("the worker's memory is used up")
    if type(link) in {UnicodeError, UnicodeEncodeError}:  # a host written in what only looks like letters and digits
        return UnsafeLink(str(link))
    if isinstance(link, OSError) and link.errno in _ERRNOS:
        return _ERRNOS[link.errno](str(link))
    if isinstance(link, PermissionError) and str(link).startswith(REFUSED):
        return InternalError(str(link))
    return None


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)[:TEXT_CHARACTERS]
