"""Xiaohongshu (RedNote): notes, whose link carries a token; short links that hide their note."""

import re

from platforms.base import Platform
from platforms.shapes import Link

_ID = r"(?P<id>[0-9a-f]{24})"


class Xiaohongshu(Platform):
    hosts = ("xiaohongshu.com", "xhslink.com")
    paths = {"item": rf"/(?:explore|discovery/item|user/profile/[0-9a-f]+)/{_ID}"}
    shares = (r"xhslink\.com/(?:[a-z]/)?(?P<id>\w{4,16})",)
    extractors = ("xiaohongshu",)
    items = 20
    rate = 0.5
    examples = {
        "https://www.xiaohongshu.com/explore/6411cf99000000001300b6d9": "6411cf99000000001300b6d9",
        "xiaohongshu.com/discovery/item/674051740000000007027a15?xsec_token=CBgeL8Dx=": "674051740000000007027a15",
        "https://www.xiaohongshu.com/user/profile/5f3c0000000000000100a1b2/674051740000000007027a15?xsec_token=A": (
            "674051740000000007027a15"
        ),
        "http://xhslink.com/a/AbCdEf123": "share:AbCdEf123",
        "https://xhslink.com/AbCdEf": "share:AbCdEf",
    }
    strangers = (
        "https://www.xiaohongshu.com/",
        "https://www.xiaohongshu.com/explore",
        "https://www.xiaohongshu.com/user/profile/5f3c0000000000000100a1b2",
        "https://creator.xiaohongshu.com/explore/6411cf99000000001300b6d9",
        "https://xhslink.com/",
    )

    def match(self, url: str, text: str = "") -> Link | None:
        """One spelling of the page; its token stays."""
        url = re.sub(r"^(https?://)(?:(?:www|m|mobile)\.)?xiaohongshu\.", r"\1www.xiaohongshu.", url)
        return super().match(re.sub(r"/user/profile/[0-9a-f]+/(?=[0-9a-f]{24})", "/explore/", url), text)
