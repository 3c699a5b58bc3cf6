"""The classifier: messages of sites and of yt-dlp, statuses, refusals of the proxy, Retry-After."""

import errno
import inspect
import math
import re

import pytest
import yt_dlp

from platforms.extractor import errors
from platforms.extractor.announced import FAR_SECONDS, announced
from platforms.extractor.errors import REST_BOUND_SECONDS, classify
from platforms.extractor.facts import facts
from platforms.extractor.reasons import REASONS, STATUSES, TROUBLES
from utils.errors import all_errors, error_by_code

#: message of the extractor -> code of our error
MESSAGES = [
    ("[youtube] dQw4w9WgXcQ: Sign in to confirm you\u2019re not a bot. Use --cookies-from-browser", "bot_check"),
    ("[youtube] dQw4w9WgXcQ: Video unavailable. YouTube is requiring a captcha challenge before playback", "bot_check"),
    (
        "[youtube] dQw4w9WgXcQ: This content isn't available, try again later. The session has been rate-limited",
        "rate_limited",
    ),
    ("[Instagram] Cx: You have exceeded the rate-limit for accessing posts anonymously", "rate_limited"),
    ("[TikTok] 1: Your IP address is blocked from accessing this post", "site_blocked"),
    (
        "[generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with  --extractor-args",
        "site_blocked",
    ),
    (
        "[youtube] dQw4w9WgXcQ: Sign in to confirm your age. This video may be inappropriate for some users.",
        "age_restricted",
    ),
    (
        "[TikTok] 1: This post may not be comfortable for some audiences. Log in for access. Use --cookies",
        "age_restricted",
    ),
    (
        "[youtube] dQw4w9WgXcQ: This video is available to this channel's members on level: Friends (or any higher)",
        "paid",
    ),
    ("[youtube] dQw4w9WgXcQ: Join this channel to get access to members-only content like this video", "paid"),
    ("[youtube] dQw4w9WgXcQ: This video requires payment to watch.", "paid"),
    ("[vimeo] 1: This video is protected by a password, use the --video-password option", "password"),
    ("[youtube] dQw4w9WgXcQ: Private video. Sign in if you've been granted access to this video.", "private"),
    ("[TikTok] 1: You do not have permission to view this post. Log into an account that has access", "private"),
    ("[youtube:tab] PL1: YouTube said: This playlist is private.", "private"),
    ("[vimeo] 1: Cannot download embed-only video without embedding URL. Please call yt-dlp with it.", "private"),
    ("[Instagram] Cx: This content is only available for registered users who follow this account", "private"),
    ("[youtube] dQw4w9WgXcQ: The uploader has not made this video available in your country", "geo_blocked"),
    (
        "[x] 1: This video is not available from your location due to geo restriction. You might want to use a VPN",
        "geo_blocked",
    ),
    ("[x] 1: The requested site is known to use DRM protection. It will NOT be supported", "drm"),
    ("[Instagram] Cx: The webpage request was redirected to the login page.", "login_required"),
    ("[Instagram] Cx: Instagram sent an empty media response. Check if this post is accessible", "login_required"),
    ("[TikTok] 1: TikTok is requiring login for access to this content. Use --cookies", "login_required"),
    (
        "[x] 1: This video is only available for registered users. Use --cookies, --username and --password",
        "login_required",
    ),
    ("[x] 1: An HLS playlist without an end", "live_now"),
    ("[youtube] dQw4w9WgXcQ: Premieres in 3 days", "not_live_yet"),
    ("[youtube] dQw4w9WgXcQ: This live event will begin in 2 hours.", "not_live_yet"),
    ("[youtube] dQw4w9WgXcQ: This live stream recording is not available.", "live_ended"),
    ("[twitter] 1: Twitter Space ended and replay is disabled", "live_ended"),
    ("[tiktok:live] x: This livestream has ended", "live_ended"),
    ("[youtube:tab] c: This channel does not have a shorts tab", "empty_list"),
    ("[facebook:redirect] u: Invalid facebook redirect URL", "dead_link"),
    ("[youtube] dQw4w9WgXcQ: We're processing this video. Check back later.", "processing"),
    ("[youtube] dQw4w9WgXcQ: Requested format is not available. Use --list-formats", "unknown_quality"),
    ("[Instagram] Cx: There is no video in this post", "no_media"),
    ("[youtube] dQw4w9WgXcQ: No video formats found!; please report this issue on  https://github.com/x", "no_media"),
    ("[youtube] dQw4w9WgXcQ: Video unavailable. This video has been removed by the uploader", "removed"),
    ("[youtube] x: This video is no longer available because the YouTube account has been terminated.", "removed"),
    ("[youtube] dQw4w9WgXcQ: Video unavailable", "removed"),
    ("[TikTok] 1: Video not available, status code 10231; please report this issue on", "removed"),
    ("[generic] 'x y' is not a valid URL", "unsupported"),
    ("Unsupported URL: https://example.com/", "unsupported"),
    ('Unable to handle request: Unsupported url scheme: "file" (urllib)', "unsafe_link"),
    ("File is larger than max-filesize (5 bytes > 4 bytes). Aborting.", "too_large"),
    ("unable to write data: [Errno 28] No space left on device", "disk_full"),
    ("[Errno 12] Cannot allocate memory", "out_of_memory"),
    ("Postprocessing: Conversion failed!", "media_tool"),
    ("ffmpeg not found. Please install or provide the path using --ffmpeg-location", "media_tool"),
    ("Did not get any data blocks", "cut_off"),
    ("Unable to download video: 100 bytes read, 900 more expected", "cut_off"),
    ("[download] Got error: The read operation timed out. Giving up after 2 retries", "site_down"),
    (
        "[generic] Unable to download webpage: HTTP Error 503: Service Unavailable (caused by <HTTPError 503>)",
        "site_down",
    ),
    ("[generic] Unable to download webpage: [Errno -2] Name or service not known", "site_down"),
    ("Unable to connect to proxy: Tunnel connection failed: 502 Bad Gateway", "site_down"),
    ("[youtube] dQw4w9WgXcQ: The page needs to be reloaded.", "site_down"),
    ("[x] 1: Unable to download JSON metadata", "site_down"),
    ("[youtube] dQw4w9WgXcQ: Failed to extract any player response; please report this issue on", "extractor_broken"),
    ("[TikTok] 1: Video not available, status code 0; please report this issue on", "extractor_broken"),
    ("[TikTok] 1: Unexpected response from webpage request; please report this issue on", "extractor_broken"),
    ("[x] 1: An extractor error has occurred. (caused by KeyError('video'))", "extractor_broken"),
    ("something that nobody has seen", "extractor_broken"),
]


