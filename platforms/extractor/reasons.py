"""The messages of sites and of the extractor, and what they mean: ordered rows, the first that matches wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from utils.errors import (
    AgeRestricted,
    BotCheck,
    CutOff,
    DeadLink,
    DiskFull,
    DrmProtected,
    EmptyList,
    ExtractorBroken,
    GeoBlocked,
    GoldcrestError,
    LiveEnded,
    LiveNow,
    LoginRequired,
    MediaTool,
    NoMedia,
    NotLiveYet,
    OutOfMemory,
    Paid,
    PasswordNeeded,
    Private,
    RateLimited,
    Removed,
    SiteBlocked,
    SiteDown,
    StillProcessing,
    TooLarge,
    UnknownQuality,
    UnsafeLink,
    UnsupportedLink,
)

#: an error class and regexes, a line or several; lines are alternatives
Row = tuple[type[GoldcrestError], str]

#: Reasons that a site gives for an item, or for refusing us: those that name a login only as a way out stand
#: before LoginRequired, those that say "unavailable" and why before Removed.
REASONS: Final[Sequence[Row]] = (
    (
        BotCheck,
        r"""
        not a (?:bot|robot)\b|captcha|All player responses are invalid|prove (?:that )?you(?:.re| are) human
        client challenge
        """,
    ),
    (
        # Instagram says both at once where it wants a login; that must not rest the whole site.
        LoginRequired,
        r"""
        redirected to the login page|rate-limit reached or login required
        """,
    ),
    (
        RateLimited,
        r"""
        rate[- ]?limit|too many requests|HTTP Error 429|status code:? 429|isn.t available, try again later
        API rate|(?:blocked|rejected) by server \((?:412|352)\)
        """,
    ),
    (
        SiteBlocked,
        r"""
        IP (?:address )?is (?:likely being )?blocked|your IP\b|IP address.{0,40}(?:blocked|unable)
        when using impersonat|try again with.{0,40}impersonate|TLS fingerprint|not granting access
        data ?center IP|Cloudflare|(?:blocked|rejected) by server
        """,
    ),
    (
        AgeRestricted,
        r"""
        confirm your age|age[- ]?(?:restricted|gate)|inappropriate for|age_(?:verification|check)|NSFW
        comfortable for some audiences|certain audiences|18 years|adult content|mature content|sensitive content
        """,
    ),
    (
        Paid,
        r"""
        members?[- ]only|channel.s members|join this channel|premium (?:members|users|subscribers)
        premium[- ]only|only available (?:to|for) (?:music )?premium|(?:channel|active|valid) subscription
        supporter[- ]only|subscribers?[- ]only|purchase|is paid|requires? payment|pay[- ]per[- ]view
        rent(?:al)? (?:this|required)|your account does not have|reached your play limit
        """,
    ),
    (
        PasswordNeeded,
        r"""
        password[- ]protected|protected by a password|(?:wrong|invalid|incorrect) (?:video )?password
        requires a password
        """,
    ),
    (
        Private,
        r"""
        private (?:video|account|playlist|post|subreddit|profile|tweet)
        (?:video|account|post|profile|content|playlist) is private|(?:protected|private) tweet|not authorized to view
        do not have permission to view|either private or|who follow this account|followers[- ]only
        friends[- ]only|only for followers|embed-only video|made available to anyone|could not access playlist
        """,
    ),
    (
        GeoBlocked,
        r"""
        geo[- ]?(?:restrict|block)
        (?:available|viewable|watch\w*) (?:in|from) your (?:country|region|location|area)
        (?:blocked|restricted)(?: it)? in your (?:country|region)|in your country on copyright
        not available outside
        """,
    ),
    (
        DrmProtected,
        r"""
        \bDRM\b|has_drm
        """,
    ),
    (
        LoginRequired,
        r"""
        log ?in (?:page|required)|requir\w+ (?:a )?log ?in|log[- ]?in for access|(?:need|have) to log ?in
        must (?:be logged|log) ?in|sign ?in to|account authentication is required|registered users
        only works when logged|quarantined|empty media response|content is unreachable
        cookies.{0,40}(?:needed|no longer valid|required)|login is required|unable to log ?in|without access token
        have to be logged in|are trying to log in|login using username|for the authentication|account credentials
        login details are needed|asks for a log ?in|require authentication|downloading private content
        """,
    ),
    (
        LiveNow,
        r"""
        live ?streams? (?:cannot|can't) be downloaded|playlist without an end
        """,
    ),
    (
        LiveEnded,
        r"""
        stream recording is not available|live ?(?:stream|event|broadcast) (?:has |is )?(?:ended|over)
        stream has ended|replay is disabled
        """,
    ),
    (
        NotLiveYet,
        r"""
        premieres? (?:in|will)|will begin|not (?:yet )?started|not currently live|not yet available
        is (?:currently )?offline|scheduled for|is not live|isn.t live|upcoming
        """,
    ),
    (
        StillProcessing,
        r"""
        processing this video|is (?:still )?(?:being )?process(?:ing|ed)|still (?:be )?uploading
        being transcoded|not downloadable yet
        """,
    ),
    (
        UnknownQuality,
        r"""
        requested format is not available
        """,
    ),
    (
        NoMedia,
        r"""
        no video (?:in|could be found|formats)|no (?:media|formats|playable) (?:found|available)
        there is no video|not a video|no video or audio|maybe a plain image|there.s no (?:video|media)
        (?:does not|doesn.t) contain (?:a|any) (?:video|track|media)|no valid video|embed providers
        no .{0,30}video ID could be found
        """,
    ),
    (
        EmptyList,
        r"""
        does not have any videos|does not have an? .{0,40}\btab\b
        """,
    ),
    (
        ExtractorBroken,
        r"""
        status code:? 0\b
        """,
    ),
    (
        Removed,
        r"""
        removed|no longer (?:available|exists?)|terminated|deleted|taken down|video unavailable
        (?:video|post) not available|isn.t available any ?more|(?:does not|doesn.t) exist
        (?:video|post|page|item|user|account|track|space|broadcast|clip) (?:was )?not found|channel .{0,80} not found
        video #?\S{1,20} is unavailable|not archived
        (?:video|post|tweet) is (?:unavailable|not available)|copyright|may be broken
        """,
    ),
    (
        DeadLink,
        r"""
        invalid .{0,30}redirect
        """,
    ),
    (
        UnsafeLink,
        r"""
        unsupported url scheme
        """,
    ),
    (
        UnsupportedLink,
        r"""
        unsupported URL|not a valid URL|invalid URL|no suitable extractor|input URL is|looks truncated|without video ID
        forget to quote the URL
        category .{0,80}isn.t supported
        """,
    ),
    (
        TooLarge,
        r"""
        larger than max-filesize|file ?size cap|file is too large
        """,
    ),
    (
        DiskFull,
        r"""
        no space left|disk quota exceeded
        """,
    ),
    (
        OutOfMemory,
        r"""
        cannot allocate memory|out of memory
        """,
    ),
    (
        MediaTool,
        r"""
        ffmpeg|ffprobe|postprocessing|conversion failed
        """,
    ),
)

#: Troubles of the way between the site and us, and of the extractor.
TROUBLES: Final[Sequence[Row]] = (
    (
        CutOff,
        r"""
        incompleteread|bytes read|(?:more|bytes),? expected|content too short|did not get any data
        downloaded file is empty|fragment .{0,20}not found|remote end closed|EOF occurred
        """,
    ),
    (
        SiteDown,
        r"""
        HTTP Error 5\d\d|HTTP Error 408|timed ?out|connection (?:reset|refused|aborted|to \S+ timed)
        name or service not known|(?:failure in name|name) resolution|no address associated|unreachable
        tunnel connection failed|proxy error|\bSSL|certificate|giving up after|needs to be reloaded|bad gateway
        service unavailable|temporarily unavailable|request failed|disconnected|incomplete .{0,20}data received
        """,
    ),
    (
        ExtractorBroken,
        r"""
        failed to (?:extract|parse)|unable to (?:extract|parse|solve)|unexpected response
        please report this issue|KeyError|TypeError|has no attribute|no longer supported|please install
        (?:could not|failed to|cannot|unable to) (?:find|fetch|retrieve|calculate|get|parse|determine|decode|decrypt)
        (?:failed|unable|cannot) (?:to )?(?:resolve|recognize|identify)
        API (?:says|returned)|querying API|empty JSON|infinite loop|different device_id
        unsupported (?:API|language)|no player clients|valid API selection|invalid comments_sort
        """,
    ),
    (
        SiteDown,
        r"""
        unable to (?:download|open|fetch|connect)
        """,
    ),
)

#: HTTP statuses that come without a word
STATUSES: Final[Mapping[int, type[GoldcrestError]]] = {
    401: LoginRequired,
    402: Paid,
    403: SiteBlocked,
    404: Removed,
    407: SiteDown,
    408: SiteDown,
    410: Removed,
    413: TooLarge,
    418: SiteBlocked,
    425: SiteDown,
    429: RateLimited,
    451: GeoBlocked,
}
