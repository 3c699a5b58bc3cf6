"""Niconico: videos, shorts and broadcasts; lists, series, searches, people and channels."""

from platforms.base import Platform


class Niconico(Platform):
    hosts = ("nicovideo.jp", "nico.ms")
    login_cookies = ("user_session",)
    subdomains = r"www|sp|embed|ch|(?:sp\.)?live2?"
    paths = {
        "video": (
            r"/watch/(?P<id>(?:(?!lv)[a-z]{2})?[0-9]+)",
            r"ch\.nicovideo\.jp/[\w-]+/video/(?P<id>so[0-9]+)",
            r"nico\.ms/(?P<id>(?!lv)(?:[a-z]{2})?[0-9]+)",
        ),
        "short": r"/shorts/(?P<id>(?:[a-z]{2})?[0-9]+)",
        "live": (r"/(?:watch|gate)/(?P<id>lv[0-9]+)", r"nico\.ms/(?P<id>lv[0-9]+)"),
        "playlist": r"/(?:user/[0-9]+/)?(?:my/)?(?P<id>(?:mylist|series)/[0-9]+)",
        "channel": (r"ch\.nicovideo\.jp/(?P<id>(?!search/)[\w-]+/video(?:/(?:pay|member|continuation))?)",),
        "user": r"/user/(?P<id>[0-9]+)(?:/video)?",
        "tag": r"/tag/(?P<name>[^/?&]+)",
        "search": (r"ch\.nicovideo\.jp/(?P<name>search/[^/?]+)", r"/search/(?P<name>[^/?&]+)"),
    }
    address = {
        "video": "https://www.nicovideo.jp/watch/{id}",
        "short": "https://www.nicovideo.jp/shorts/{id}",
        "live": "https://live.nicovideo.jp/watch/{id}",
        "playlist": "https://www.nicovideo.jp/{id}",
        "user": "https://www.nicovideo.jp/user/{id}",
    }
    extractors = ("niconico", "niconico:.*", "niconicouser", "nicovideo:search_url")
    starts = ("from",)
    examples = {
        "https://www.nicovideo.jp/watch/sm8628149?ref=x": "sm8628149",
        "sp.nicovideo.jp/watch/1173108780": "1173108780",
        "https://nico.ms/sm9": "sm9",
        "https://ch.nicovideo.jp/amiami-ch/video/so44060088": "so44060088",
        "https://www.nicovideo.jp/shorts/ss46441082": "ss46441082",
        "https://live2.nicovideo.jp/watch/lv329299587": "lv329299587",
        "https://sp.live.nicovideo.jp/gate/lv329299587": "lv329299587",
        "https://nico.ms/lv331050399": "lv331050399",
        "https://www.nicovideo.jp/user/805442/mylist/27411728": "playlist:mylist/27411728",
        "https://nico.ms/series/203559": "playlist:series/203559",
        "https://ch.nicovideo.jp/yukarisama/video/pay": "channel:yukarisama/video/pay",
        "https://www.nicovideo.jp/user/419948/video": "user:419948",
        "https://www.nicovideo.jp/tag/Goldcrest": "tag:goldcrest",
        "https://www.nicovideo.jp/search/sm9?sort=h": "search:sm9",
    }
    strangers = (
        "https://www.nicovideo.jp/",
        "https://www.nicovideo.jp/ranking",
        "https://www.nicovideo.jp/my/history",
        "https://account.nicovideo.jp/login?next_url=%2Fwatch%2Fsm9",
        "https://nico.ms/",
    )