def code(**given):
    return classify(given).code


@pytest.mark.parametrize(("message", "expected"), MESSAGES)
def test_messages(message, expected):
    """What sites say and what the extractor says of them."""
    assert code(message=f"ERROR: {message}") == expected


def test_every_row_is_reached():
    """No class of the tables without a message above."""
    shown = {expected for _, expected in MESSAGES}
    assert {row[0].code for row in (*REASONS, *TROUBLES)} <= shown


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((401, "login_required"), (402, "paid"), (403, "site_blocked"), (404, "removed"), (410, "removed")),
        *((302, "dead_link"), (308, "dead_link")),
        *((407, "site_down"), (408, "site_down"), (413, "too_large"), (418, "site_blocked"), (425, "site_down")),
        *((429, "rate_limited"), (451, "geo_blocked"), (500, "site_down"), (503, "site_down"), (599, "site_down")),
    ],
)
def test_statuses(status, expected):
    """With the answer at hand, or out of the text alone."""
    assert code(status=status, message="Unable to download") == expected
    assert code(message=f"Unable to download webpage: HTTP Error {status}: x") == expected


def test_every_status_is_shown():
    """None of the table without a case above."""
    cases = inspect.unwrap(test_statuses).pytestmark[0].args[1]
    assert set(STATUSES) <= {status for status, _ in cases}


def test_a_reason_outweighs_its_status_but_not_429():
    """A 403 with words is what the words say; too many requests is always that."""
    assert code(status=403, message="This video is private") == "private"
    assert code(status=429, message="This video is private") == "rate_limited"


def test_a_status_outweighs_our_own_wording():
    """The words "Unable to download webpage" are only how yt-dlp begins the sentence."""
    assert code(status=404, message="Unable to download webpage: timed out") == "removed"
    assert code(status=400, message="Unable to download webpage") == "site_down"


@pytest.mark.parametrize(
    "message",
    [
        "[youtube] 429-404-410: something odd",
        "[generic] removed: something odd",
        "[x:y-z] private_video: something odd",
        "something odd https://example.com/private-video/404/login-required?x=captcha",
        "something odd: 404 of 410, error 429",
    ],
)
def test_ids_and_addresses_are_no_reasons(message):
    """Numbers and words of an id or URL say nothing."""
    assert code(message=message) == "extractor_broken"


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["DownloadError", "GeoRestrictedError"], "geo_blocked"),
        (["DownloadError", "UserNotLive"], "not_live_yet"),
        (["DownloadError", "UnsupportedError"], "unsupported"),
        (["ContentTooShortError"], "cut_off"),
        (["DownloadCancelled"], "cancelled"),
        (["MemoryError"], "out_of_memory"),
        (["DownloadError", "FFmpegPostProcessorError"], "media_tool"),
        (["PostProcessingError"], "media_tool"),
        (["DownloadError", "ExtractorError"], "removed"),
    ],
)
def test_types_that_say_everything(types, expected):
    """Wherever they stand in the chain; others leave it to the message."""
    assert code(types=types, message="Video unavailable") == expected
    assert code(type=types[-1], message="Video unavailable") == expected


