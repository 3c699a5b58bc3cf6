"""YouTube: videos, shorts, streams and clips in all spellings; playlists, channels, searches, hashtags."""

from platforms.base import Platform

_ID = r"(?P<id>[\w-]{11})"
_LIST = r"(?P<id>(?:PL|UU|LL|FL|RD|OL|TL|PU|EC|WL|EL|SP)[\w-]{0,80})"
_TAB = r"(?:/(?:featured|home|videos|about|community|channels|store|search))?"
_SHELF = r"(?:/(?:shorts|streams|playlists|podcasts|releases|posts|courses|letsplay))?"
#: First segments that are pages of the site itself; any other word may be a channel's old short name.
_PAGES = (
    "about|account|ads|age_verification|attribution_link|c|channel|clip|creators|e|embed|feed|feeds|gaming|gift|hashtag"
    "|howyoutubeworks|iframe_api|index|intl|jobs|kids|live|live_chat|live_dashboard|login|logout|movie|movies|music|new"
    "|oembed|oops|paid_memberships|playables|playlist|podcasts|post|premium|press|privacy|redirect|reporthistory"
    "|results|s|safety|shorts|show|shows|signin|signup|source|sports|static|storefront|t|team|terms|testtube|trends|tv"
    "|upload|user|v|verify|video|videoseries|view_play_list|watch|watch_popup|watch_videos|yt|youtubei"
)


class Youtube(Platform):
    hosts = ("youtube.com", "youtu.be", "youtube-nocookie.com", "youtubekids.com", "youtube.googleapis.com")
    subdomains = "www|m|mobile|music|gaming|kids|tv|consent|[a-z]{2}"
    paths = {
        "video": (
            rf"/(?:watch|watch_popup|movie)?(?:\.php)?/?\?(?:.*?&)??v={_ID}",
            rf"youtu\.be/{_ID}",
            rf"/(?:embed|v|e|vi|video|watch)/(?!videoseries|live_stream){_ID}",
            rf"/attribution_link\?(?:.*?&)??u=(?:/|%2F)watch(?:\?|%3F)v(?:=|%3D){_ID}(?:%26.*)?",
            (
                rf"consent\.youtube\.com/\w+\?(?:.*?&)??continue=https(?::|%3A)(?:/|%2F){{2}}(?:www|m)\.youtube\.com(?:/|%2F)"
                rf"(?:watch(?:\?|%3F)v(?:=|%3D)|shorts(?:/|%2F)|live(?:/|%2F)){_ID}(?:(?:\?|%3F|%26).*)?"
            ),
        ),
        "short": rf"/shorts/{_ID}",
        "live": (
            rf"/live/{_ID}",
            r"/(?P<id>channel/UC[\w-]{22}/live)",
            r"/(?P<name>(?:@|(?:c|user)/)[\w.%-]+/live)",
            rf"/(?P<name>(?!(?:{_PAGES})/)[A-Za-z0-9%]+/live)",
            r"/(?P<id>embed/live_stream\?(?:.*?&)??channel=UC[\w-]{22})",
        ),
        "clip": r"/clip/(?P<id>Ug[\w-]{20,60})",
        "playlist": (
            rf"/(?:playlist|watch|view_play_list|embed/videoseries)/?\?(?:.*?&)??(?:list|p)={_LIST}",
            r"/browse/VL(?P<id>[\w-]{10,80})",
            r"/browse/(?P<id>MPREb_[\w-]{11})",
        ),
        "sound": r"/source/(?P<id>[\w-]{11})/shorts",
        "tag": r"/hashtag/(?P<name>[\w.%-]+)",
        "search": r"/(?:results|search)\?(?:.*?&)??(?:search_query|q)=(?P<name>[^&]+)",
        "channel": (
            rf"/(?:channel|browse)/(?P<id>UC[\w-]{{22}}{_SHELF}){_TAB}",
            rf"/(?P<name>@[\w.%-]+{_SHELF}){_TAB}",
            rf"/(?P<name>(?:c|user)/[\w.%-]+{_SHELF}){_TAB}",
            rf"/(?P<name>(?!(?:{_PAGES})(?:[/?]|$))[A-Za-z0-9%]+{_SHELF}){_TAB}",
        ),
    }
    address = {
        "video": "https://www.youtube.com/watch?v={id}",
        "short": "https://www.youtube.com/shorts/{id}",
        "clip": "https://www.youtube.com/clip/{id}",
        "playlist": "https://www.youtube.com/playlist?list={id}",
    }
    extractors = ("youtube.*",)
    rate = 2.0
    examples = {
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube.com/watch?list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl&v=dQw4w9WgXcQ&t=43s": "dQw4w9WgXcQ",
        "HTTPS://YOUTU.BE/dQw4w9WgXcQ?si=abcdef": "dQw4w9WgXcQ",
        "youtu.be/dQw4w9WgXcQ&feature=share": "dQw4w9WgXcQ",
        "https://m.youtube.com:443/watch?app=desktop&v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://music.youtube.com./watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://de.youtube.com/watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?start=5": "dQw4w9WgXcQ",
        "https://www.youtubekids.com/watch?v=dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://youtube.googleapis.com/v/dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ?feature=share": "dQw4w9WgXcQ",
        "https://www.youtube.com/live/dQw4w9WgXcQ": "dQw4w9WgXcQ",
        "https://www.youtube.com/clip/UgytZKpehg-hEMBSn3F4AaABCQ": "UgytZKpehg-hEMBSn3F4AaABCQ",
        "https://www.youtube.com/@NASA/live": "@nasa/live",
        "https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3DdQw4w9WgXcQ%26feature%3Dshare": "dQw4w9WgXcQ",
        "https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Flive%2FdQw4w9WgXcQ%3Fcbrd%3D1&gl=NL": (
            "dQw4w9WgXcQ"
        ),
        "https://www.youtube.com/playlist?list=PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl": (
            "playlist:PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl"
        ),
        "https://www.youtube.com/embed/videoseries?list=PL6IaIsEjSbf96XFRuNccS": "playlist:PL6IaIsEjSbf96XFRuNccS",
        "https://www.youtube.com/channel/UCLA_DiR1FfKNvjuUpBHmylQ/videos": "channel:UCLA_DiR1FfKNvjuUpBHmylQ",
        "https://www.youtube.com/@NASA": "channel:@nasa",
        "https://www.youtube.com/@NASA/shorts": "channel:@nasa/shorts",
        "https://www.youtube.com/c/NASA/featured": "channel:c/nasa",
        "https://www.youtube.com/NASAgovVideo": "channel:nasagovvideo",
        "https://www.youtube.com/source/Lyj-MZSAA9o/shorts": "sound:Lyj-MZSAA9o",
        "https://www.youtube.com/hashtag/Goldcrest": "tag:goldcrest",
        "https://www.youtube.com/results?search_query=Goldcrest+song": "search:goldcrest+song",
    }
    strangers = (
        "https://www.youtube.com/",
        "https://youtu.be/",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=tooshort",
        "https://www.youtube.com/watch?feature=foo",
        "https://www.youtube.com/redirect?q=https%3A%2F%2Fexample.com",
        "https://www.youtube.com/feed/subscriptions",
        "https://www.youtube.com/premium",
        "https://accounts.youtube.com/accounts/SetSID",
        "https://studio.youtube.com/video/dQw4w9WgXcQ/edit",
    )
