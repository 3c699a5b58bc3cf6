"""Weibo: posts with one or several videos, the video pages; short links; a person's videos."""

from platforms.base import Platform

_VIDEO = r"(?P<id>[0-9]+:(?:[0-9a-f]{32}|[0-9]{16,}))"


class Weibo(Platform):
    hosts = ("weibo.com", "weibo.cn", "t.cn")
    subdomains = r"www|m|mobile|video|(?:h5\.)?video"
    paths = {
        "item": (
            r"m\.weibo\.cn/(?:status|detail)/(?P<id>[a-zA-Z0-9]{8,20})",
            r"(?:www\.)?weibo\.com/(?:u/)?[0-9]+/?\?(?:.*?&)??layerid=(?P<id>[0-9]+)",
            r"(?:www\.)?weibo\.com/[0-9]+/(?P<id>[a-zA-Z0-9]{8,20})",
        ),
        "video": (
            rf"/tv/show/{_VIDEO}",
            rf"(?:h5\.)?video\.weibo\.com/show/{_VIDEO}",
            rf"video\.weibo\.com/show/?\?(?:.*?&)??fid={_VIDEO}",
        ),
        "user": r"(?:www\.)?weibo\.com/u/(?P<id>[0-9]+)",
    }
    shares = (r"t\.cn/(?P<id>\w{5,10})",)
    address = {"video": "https://weibo.com/tv/show/{id}"}
    extractors = ("weibo.*",)
    items = 20
    rate = 0.5
    examples = {
        "https://weibo.com/7827771738/N4xlMvjhI?refer_flag=1": "N4xlMvjhI",
        "https://m.weibo.cn/status/4189191225395228?from=page": "4189191225395228",
        "m.weibo.cn/detail/4189191225395228": "4189191225395228",
        "https://weibo.com/u/7610808848?tabtype=newVideo&layerid=4967273022359838": "4967273022359838",
        "https://weibo.com/tv/show/1034:4797699866951785?from=old_pc_videoshow": "1034:4797699866951785",
        "https://video.weibo.com/show?fid=1034:4967272104784987": "1034:4967272104784987",
        "https://h5.video.weibo.com/show/1034:4797699866951785": "1034:4797699866951785",
        "https://weibo.com/u/2066652961?tabtype=video": "user:2066652961",
        "http://t.cn/A6x1YzQp": "share:A6x1YzQp",
    }
    strangers = (
        "https://weibo.com/",
        "https://weibo.com/hot/search",
        "https://passport.weibo.com/visitor/visitor?url=https%3A%2F%2Fweibo.com%2F0%2F4224132150961381",
        "https://m.weibo.cn/search?containerid=100103",
        "https://t.cn/",
    )
