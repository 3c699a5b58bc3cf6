"""Dailymotion: videos in pages, players and short links; playlists, profiles, searches."""

from platforms.base import Platform

_ID = r"(?P<id>[A-Za-z0-9]{5,25})"
#: First segments that are pages of the site itself; any other is a profile.
_PAGES = (
    "about|cdn|channel|crawler|embed|explore|feed|hashtag|help|jobs|legal|library|live|oauth|old|partner|player|playlist"
    "|press|privacy|search|settings|signin|signout|signup|swf|terms|topic|trending|upload|user|video|videos"
)


class Dailymotion(Platform):
    hosts = ("dailymotion.com", "dai.ly")
    subdomains = "www|touch|geo|m"
    paths = {
        "video": (
            rf"/(?:(?:embed|crawler|swf)/)?video/{_ID}(?:_[^/?]*)?",
            rf"/swf/(?!video){_ID}(?:_[^/?]*)?",
            rf"/player(?:/\w+)?\.html\?(?:.*?&)??video={_ID}",
            rf"dai\.ly/{_ID}",
        ),
        "playlist": (
            r"/playlist/(?P<id>x[0-9a-z]{3,})(?:_[^/?]*)?(?:/[0-9]+)?",
            r"/player(?:/\w+)?\.html\?(?:.*?&)??playlist=(?P<id>x[0-9a-z]{3,})",
        ),
        "search": r"/search/(?P<name>[^/?&]+)(?:/(?:videos|top-results))?",
        "user": rf"/(?:(?:old/)?user/)?(?P<name>(?!(?:{_PAGES})(?:[/?]|$))[\w.-]+)(?:/videos)?",
    }
    address = {
        "video": "https://www.dailymotion.com/video/{id}",
        "playlist": "https://www.dailymotion.com/playlist/{id}",
        "search": "https://www.dailymotion.com/search/{id}/videos",
        "user": "https://www.dailymotion.com/{id}",
    }
    extractors = ("dailymotion.*",)
    starts = ("start", "t")
    rate = 2.0
    examples = {
        "http://www.dailymotion.com/video/x5kesuj_office-christmas-party-review_news?start=10": "x5kesuj",
        "https://www.dailymotion.com/embed/video/x8u4owg?autoplay=1": "x8u4owg",
        "https://touch.dailymotion.com/video/x8u4owg?playlist=xv4bw": "x8u4owg",
        "http://www.dailymotion.com/swf/x3ss1m_funny-magic-trick-barry-and-stuart_fun": "x3ss1m",
        "https://geo.dailymotion.com/player/x86gw.html?video=k46oCapRs4iikoz9DWy": "k46oCapRs4iikoz9DWy",
        "https://geo.dailymotion.com/player.html?mute=true&video=x89eyek": "x89eyek",
        "dai.ly/x94cnnk": "x94cnnk",
        "http://www.dailymotion.com/playlist/xv4bw_nqtv_sport/1#video=xl8v3q": "playlist:xv4bw",
        "https://geo.dailymotion.com/player/xf7zn.html?playlist=x7wdsj": "playlist:x7wdsj",
        "https://www.dailymotion.com/search/King%20of%20turtles/videos": "search:king%20of%20turtles",
        "https://www.dailymotion.com/user/NQTV": "user:nqtv",
        "https://www.dailymotion.com/nqtv": "user:nqtv",
    }
    strangers = (
        "https://www.dailymotion.com/",
        "https://www.dailymotion.com/signin?urlback=%2Fvideo%2Fx5kesuj",
        "https://www.dailymotion.com/video/",
        "https://www.dailymotion.com/settings/x5kesuj",
        "https://developers.dailymotion.com/video/x5kesuj",
        "https://dai.ly/",
    )
