"""The error tree: every failure a person can meet, each class answering for itself.

Three branches matter. `LinkError`: this text or link is bad, nobody else is hurt. `ItemError`: the item behind a good
link can't be had. `SiteError`: the site itself is in trouble; only these open a breaker (`trips`). `LocalError`: ours.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

#: what a person can do about a failure by a button: ask for less, try again in a while, upload cookies (the owner),
#: be told when it begins; "" for nothing
Step = Literal["", "lower_quality", "later", "cookies", "when_live"]


class GoldcrestError(Exception):
    """Base of all failures that are told to a person.

    `code` is the stable machine name (JSON, logs); the catalogue text is `error.<code>`, its next step `hint.<code>`.
    `retry`: the same attempt may succeed later without a change. `trips`: counts against the site's breaker.
    `step`: the next step that a button offers. `reported`: its cause is unknown, so the operator gets a report; each
    class says so for itself. `detail` is for logs and never shown to users; `retry_after_seconds` is what the site
    asked for, or the time until something begins. `values` fill the placeholders of the text.
    """

    code: ClassVar[str] = "internal"
    retry: ClassVar[bool] = False
    #: the class's word, taken back from a single failure behind which no site of ours stands
    trips: bool = False
    #: the site works and told something about the item: as good as a success for its breaker
    answered: ClassVar[bool] = False
    step: ClassVar[Step] = ""
    #: a job that meets it waits again in the queue, for that long at least; None: it fails
    rest_seconds: ClassVar[float | None] = None
    reported: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    #: what was known of a failure with an unknown cause (see `platforms.extractor.facts`), and its report's name
    evidence: Mapping[str, Any] | None = None
    report_id: str = ""

    def __init_subclass__(cls) -> None:
        """The children of a class with an unknown cause have a known one."""
        cls.reported = cls.__dict__.get("reported", False)

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None, **values: object) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds
        self.values = values

    @property
    def text_key(self) -> str:
        """Key of the sentence in the message catalogue."""
        return f"error.{self.code}"

    @property
    def hint_key(self) -> str:
        """Key of the next step; the catalogue may have none."""
        return f"hint.{self.code}"


class InternalError(GoldcrestError):
    """A fault of our own that nobody foresaw; made while an exception is handled, it remembers that as its cause."""

    reported = True

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None, **values: object) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds, **values)
        self.__cause__ = sys.exception()


class ConfigError(GoldcrestError):
    """A setting doesn't fit; the detail is the one line that is printed."""

    code = "config"
    exit_code = 2


# --- the text or link is bad ------------------------------------------------------------------------------------------


class LinkError(GoldcrestError):
    """The link can't be used, whatever the site says."""

    code = "bad_link"
    http_status = 400


class NoLink(LinkError):
    """The text holds no link."""

    code = "no_link"


class UnsafeLink(LinkError):
    """A scheme, user name, port, address or host that is refused for safety."""

    code = "unsafe_link"


class PrivateAddress(UnsafeLink):
    """The link leads, at once or after a redirect, to an address that is not public."""

    code = "private_address"


class UnsupportedLink(LinkError):
    """No site claims it and the generic extractor finds no media."""

    code = "unsupported"
    http_status = 422


class PlatformDisabled(LinkError):
    """The site is known but switched off by ENABLE_PLATFORMS."""

    code = "platform_disabled"
    http_status = 403


class DeadLink(LinkError):
    """A short or share link that leads nowhere, loops, or ends on a page without an item."""

    code = "dead_link"
    http_status = 404


class UnknownQuality(LinkError):
    """The quality asked for isn't one of ours or not on offer."""

    code = "unknown_quality"


class BadRange(LinkError):
    """Which items of a list are wanted can't be told or done.

    Values: `part` that can't be read, `bound` that it exceeds, or `total` items that the list has.
    """

    code = "bad_range"


class BadPart(LinkError):
    """A clip or recording that can't be made of this item; `problem` picks the sentence, the values fill it."""

    code = "bad_part"

    def __init__(self, problem: str = "", *, retry_after_seconds: float | None = None, **values: object) -> None:
        super().__init__(problem, retry_after_seconds=retry_after_seconds, **values)
        self.problem = problem

    @property
    def text_key(self) -> str:
        """Key of the sentence for this problem."""
        return f"error.{self.code}.{self.problem}" if self.problem else f"error.{self.code}"

    @property
    def hint_key(self) -> str:
        """Key of the next step for this problem."""
        return f"hint.{self.code}.{self.problem}" if self.problem else f"hint.{self.code}"


# --- the item can't be had --------------------------------------------------------------------------------------------


class ItemError(GoldcrestError):
    """The link is right, the item behind it can't be had."""

    code = "item"
    answered = True
    http_status = 422
    reported = True


class Removed(ItemError):
    """Deleted, never existed, or taken down."""

    code = "removed"
    http_status = 404


