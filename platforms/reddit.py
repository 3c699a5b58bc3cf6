"""Reddit: posts with videos, photos or galleries; share links and video files that hide their post."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9a-z]{2,10})"


class Reddit(Platform):
    hosts = ("reddit.com", "redditmedia.com", "redd.it")
    login_cookies = ("reddit_session",)
    fixers = ("rxddit.com", "vxreddit.com", "redditez.com", "rxyddit.com")
    subdomains = "www|old|new|np|m|i|v|amp|sh|embed|[a-z]{2}"
    paths = {
        "item": (
            rf"/(?:(?:r|u|user)/[^/?]+/)?comments/{_ID}(?:/[^?]*)?",
            rf"/(?:gallery|tb)/{_ID}",
            rf"/link/{_ID}/video/\w+/player",
            rf"(?:www\.)?redd\.it/{_ID}",
        ),
    }
    shares = (r"/(?:r|u|user)/[^/?]+/s/(?P<id>\w{6,20})", r"v\.redd\.it/(?P<id>\w{6,20})", r"/video/(?P<id>\w{6,20})")
    address = {"item": "https://www.reddit.com/comments/{id}"}
    extractors = ("reddit",)
    items = 20
    examples = {
        "https://www.reddit.com/r/videos/comments/6rrwyj/that_small_heart_attack/?share_id=x": "6rrwyj",
        "https://old.reddit.com/user/creepyt0es/comments/nip71r/i_plan_to_make_more_stickers/": "nip71r",
        "https://nm.reddit.com/r/Cricket/comments/8idvby/lousy_cameraman/dyqw8hn/?context=3": "8idvby",
        "https://www.redditmedia.com/r/serbia/comments/pu9wbx/ako_vu%C4%8Di%C4%87/": "pu9wbx",
        "https://www.reddit.com/comments/124pp33": "124pp33",
        "https://www.reddit.com/gallery/124pp33": "124pp33",
        "https://www.reddit.com/link/124pp33/video/antsenjc2jqa1/player": "124pp33",
        "redd.it/6rrwyj": "6rrwyj",
        "https://rxddit.com/r/videos/comments/6rrwyj/": "6rrwyj",
        "https://old.vxreddit.com/r/videos/comments/6rrwyj": "6rrwyj",
        "https://www.reddit.com/r/videos/s/AbCdEfGhIj": "share:AbCdEfGhIj",
        "https://rxddit.com/r/videos/s/AbCdEfGhIj": "share:AbCdEfGhIj",
        "https://v.redd.it/zv89llsvexdz": "share:zv89llsvexdz",
        "https://www.reddit.com/video/zv89llsvexdz": "share:zv89llsvexdz",
    }
    strangers = (
        "https://www.reddit.com/",
        "https://www.reddit.com/r/videos/",
        "https://www.reddit.com/user/creepyt0es/",
        "https://www.reddit.com/search/?q=comments/6rrwyj",
        "https://www.reddit.com/login/?dest=https%3A%2F%2Fwww.reddit.com%2Fcomments%2F6rrwyj",
        "https://ads.reddit.com/comments/6rrwyj",
        "https://redd.it/",
    )
