"""Snapchat: spotlights, also under a profile; short links that hide theirs."""

from platforms.base import Platform

_ID = r"(?P<id>\w{20,120})"


class Snapchat(Platform):
    hosts = ("snapchat.com",)
    subdomains = "www|t|story"
    paths = {"short": rf"/(?:@[\w.-]+/|add/[\w.-]+/)?spotlight/{_ID}"}
    shares = (r"t\.snapchat\.com/(?P<id>\w{5,20})", r"/t/(?P<id>\w{5,20})")
    address = {"short": "https://www.snapchat.com/spotlight/{id}"}
    extractors = ("snapchat.*",)
    examples = {
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAYYWtidGhudGZpAX1TKn0JAX1TKnXJAAAAAA?share_id=x": (
            "W7_EDlXWTBiXAEEniNoMPwAAYYWtidGhudGZpAX1TKn0JAX1TKnXJAAAAAA"
        ),
        "snapchat.com/@team.snap/spotlight/W7_EDlXWTBiXAEEniNoMPwAAYcnVjYWdwcGV1AZEaIYn5AZEaIYnrAAAAAQ": (
            "W7_EDlXWTBiXAEEniNoMPwAAYcnVjYWdwcGV1AZEaIYn5AZEaIYnrAAAAAQ"
        ),
        "https://t.snapchat.com/AbCdEfGh": "share:AbCdEfGh",
        "https://www.snapchat.com/t/AbCdEfGh": "share:AbCdEfGh",
    }
    strangers = (
        "https://www.snapchat.com/",
        "https://www.snapchat.com/add/team.snap",
        "https://www.snapchat.com/spotlight/",
        "https://www.snapchat.com/lens/W7EDlXWTBiXAEEniNoMPwAAYYWtidGhudGZp",
        "https://accounts.snapchat.com/spotlight/W7EDlXWTBiXAEEniNoMPwAAYYWtidGhudGZp",
        "https://t.snapchat.com/",
    )
