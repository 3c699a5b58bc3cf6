"""Coub: looping clips."""

from platforms.base import Platform


class Coub(Platform):
    hosts = ("coub.com",)
    subdomains = r"www|m|c-cdn"
    paths = (
        r"/(?:view|embed|coubs)/(?P<id>[0-9a-z]{3,12})",
        r"/fb-player\.swf\?(?:.*?&)??coub(?:ID|id)=(?P<id>[0-9a-z]{3,12})",
    )
    address = {"video": "https://coub.com/view/{id}"}
    extractors = ("coub",)
    examples = {
        "https://coub.com/view/5u5n1": "5u5n1",
        "coub.com/embed/5u5n1?muted=false&autostart=true": "5u5n1",
        "http://c-cdn.coub.com/fb-player.swf?bot_type=vk&coubID=7w5a4": "7w5a4",
    }
    strangers = (
        "https://coub.com/",
        "https://coub.com/explore/hot",
        "https://coub.com/tags/cats",
        "https://coub.com/view/",
        "https://help.coub.com/view/5u5n1",
    )
