"""What went wrong in a worker, judged by plain facts: ordered tables of types, messages and statuses."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from platforms.extractor.announced import seconds_told
from platforms.extractor.reasons import REASONS, STATUSES, TROUBLES, Row
from utils.errors import (
    BotCheck,
    Cancelled,
    CutOff,
    DeadLink,
    DiskFull,
    ExtractorBroken,
    GeoBlocked,
    GoldcrestError,
    ItemError,
    LoginRequired,
    MediaTool,
    NoMedia,
    NotLiveYet,
    NoWayOut,
    OutOfMemory,
    PrivateAddress,
    RateLimited,
    SiteBlocked,
    SiteDown,
    SiteError,
    TooLarge,
    UnknownQuality,
    UnsafeLink,
    UnsupportedLink,
    error_by_code,
)

#: the longest rest that a site may ask for
REST_BOUND_SECONDS: Final = 86_400.0

#: facts that a report of an unknown failure holds
EVIDENCE: Final = ("types", "message", "status", "errno", "headers", "warnings", "trace", "expected")

_EGRESS: Final[Mapping[str, type[GoldcrestError]]] = {
    PrivateAddress.code: PrivateAddress,
    UnsafeLink.code: UnsafeLink,
    "quota": TooLarge,
}
_ERRNOS: Final[Mapping[int, type[GoldcrestError]]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EFBIG: TooLarge,
    errno.ENOMEM: OutOfMemory,
    errno.ETIMEDOUT: SiteDown,
    errno.ECONNREFUSED: SiteDown,
    errno.ECONNRESET: CutOff,
    errno.EPIPE: CutOff,
    errno.ENETUNREACH: SiteDown,
    errno.EHOSTUNREACH: SiteDown,
}
#: class names of exceptions that say everything
_TYPES: Final[Mapping[str, type[GoldcrestError]]] = {
    "DownloadCancelled": Cancelled,
    "GeoRestrictedError": GeoBlocked,
    "UserNotLive": NotLiveYet,
    "UnsupportedError": UnsupportedLink,
    "ContentTooShortError": CutOff,
    "MemoryError": OutOfMemory,
    "PostProcessingError": MediaTool,
    "FFmpegPostProcessorError": MediaTool,
}

#: Verdicts whose true cause may stand in a warning only (YouTube's 429 does), and the causes looked for there.
_OPEN_TO_WARNINGS: Final = (ExtractorBroken, SiteDown, LoginRequired, NoMedia, UnknownQuality, SiteBlocked)
_IN_WARNINGS: Final = (BotCheck, RateLimited, SiteBlocked)

_ALTERNATIVE: Final = re.compile(r"\S.*")
_STATUS: Final = re.compile(r"HTTP Error ([0-9]{3})\b")
_SECONDS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
#: What names the item or its address, so that no number or word of an id counts as a reason.
_NAMES: Final = re.compile(
    r"\[[\w:+.-]+\] +[^\s:]+: |\w+://\S+|(?:'[^']{0,300}'|\"[^\"]{0,300}\")(?= is not a valid URL)"
)


def classify(facts: Mapping[str, Any], clock: Callable[[], float] = time.time) -> GoldcrestError:
    """The error of our tree behind the facts of a failed job; `retry_after_seconds` where the site told it.

    Facts, all optional: `code`, `detail`, `values`, `retry_after_seconds` of an error that already is ours; `egress`,
    what the proxy refused ("private_address", "unsafe_link", "quota"); `types` or `type`, names of the exceptions;
    `message`; `status` and `headers` of the HTTP answer; `warnings`; `errno`; `countries`; `redirect_loop`; `failed`,
    why the proxy could not reach a destination ("dns", "connect", "timeout", "upstream"; "proxy": it
    is the operator's own proxy that failed); `arbitrary`: the host
    belongs to none of our sites, so its trouble is nobody's else; `trace`, where the exception was raised.
    """
    detail = str(facts.get("detail") or facts.get("message") or "")
    if code := facts.get("code"):
        asked = facts.get("retry_after_seconds")
        return error_by_code(str(code))(detail, retry_after_seconds=asked, **(facts.get("values") or {}))
    headers = {str(name).lower(): str(value) for name, value in (facts.get("headers") or {}).items()}
    refusal = str(facts.get("egress") or headers.get("x-egress-denied") or "")
    arbitrary = bool(facts.get("arbitrary"))
    kind = _EGRESS.get(refusal) or judge(facts) or (ItemError if facts.get("expected") else ExtractorBroken)
    if kind is SiteDown:
        kind = _of_the_way(str(facts.get("failed") or headers.get("x-egress-failed") or ""), arbitrary=arbitrary)
    rest = _rest_seconds(headers.get("retry-after", ""), clock) if issubclass(kind, SiteError) else None
    if kind is NotLiveYet:
        rest = seconds_told(str(facts.get("message") or ""), clock)
    countries = ", ".join(map(str, facts.get("countries") or ()))
    error = kind(detail, retry_after_seconds=rest, **({"countries": countries} if countries else {}))
    if arbitrary:
        error.trips = False
    if kind.reported:
        error.evidence = {key: facts[key] for key in EVIDENCE if facts.get(key)}
    return error


def judge(facts: Mapping[str, Any]) -> type[GoldcrestError] | None:
    """The class that the facts stand for; None where nothing in them is known."""
    if facts.get("redirect_loop"):
        return DeadLink
    names = [*(facts.get("types") or ()), facts.get("type")]
    if told := next((_TYPES[name] for name in names if name in _TYPES), None):
        return told
    message = str(facts.get("message") or "")
    status = facts.get("status") or int((_STATUS.search(message) or (0, 0))[1])
    if status == RateLimited.http_status:
        return RateLimited
    text = _NAMES.sub(" ", message)
    verdict = (
        _ERRNOS.get(facts.get("errno") or 0) or _first(REASONS, text) or _of_status(status) or _first(TROUBLES, text)
    )
    if verdict is not None and verdict not in _OPEN_TO_WARNINGS:
        return verdict
    warnings = [_NAMES.sub(" ", str(warning)) for warning in facts.get("warnings") or ()]
    refusals = (row for row in REASONS if row[0] in _IN_WARNINGS)
    refusal = next((row[0] for row in refusals if _first((row,), "\n".join(warnings))), None)
    return refusal or (SiteDown if verdict is ExtractorBroken and _was_down(warnings) else verdict)


def _was_down(warnings: Sequence[str]) -> bool:
    """Whether the last thing heard of the site was that it is down: YouTube's 503, too, is told in warnings only."""
    last = _STATUS.search(warnings[-1]) if warnings else None
    return last is not None and _of_status(int(last[1])) is SiteDown


def _of_the_way(failure: str, *, arbitrary: bool) -> type[GoldcrestError]:
    """Who is to blame where nobody answered: the operator's proxy, a name that doesn't exist, or the site."""
    if failure == "proxy":
        return NoWayOut
    return DeadLink if failure == "dns" and arbitrary else SiteDown


def _first(rows: Sequence[Row], text: str) -> type[GoldcrestError] | None:
    return next(
        (error for error, lines in rows if re.search("|".join(_ALTERNATIVE.findall(lines)), text, re.IGNORECASE)), None
    )


def _of_status(status: int) -> type[GoldcrestError] | None:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SiteDown
    if status in range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST):
        return DeadLink  # a redirect that could not be followed
    return STATUSES.get(status)


def _rest_seconds(text: str, clock: Callable[[], float]) -> float | None:
    """Retry-After as seconds from now: a number of them, or a date (RFC 9110, 10.2.3)."""
    if _SECONDS.fullmatch(text):
        return min(float(text), REST_BOUND_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - clock()
    return min(max(seconds, 0.0), REST_BOUND_SECONDS)
