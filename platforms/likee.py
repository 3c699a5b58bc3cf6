"""Likee: videos and profiles; short links that hide their video."""

from platforms.base import Platform


class Likee(Platform):
    hosts = ("likee.video",)
    subdomains = "www|l|m|mobile"
    paths = {
        "video": (r"(?:www\.)?likee\.video/v/(?P<id>\w{4,20})", r"/(?:trending/)?@[\w.-]+/video/(?P<id>[0-9]{10,25})"),
        "user": r"/(?P<name>@[\w.-]+)",
    }
    shares = (r"l\.likee\.video/[vp]/(?P<id>\w{4,20})",)
    extractors = ("likee.*",)
    examples = {
        "https://likee.video/@huynh_hong_quan_/video/7093444807096327263": "7093444807096327263",
        "https://www.likee.video/v/k6QcOp": "k6QcOp",
        "https://likee.video/@May_Hmoob": "user:@may_hmoob",
        "https://l.likee.video/v/k6QcOp": "share:k6QcOp",
    }
    strangers = (
        "https://likee.video/",
        "https://likee.video/explore",
        "https://likee.video/@may_hmoob/video/",
        "https://l.likee.video/",
        "https://activity.likee.video/@may_hmoob/video/7093444807096327263",
    )