def test_the_types_exist_in_the_installed_version():
    """A renamed exception would be missed silently."""
    for name in set(errors._TYPES) - {"MemoryError"}:
        assert hasattr(yt_dlp.utils, name) or hasattr(yt_dlp.postprocessor.ffmpeg, name), name


def test_an_expected_failure_without_a_known_reason_is_the_items():
    """yt-dlp calls it normal: not our extractor's fault, and no reason to open a breaker."""
    error = classify({"message": "The moon is in the wrong phase", "expected": True})
    assert (error.code, error.trips, error.detail) == ("item", False, "The moon is in the wrong phase")


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        ("private_address", "private_address"),
        ("unsafe_link", "unsafe_link"),
        ("quota", "too_large"),
        ("odd", "site_blocked"),
    ],
)
def test_what_the_proxy_refused(refusal, expected):
    """Told beside the failure or in the answer's header; it outweighs what the site seems to say."""
    assert code(egress=refusal, status=403, message="HTTP Error 403") == expected
    assert code(headers={"X-Egress-Denied": refusal}, status=403, message="HTTP Error 403") == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        *((errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.ENOMEM, "out_of_memory")),
        *((errno.EFBIG, "too_large"), (errno.ECONNREFUSED, "site_down"), (errno.ETIMEDOUT, "site_down")),
        *((errno.ENETUNREACH, "site_down"), (errno.EHOSTUNREACH, "site_down"), (errno.ECONNRESET, "cut_off")),
        *((errno.EPIPE, "cut_off"), (errno.ENOENT, "extractor_broken")),
    ],
)
def test_numbers_of_the_operating_system(number, expected):
    """The disk, the memory, the network."""
    assert code(errno=number, message="[Errno]") == expected


def test_a_redirect_loop_is_a_dead_link():
    """Nothing stands at its end."""
    assert code(redirect_loop=True, status=302, message="HTTP Error 302") == "dead_link"


@pytest.mark.parametrize(
    ("warning", "expected"),
    [
        ("[youtube] HTTP Error 429: Too Many Requests", "rate_limited"),
        ("[youtube] dQw4w9WgXcQ: Sign in to confirm you're not a bot", "bot_check"),
        ("[Instagram] Cx: Instagram API is not granting access", "site_blocked"),
        ("[youtube] nothing of note 429", "extractor_broken"),
        ("[youtube] Private video", "extractor_broken"),
        ("[youtube] dQw4w9WgXcQ: Unable to download API page: HTTP Error 503: Service Unavailable", "site_down"),
        ("[youtube] dQw4w9WgXcQ: Unable to download API page: HTTP Error 404: Not Found", "extractor_broken"),
    ],
)
def test_the_cause_may_stand_in_a_warning(warning, expected):
    """YouTube's 429 and 503 do; only refusals count there, and only where the message leaves it open."""
    assert code(message="Failed to extract any player response", warnings=["a", warning]) == expected
    assert code(message="Private video", warnings=[warning]) == "private"


