"""Telegram: posts of public channels with videos, photos or sound."""

from platforms.base import Platform

#: First segments that aren't channels though they are long enough.
_PAGES = (
    "addemoji|addlist|addstickers|addtheme|boost|confirmphone|contact|giftcode|invoice|joinchat|login|proxy"
    "|setlanguage|share|socks"
)
_POST = rf"(?!(?:{_PAGES})/)[A-Za-z]\w{{3,31}}/[0-9]{{1,10}}"


class Telegram(Platform):
    hosts = ("t.me", "telegram.me", "telegram.dog")
    subdomains = "www"
    paths = {"item": (rf"/(?P<name>{_POST}\?single)", rf"/(?:s/)?(?P<name>{_POST})")}
    address = {"item": "https://t.me/{id}"}
    extractors = ("telegram.*",)
    rate = 2.0
    examples = {
        "https://t.me/Europa_Press/613": "europa_press/613",
        "t.me/s/vorposte/29342?embed=1": "vorposte/29342",
        "https://t.me/vorposte/29342?single": "vorposte/29342?single",
        "https://telegram.me/vorposte/29343?comment=5": "vorposte/29343",
    }
    strangers = (
        "https://t.me/",
        "https://t.me/europa_press",
        "https://t.me/s/europa_press",
        "https://t.me/c/1234567890/613",
        "https://t.me/joinchat/613",
        "https://t.me/share/url?url=https%3A%2F%2Ft.me%2Feuropa_press%2F613",
        "https://core.t.me/europa_press/613",
    )
