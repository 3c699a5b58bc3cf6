"""Imgur: single animations and photos, albums, posts of the gallery."""

from platforms.base import Platform

_ID = r"(?:[\w%-]+-)?(?P<id>[A-Za-z0-9]{5,10})"
#: First segments that are pages of the site itself.
_PAGES = (
    "about|account|apps|arcade|blog|emerald|gallery|privacy|random|register|search|settings|signin|store|topic|topics"
    "|tos|upload|user"
)


class Imgur(Platform):
    hosts = ("imgur.com", "imgur.io")
    subdomains = "www|i|m"
    paths = {
        "carousel": rf"/a/{_ID}(?:/(?:embed|layout/\w+))?",
        "item": rf"/(?:gallery|(?:t|topic|r)/[^/?]+)/{_ID}",
        "video": rf"/(?!(?:{_PAGES})(?:[/?]|$)){_ID}(?:_d)?(?:\.(?:gifv|mp4|webm|gif|jpe?g|png|webp))?(?:/embed)?",
    }
    address = {
        "carousel": "https://imgur.com/a/{id}",
        "item": "https://imgur.com/gallery/{id}",
        "video": "https://imgur.com/{id}",
    }
    extractors = ("imgur.*",)
    items = 20
    rate = 2.0
    examples = {
        "https://imgur.com/A61SaA1": "A61SaA1",
        "https://imgur.com/mrw-gifv-is-up-running-without-any-bugs-A61SaA1": "A61SaA1",
        "https://i.imgur.com/A61SaA1.gifv": "A61SaA1",
        "i.imgur.com/crGpqCV.mp4?1": "crGpqCV",
        "https://i.imgur.com/jxBXAMC_d.webp?maxwidth=640": "jxBXAMC",
        "https://m.imgur.com/a/iX265HX": "iX265HX",
        "https://imgur.com/a/enen-no-shouboutai-iX265HX": "iX265HX",
        "https://imgur.com/gallery/YcAQlkx": "YcAQlkx",
        "https://imgur.io/t/unmuted/penguins-penguins-6lAn9VQ": "6lAn9VQ",
        "http://imgur.com/topic/Aww/ll5Vk": "ll5Vk",
        "http://imgur.com/r/aww/VQcQPhM": "VQcQPhM",
    }
    strangers = (
        "https://imgur.com/",
        "https://imgur.com/upload",
        "https://imgur.com/user/goldcrest",
        "https://imgur.com/search?q=A61SaA1",
        "https://api.imgur.com/A61SaA1",
    )
