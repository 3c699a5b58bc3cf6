"""Facebook: videos, reels, streams, posts, groups and events; share links that hide their item."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9]{5,20}|pfbid\w{20,100})"


class Facebook(Platform):
    hosts = ("facebook.com", "fb.watch", "fb.com", "fb.me")
    login_cookies = ("c_user", "xs")
    fixers = ("facebed.com",)
    subdomains = "www|m|web|mobile|mbasic|touch|business|[a-z]{2}-[a-z]{2}"
    paths = {
        "live": rf"/watch/live/?\?(?:.*?&)??v={_ID}",
        "video": (
            rf"/(?:watch/?|video(?:/video)?\.php|video/embed|photo\.php)\?(?:.*?&)??(?:v|video_id)={_ID}",
            rf"/[^/?]+/videos/(?:[^/?]+/)?{_ID}",
            (
                r"/plugins/video\.php\?(?:.*?&)??href=https(?::|%3A)(?:/|%2F){2}(?:www|m)\.facebook\.com(?:/|%2F)"
                rf"(?:.*?(?:videos|reel)(?:/|%2F)(?:[^/%]+(?:/|%2F))?|video\.php(?:\?|%3F)v(?:=|%3D)){_ID}(?:(?:/|%2F|%26).*)?"
            ),
        ),
        "reel": rf"/(?:[^/?]+/)?reel/{_ID}",
        "item": (
            rf"/(?:permalink|story)\.php\?(?:.*?&)??story_fbid={_ID}",
            rf"/[^/?]+/posts/(?:[^/?]+/)?{_ID}",
            rf"/groups/[^/?]+/(?:permalink|posts)/(?:[0-9a-f]{{6,32}}/)?{_ID}",
            rf"/(?:events/(?:[^/?]+/)?|watchparty/){_ID}",
            rf"/ads/library/?\?(?:.*?&)??id={_ID}",
        ),
    }
    shares = (
        r"/share/(?:[prv]/)?(?P<id>\w{6,30})",
        r"fb\.watch/(?P<id>[\w-]{5,30})",
        r"fb\.(?:com|me)/(?P<id>[^?&]{2,200}?)",
    )
    address = {"reel": "https://www.facebook.com/reel/{id}"}
    extractors = ("facebook.*",)
    items = 20
    rate = 0.5
    examples = {
        "https://www.facebook.com/radiokicksfm/videos/3676516585958356/?mibextid=x&__tn__=y": "3676516585958356",
        "https://www.facebook.com/ChristyClarkForBC/videos/vb.22819070941/10153870694020942/?type=2&theater": (
            "10153870694020942"
        ),
        "https://m.facebook.com/watch/?ref=saved&v=647537299265662": "647537299265662",
        "https://zh-hk.facebook.com/video.php?v=637842556329505&fref=nf": "637842556329505",
        "https://facebed.com/watch?v=647537299265662": "647537299265662",
        "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fx%2Fvideos%2F1015438374%2F": (
            "1015438374"
        ),
        "https://www.facebook.com/watch/live/?v=1823658634322275": "1823658634322275",
        "https://www.facebook.com/reel/1195289147628387/?s=single_unit": "1195289147628387",
        "https://www.facebook.com/barackobama/posts/10153664894881749": "10153664894881749",
        "https://m.facebook.com/story.php?story_fbid=1035862816472149&id=116132035111903": "1035862816472149",
        "https://www.facebook.com/groups/1024490957622648/permalink/1396382447100162/": "1396382447100162",
        "https://m.facebook.com/events/1509582499515440": "1509582499515440",
        "https://www.facebook.com/ads/library/?id=899206155126718": "899206155126718",
        "https://fb.watch/aBcD_12-x/": "share:aBcD_12-x",
        "https://www.facebook.com/share/v/1AbCdEfGhI/?mibextid=x": "share:1AbCdEfGhI",
        "https://www.facebook.com/share/r/1AbCdEfGhI": "share:1AbCdEfGhI",
        "https://www.facebook.com/share/1AbCdEfGhI/": "share:1AbCdEfGhI",
        "https://fb.com/cnn/videos/10155529876156509": "share:cnn/videos/10155529876156509",
        "https://fb.me/1AbCdEfGhI": "share:1AbCdEfGhI",
    }
    strangers = (
        "https://www.facebook.com/",
        "https://www.facebook.com/nasa",
        "https://www.facebook.com/watch/",
        "https://www.facebook.com/login/?next=https%3A%2F%2Fwww.facebook.com%2Freel%2F1195289147628387",
        "https://www.facebook.com/groups/1024490957622648/",
        "https://www.facebook.com/marketplace/item/1024490957622648/",
        "https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Fexample.com",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2F",
        "https://fb.watch/",
    )
