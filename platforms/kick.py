"""Kick: streams, recordings and clips; a channel's recordings and clips as lists."""

from platforms.base import Platform

_UUID = r"(?P<id>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_PAGES = (
    "about|api|auth|browse|careers|categories|category|clips|community-guidelines|dashboard|dmca-policy|download|embed"
    "|following|help|home|jobs|legal|login|press|privacy-policy|search|settings|signup|subscriptions|terms-of-service"
    "|video|videos"
)
_NAME = rf"(?!(?:{_PAGES})(?:[/?]|$))[\w-]+"


class Kick(Platform):
    hosts = ("kick.com",)
    subdomains = "www|m|player"
    paths = {
        "clip": (
            rf"/{_NAME}/clips/(?P<id>clip_[\w-]+)",
            rf"/{_NAME}/?\?(?:.*?&)??clip=(?P<id>clip_[\w-]+)",
        ),
        "video": rf"/{_NAME}/videos/{_UUID}",
        "channel": rf"/(?P<name>{_NAME}/(?:videos|clips))",
        "live": rf"/(?P<name>{_NAME})",
    }
    address = {
        "clip": "https://kick.com/-/clips/{id}",
        "video": "https://kick.com/-/videos/{id}",
        "channel": "https://kick.com/{id}",
        "live": "https://kick.com/{id}",
    }
    extractors = ("kick:.*",)
    starts = ("t",)
    examples = {
        "https://kick.com/mxddy?clip=clip_01GYXVB5Y8PWAPWCWMSBCFB05X": "clip_01GYXVB5Y8PWAPWCWMSBCFB05X",
        "https://kick.com/spreen/clips/clip_01J8RGZRKHXHXXKJEHGRM932A5?sort=view": "clip_01J8RGZRKHXHXXKJEHGRM932A5",
        "https://www.kick.com/xqc/videos/01a0251f-ef48-702d-9289-d66922da0e84": "01a0251f-ef48-702d-9289-d66922da0e84",
        "https://kick.com/XQC/videos?sort=views": "channel:xqc/videos",
        "https://kick.com/xqc/clips": "channel:xqc/clips",
        "https://kick.com/Coringa": "coringa",
        "https://player.kick.com/coringa?autoplay=true": "coringa",
    }
    strangers = (
        "https://kick.com/",
        "https://kick.com/categories/games",
        "https://kick.com/search?query=xqc",
        "https://kick.com/xqc/about",
        "https://help.kick.com/xqc",
    )
