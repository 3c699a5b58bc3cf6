"""Douyin: videos and photo posts by page, share page or overlay; short links that hide their item."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9]{15,22})"


class Douyin(Platform):
    hosts = ("douyin.com", "iesdouyin.com")
    subdomains = "www|m|v"
    paths = {
        "video": (
            rf"/(?:share/)?video/{_ID}",
            rf"/(?:jingxuan|discover|hot|follow|user/[\w-]+|search/[^/?]+|channel/[^?]*)?/?\?(?:.*?&)??modal_id={_ID}",
        ),
        "carousel": rf"/(?:share/)?(?:note|slides)/{_ID}",
    }
    shares = (r"v\.douyin\.com/(?P<id>[\w-]{4,16})",)
    address = {
        "video": "https://www.douyin.com/video/{id}",
        "carousel": "https://www.douyin.com/video/{id}",
    }
    extractors = ("douyin",)
    items = 20
    examples = {
        "https://www.douyin.com/video/6961737553342991651?previous_page=app": "6961737553342991651",
        "https://www.iesdouyin.com/share/video/6961737553342991651/?region=CN": "6961737553342991651",
        "https://www.douyin.com/user/MS4wLjABAAAA-x?from=a&modal_id=6961737553342991651": "6961737553342991651",
        "https://www.douyin.com/?modal_id=6961737553342991651": "6961737553342991651",
        "https://www.douyin.com/note/7302000000000000000": "7302000000000000000",
        "https://v.douyin.com/iRNBho6/": "share:iRNBho6",
    }
    strangers = (
        "https://www.douyin.com/",
        "https://www.douyin.com/user/MS4wLjABAAAA-x",
        "https://www.douyin.com/video/",
        "https://creator.douyin.com/video/6961737553342991651",
        "https://v.douyin.com/",
    )