class Private(ItemError):
    """Only for people its owner chose."""

    code = "private"
    http_status = 403


class LoginRequired(ItemError):
    """The site shows it to signed-in visitors only."""

    code = "login_required"
    http_status = 403
    step = "cookies"


class AgeRestricted(ItemError):
    """Needs the cookies of an adult's account."""

    code = "age_restricted"
    http_status = 403
    step = "cookies"


class GeoBlocked(ItemError):
    """Not shown in the country this machine stands in."""

    code = "geo_blocked"
    http_status = 451


class Paid(ItemError):
    """Members, subscribers or buyers only."""

    code = "paid"
    http_status = 402


class PasswordNeeded(ItemError):
    """Behind a password."""

    code = "password"
    http_status = 403


class DrmProtected(ItemError):
    """Encrypted against copying; never worked around."""

    code = "drm"
    http_status = 451


class JavaScriptNeeded(ItemError):
    """The site hands it only to those who run its script, and there is no runtime here, or no memory for one now."""

    code = "javascript_needed"


class NotLiveYet(ItemError):
    """A premiere or stream that hasn't begun; `retry_after_seconds`: until it does, where that is known."""

    code = "not_live_yet"
    step = "when_live"


class LiveEnded(ItemError):
    """A stream that ended without a recording."""

    code = "live_ended"
    http_status = 404


class LiveNow(ItemError):
    """A running stream; it has no end to download."""

    code = "live_now"


class StillProcessing(ItemError):
    """The site is still working on an upload."""

    code = "processing"
    retry = True
    step = "later"


class NoMedia(ItemError):
    """The page exists and holds no video, audio or photo that can be fetched."""

    code = "no_media"


class EmptyList(ItemError):
    """A playlist, channel or search without a single item."""

    code = "empty_list"
    http_status = 404


class NotAMedia(ItemError):
    """What came is not what its name says: text, a page, or a broken file."""

    code = "not_media"


class TooLarge(ItemError):
    """More than the limit; values: `size_mb`, `limit_mb` (either may be absent).

    Of what was chosen from a menu: `size` and `limit` as they are written there, and where nothing of it fits,
    `nothing`, or `clip` for what can be cut.
    """

    code = "too_large"
    http_status = 413
    step = "lower_quality"


# --- the site is in trouble -------------------------------------------------------------------------------------------


class SiteError(GoldcrestError):
    """The site fails for everybody right now."""

    code = "site"
    retry = True
    trips = True
    http_status = 502
    step: ClassVar[Step] = "later"


class SiteDown(SiteError):
    """It answers with errors or not at all."""

    code = "site_down"


class RateLimited(SiteError):
    """It says we ask too often; `retry_after_seconds` where it told."""

    code = "rate_limited"
    http_status = 429


class BotCheck(SiteError):
    """It wants proof of a human."""

    code = "bot_check"
    step = "cookies"


class SiteBlocked(SiteError):
    """It refuses this machine's address or fingerprint."""

    code = "site_blocked"


class ExtractorBroken(SiteError):
    """The site changed and the extractor no longer reads it."""

    code = "extractor_broken"
    retry = False
    step = ""
    reported = True


class CutOff(SiteError):
    """The transfer broke in the middle, or the file is shorter than promised."""

    code = "cut_off"


class Stalled(SiteError):
    """Nothing came for the stall limit."""

    code = "stalled"


class CircuitOpen(SiteError):
    """The site failed often lately, so it isn't asked now; `retry_after_seconds`: when it will be."""

    code = "circuit_open"
    trips = False
    rest_seconds = 30.0
    http_status = 503


class SitePaused(CircuitOpen):
    """The owner has paused the site; `retry_after_seconds`: for how much longer, None until they resume it."""

    code = "site_paused"


# --- ours -------------------------------------------------------------------------------------------------------------


class LocalError(GoldcrestError):
    """This machine or bot can't do it now."""

    code = "local"
    http_status = 503
    reported = True


class Cancelled(LocalError):
    """The user or the operator stopped it."""

    code = "cancelled"
    http_status = 409


class DeadlineExceeded(LocalError):
    """It took longer than a job may take."""

    code = "deadline"
    http_status = 504
    step = "lower_quality"


class DiskFull(LocalError):
    """No space left for working files."""

    code = "disk_full"
    retry = True
    http_status = 507
    step = "later"


class StorageTrouble(LocalError):
    """The database can't be written now (held by somebody else, or its disk is full); what was asked isn't done."""

    code = "storage"
    retry = True
    http_status = 503
    step = "later"


class DatabaseUnreadable(LocalError):
    """The file of the database is damaged or none at all; values: its `path`."""

    code = "database"
    http_status = 500


class OutOfMemory(LocalError):
    """The worker needed more memory than it may have."""

    code = "out_of_memory"
    retry = True
    step = "lower_quality"


