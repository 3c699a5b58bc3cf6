"""Bilibili: videos and their parts, episodes, streams and songs at home and abroad; short links, lists, people."""

import dataclasses
import re

from platforms.base import Platform
from platforms.shapes import Link

_BV = r"(?P<id>[bB][vV]\w{10})"


class Bilibili(Platform):
    hosts = ("bilibili.com", "b23.tv", "bili2233.cn", "bilibili.tv", "biliintl.com")
    login_cookies = ("SESSDATA",)
    subdomains = "www|m|t|live|space|player"
    paths = {
        "video": (
            rf"/video/{_BV}",
            r"/video/(?P<name>[aA][vV][0-9]+)",
            rf"/festival/[^/?]+\?(?:.*?&)??bvid={_BV}",
            rf"player\.bilibili\.com/player\.html\?(?:.*?&)??bvid={_BV}",
            rf"(?:b23\.tv|bili2233\.cn)/{_BV}",
            r"(?:b23\.tv|bili2233\.cn)/(?P<name>av[0-9]+)",
        ),
        "item": (
            r"/bangumi/play/(?P<id>ep[0-9]+)",
            r"/(?P<id>cheese/play/ep[0-9]+)",
            r"t\.bilibili\.com/(?P<id>[0-9]+)",
            r"/opus/(?P<id>[0-9]+)",
            r"player\.bilibili\.com/player\.html\?(?:.*?&)??(?P<id>aid=[0-9]+)",
            r"[\w.]*bili(?:bili\.tv|intl\.com)/(?:[a-zA-Z]{2}/)?(?P<id>play/[0-9]+/[0-9]+|video/[0-9]+)",
        ),
        "live": r"live\.bilibili\.com/(?:blanc/|h5/)?(?P<id>[0-9]+)",
        "track": r"/audio/(?P<id>au[0-9]+)",
        "playlist": (
            r"/(?P<id>bangumi/(?:play/ss|media/md)[0-9]+|cheese/play/ss[0-9]+|audio/am[0-9]+)",
            r"/(?P<id>(?:list|medialist/play)/\w+(?:\?(?:.*?&)??(?:sid|business_id)=[0-9]+)?|watchlater)",
            r"/medialist/detail/(?P<id>ml[0-9]+)",
            r"/(?P<id>v/[a-zA-Z]+/[a-zA-Z]+)",
            r"space\.bilibili\.com/(?P<id>[0-9]+/(?:lists/[0-9]+|favlist/?\?(?:.*?&)??fid=[0-9]+))",
            r"space\.bilibili\.com/(?P<id>[0-9]+/channel/(?:collection|series)detail/?\?(?:.*?&)??sid=[0-9]+)",
            r"[\w.]*bili(?:bili\.tv|intl\.com)/(?:[a-zA-Z]{2}/)?(?:play|media)/(?P<id>[0-9]+)",
        ),
        "user": (
            r"space\.bilibili\.com/(?P<id>[0-9]+(?:/(?:upload/)?audio)?)(?:/(?:upload/)?video|/dynamic)?",
            r"/space/(?P<id>[0-9]+)",
        ),
    }
    shares = (r"(?:b23\.tv|bili2233\.cn)/(?P<id>\w{4,16})",)
    address = {
        "video": "https://www.bilibili.com/video/{id}",
        "live": "https://live.bilibili.com/{id}",
        "user": "https://space.bilibili.com/{id}",
    }
    extractors = ("bili.*",)
    starts = ("t",)
    examples = {
        "https://www.bilibili.com/video/BV13x41117TL/?spm_id_from=333.788": "BV13x41117TL",
        "https://m.bilibili.com/video/BV13x41117TL?p=1": "BV13x41117TL",
        "https://www.bilibili.com/video/BV1ms411Q7vw/?vd_source=a&p=4": "BV1ms411Q7vw_p4",
        "http://www.bilibili.com/video/AV1074402/": "av1074402",
        "https://www.bilibili.com/festival/2023honkaiimpact3gala?bvid=BV1ay4y1d77f": "BV1ay4y1d77f",
        "https://player.bilibili.com/player.html?isOutside=true&bvid=BV13x41117TL": "BV13x41117TL",
        "https://player.bilibili.com/player.html?aid=92494333&page=1": "aid=92494333",
        "b23.tv/BV13x41117TL": "BV13x41117TL",
        "https://b23.tv/av1074402": "av1074402",
        "https://m.bilibili.com/bangumi/play/ep21495/": "ep21495",
        "https://t.bilibili.com/998134289197432852": "998134289197432852",
        "https://www.bilibili.com/opus/998134289197432852": "998134289197432852",
        "https://www.bilibili.tv/en/video/2045730385": "video/2045730385",
        "https://live.bilibili.com/196?broadcast_type=0": "196",
        "https://www.bilibili.com/audio/au1003142": "au1003142",
        "https://www.bilibili.com/bangumi/play/ss26801": "playlist:bangumi/play/ss26801",
        "https://space.bilibili.com/2142762/lists/3662502?type=season": "playlist:2142762/lists/3662502",
        "https://space.bilibili.com/3985676/video": "user:3985676",
        "https://m.bilibili.com/space/3985676": "user:3985676",
        "https://b23.tv/x8fYg2P": "share:x8fYg2P",
    }
    strangers = (
        "https://www.bilibili.com/",
        "https://www.bilibili.com/read/cv123456",
        "https://www.bilibili.com/video/",
        "https://search.bilibili.com/all?keyword=BV13x41117TL",
        "https://passport.bilibili.com/login?gourl=https%3A%2F%2Fwww.bilibili.com%2Fvideo%2FBV13x41117TL",
        "https://b23.tv/",
    )

    def match(self, url: str, text: str = "") -> Link | None:
        """Mobile pages are read as the others; of a video in parts each part is an item of its own."""
        url = url.replace("://m.", "://www.", 1)
        link = super().match(url, text)
        part = re.search(r"[?&]p=([2-9]|[1-9][0-9]{1,3})(?:&|#|$)", url)
        if link is None or link.kind != "video" or part is None:
            return link
        joint = "&" if "?" in link.url else "?"
        return dataclasses.replace(
            link,
            url=f"{link.url}{joint}p={part[1]}",
            canonical=f"{link.canonical}_p{part[1]}",
            id=f"{link.id}_p{part[1]}",
        )