def test_a_site_that_answered_again_was_not_down():
    """What counts is the last that was heard of it."""
    down = "[youtube] HTTP Error 503: Service Unavailable. Retrying (1/2)..."
    assert code(message="Failed to extract the player", warnings=["a", down]) == "site_down"
    assert code(message="Failed to extract the player", warnings=[down, "a"]) == "extractor_broken"
    assert code(message="Failed to extract the player", warnings=[]) == "extractor_broken"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("1.5", 1.5),
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2015 07:28:10 -0000", 10.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Fri, 21 Oct 2050 07:28:00 GMT", REST_BOUND_SECONDS),
        ("999999999", REST_BOUND_SECONDS),
        ("9" * 5000, None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after(header, seconds):
    """Seconds or a date (RFC 9110), bounded; what can't be read is ignored."""
    now = 1445412480.0  # Wed, 21 Oct 2015 07:28:00 GMT
    for status in (429, 503):
        error = classify({"status": status, "headers": {"retry-after": header}}, lambda: now)
        assert error.retry_after_seconds == seconds
    assert classify({"status": 404, "headers": {"Retry-After": header}}).retry_after_seconds is None


@pytest.mark.parametrize(
    ("failed", "arbitrary", "expected"),
    [
        *(("proxy", False, "no_way_out"), ("proxy", True, "no_way_out"), ("dns", True, "dead_link")),
        ("upstream", False, "site_down"),
        *(("dns", False, "site_down"), ("connect", True, "site_down"), ("timeout", False, "site_down")),
    ],
)
def test_who_is_to_blame_where_nobody_answers(failed, arbitrary, expected):
    """The operator's own proxy, a name that doesn't exist, or the site; but words of a site outweigh all that."""
    said = "Unable to connect to proxy: Tunnel connection failed: 502 Bad Gateway"
    assert code(message=said, failed=failed, arbitrary=arbitrary) == expected
    assert code(message=said, headers={"X-Egress-Failed": failed}, arbitrary=arbitrary) == expected
    assert code(message="This video is private", failed=failed, arbitrary=arbitrary) == "private"


@pytest.mark.parametrize("facts", [{"status": 403}, {"status": 429}, {"status": 503}, {"message": "odd"}])
def test_trouble_of_anybodys_host_is_nobodys_elses(facts):
    """The generic extractor's host is no site: its refusal must not close the door of all other hosts."""
    there, here = classify({**facts, "arbitrary": True}), classify(facts)
    assert (there.code, there.trips) == (here.code, False)
    assert here.trips


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Premieres in 3 days", 3 * 86_400),
        ("This live event will begin in 2 hours.", 7200),
        ("This live event will begin in a few moments.", None),
        ("Premieres in an hour", 3600),
        ("This live event is scheduled for 2015-10-21T07:30:00Z", 120),
        ("This live event is scheduled for 2015-10-21T09:30:00+02:00", 120),
        ("This live event is scheduled for 2015-10-21 07:30", 120),
        ("This live event is scheduled for 2015-10-21T07:00:00Z", None),
        ("This live event is scheduled for 2015-13-41T07:00:00Z", None),
        ("This live event is scheduled for 9999-10-21T07:00:00Z", None),
        ("Premieres in 9999 months", FAR_SECONDS),
        ("Premieres in 0 minutes", None),
        ("This channel is offline", None),
    ],
)
def test_when_something_begins(message, seconds):
    """Told in the site's words, as a span or a moment; nothing where they say nothing that can be."""
    error = classify({"message": message}, lambda: 1445412480.0)
    assert (error.code, error.retry_after_seconds) == ("not_live_yet", seconds)


@pytest.mark.parametrize(
    ("moment", "seconds"), [(1060.0, 60.0), (940.0, None), (None, None), (True, None), (math.nan, None), (1e20, None)]
)
def test_the_sites_own_time_of_a_premiere(moment, seconds):
    """yt-dlp's release_timestamp; what can't be is left out."""
    error = announced({"release_timestamp": moment}, lambda: 1000.0)
    assert error.retry_after_seconds == seconds


def test_an_unknown_failure_brings_its_evidence():
    """What a report for the operator needs, and only where the cause is unknown."""
    with pytest.raises(yt_dlp.utils.ExtractorError) as raised:
        raise yt_dlp.utils.ExtractorError("something that nobody has seen")
    told = {**facts(raised.value), "warnings": ["odd"], "countries": []}
    evidence = classify(told).evidence
    assert evidence is not None
    assert evidence["types"] == ["ExtractorError"]
    assert evidence["warnings"] == ["odd"]
    assert evidence["trace"][0] == "ExtractorError:"
    assert re.fullmatch(r"extractor/test_errors\.py:\d+ test_an_unknown\w+", evidence["trace"][1])
    assert classify({**told, "message": "This video is private"}).evidence is None


def test_an_error_of_ours_crosses_whole():
    """Code, detail, rest and values; an unknown code is an internal error."""
    error = classify({"code": "too_large", "detail": "d", "retry_after_seconds": 3, "values": {"size_mb": 7}})
    assert (error.code, error.detail, error.retry_after_seconds, error.values) == ("too_large", "d", 3, {"size_mb": 7})
    assert classify({"code": "no such"}).code == "internal"
    for each in all_errors():
        assert type(classify({"code": each.code})) is error_by_code(each.code)


def test_countries_fill_the_sentence():
    """Where it would be shown."""
    assert classify({"types": ["GeoRestrictedError"], "countries": ["DE", "FR"]}).values == {"countries": "DE, FR"}


def test_no_facts_at_all():
    """A worker that dies speechless is nobody's bad link."""
    assert classify({}).code == "extractor_broken"


def test_the_facts_of_a_real_exception_are_understood():
    """What the worker writes down of yt-dlp's own exceptions."""
    with pytest.raises(yt_dlp.utils.GeoRestrictedError) as inner:
        raise yt_dlp.utils.GeoRestrictedError("not here", countries=["DE"])
    outer = yt_dlp.utils.DownloadError(f"ERROR: {inner.value}", (inner.type, inner.value, inner.tb))
    error = classify(facts(outer))
    assert (error.code, error.values) == ("geo_blocked", {"countries": "DE"})
    assert classify(facts(yt_dlp.utils.UnsupportedError("https://x.test/"))).code == "unsupported"
    assert classify(facts(OSError(errno.ENOSPC, "full"))).code == "disk_full"