class MemoryShort(LocalError):
    """No room for a worker beside the others; a download is put back into the queue, so not tried at once."""

    code = "memory_short"
    retry = True
    rest_seconds = 0.0
    step = "later"


class WorkerCrashed(LocalError):
    """The extractor process died without a word."""

    code = "worker_crashed"
    retry = True
    reported = True


class NoWayOut(LocalError):
    """The proxy that everything goes through doesn't answer; no site is to blame."""

    code = "no_way_out"
    retry = True
    step = "later"


class MediaTool(LocalError):
    """ffmpeg failed or is missing."""

    code = "media_tool"
    reported = True


class Busy(LocalError):
    """A bound is reached: queue full, or too many jobs of one user."""

    code = "busy"
    retry = True
    http_status = 429
    step = "later"


class TooFast(LocalError):
    """More calls than a rate limit of ours admits; `retry_after_seconds` until there is room again."""

    code = "too_fast"
    retry = True
    rest_seconds = 5.0
    http_status = 429
    step = "later"


class ShuttingDown(LocalError):
    """The process is stopping; the job goes on at the next start."""

    code = "shutting_down"
    retry = True


class Starting(LocalError):
    """The process is still coming up."""

    code = "starting"
    retry = True


class NotAllowed(LocalError):
    """This person may not use the bot."""

    code = "not_allowed"
    http_status = 403


class NotFound(LocalError):
    """No such job, file or page."""

    code = "not_found"
    http_status = 404


class Expired(LocalError):
    """A button or file that is too old to work."""

    code = "expired"
    http_status = 410


class BadCookies(LocalError):
    """A cookie file that is none, or no use; `problem` picks the sentence, the values fill it."""

    code = "bad_cookies"
    http_status = 400

    def __init__(self, problem: str = "", *, retry_after_seconds: float | None = None, **values: object) -> None:
        super().__init__(problem, retry_after_seconds=retry_after_seconds, **values)
        self.problem = problem

    @property
    def text_key(self) -> str:
        """Key of the sentence for this problem."""
        return f"error.{self.code}.{self.problem}" if self.problem else f"error.{self.code}"


class ProxyDown(LocalError):
    """The proxy that an identity goes through is out of reach or refuses to serve."""

    code = "proxy_down"
    retry = True
    http_status = 502


class IdentitiesResting(LocalError):
    """Every identity that a site could be asked with rests; `retry_after_seconds` until the first is back."""

    code = "identities_resting"
    retry = True
    rest_seconds = 30.0
    step = "later"


class NoImpersonation(LocalError):
    """An identity or site asks for a browser's TLS fingerprint, and what makes it is not installed."""

    code = "no_impersonation"


class TelegramRefused(LocalError):
    """Telegram doesn't take the message or file; the detail holds its error name."""

    code = "telegram_refused"
    http_status = 502


class TelegramAway(TelegramRefused):
    """Telegram can't be reached, or asks for a pause (`retry_after_seconds`): the same message may pass later.

    `everywhere`: in all chats; False for the slow mode of one.
    """

    code = "telegram_away"
    retry = True
    http_status = 503
    step = "later"
    everywhere: bool = True


# --- the HTTP door ----------------------------------------------------------------------------------------------------


class BadRequest(LocalError):
    """A request that can't be read; `problem` picks the sentence, the values fill it."""

    code = "bad_request"
    http_status = 400

    def __init__(self, problem: str = "", *, retry_after_seconds: float | None = None, **values: object) -> None:
        super().__init__(problem, retry_after_seconds=retry_after_seconds, **values)
        self.problem = problem

    @property
    def text_key(self) -> str:
        """Key of the sentence for this problem."""
        return f"error.{self.code}.{self.problem}" if self.problem else f"error.{self.code}"


class BodyTooLarge(LocalError):
    """More in the body of a request than any of ours needs; values: `limit_kb`."""

    code = "body_too_large"
    http_status = 413


class MethodNotAllowed(LocalError):
    """The address exists, but not with this method."""

    code = "method_not_allowed"
    http_status = 405


class AccessDenied(LocalError):
    """The page answers only on its own machine."""

    code = "access_denied"
    http_status = 403


class KeyNeeded(LocalError):
    """The page wants its access key."""

    code = "key_needed"
    http_status = 401


class UnknownHost(LocalError):
    """Reached under a name that isn't known to be ours; guards against DNS rebinding."""

    code = "unknown_host"
    http_status = 403


class CrossSite(LocalError):
    """Another site's page made the browser ask."""

    code = "cross_site"
    http_status = 403


def all_errors(root: type[GoldcrestError] = GoldcrestError) -> list[type[GoldcrestError]]:
    """Every class of the tree, parents first."""
    found = [root]
    for child in root.__subclasses__():
        found += all_errors(child)
    return found


def error_by_code(code: str) -> type[GoldcrestError]:
    """The class with that code; `InternalError` for an unknown one."""
    return next((cls for cls in all_errors() if cls.code == code), InternalError)
