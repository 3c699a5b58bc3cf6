"""9GAG: posts with a clip; most others are plain pictures."""

from platforms.base import Platform


class Ninegag(Platform):
    hosts = ("9gag.com",)
    paths = {"item": r"/gag/(?P<id>\w{5,12})"}
    address = {"item": "https://9gag.com/gag/{id}"}
    extractors = ("9gag",)
    examples = {
        "https://9gag.com/gag/ae5Ag7B": "ae5Ag7B",
        "m.9gag.com/gag/ae5Ag7B?ref=ios.s.cl": "ae5Ag7B",
    }
    strangers = (
        "https://9gag.com/",
        "https://9gag.com/funny",
        "https://9gag.com/u/somebody",
        "https://9gag.com/gag/",
        "https://about.9gag.com/gag/ae5Ag7B",
    )
