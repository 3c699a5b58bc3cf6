"""Instagram: posts, reels, IGTV and stories; share links that hide their item; profiles, hashtags."""

from platforms.base import Platform

_CODE = r"(?P<id>[\w-]{5,60})"
#: First segments that are pages of the site itself; any other is a profile.
_PAGES = (
    "about|accounts|api|challenge|developer|direct|directory|download|emails|explore|fxcal|graphql|igtv|legal|locations"
    "|lite|login|oauth|p|press|privacy|reel|reels|share|static|stories|terms|topics|tv|web"
)
_USER = rf"(?!(?:{_PAGES})(?:[/?]|$))[\w.]{{1,30}}"


class Instagram(Platform):
    hosts = ("instagram.com", "instagr.am")
    login_cookies = ("sessionid",)
    fixers = ("ddinstagram.com", "eeinstagram.com", "instagramez.com", "kkinstagram.com", "vxinstagram.com")
    paths = {
        "item": rf"/(?:{_USER}/)?p/{_CODE}(?:/(?:embed(?:/captioned)?|media))?",
        "reel": rf"/(?:{_USER}/)?reels?/(?!audio(?:[/?]|$)){_CODE}(?:/embed(?:/captioned)?)?",
        "video": rf"/(?:{_USER}/)?tv/{_CODE}(?:/embed(?:/captioned)?)?",
        "story": r"/stories/(?!highlights/)[\w.]+/(?P<id>[0-9]+)",
        "stories": (r"/stories/(?P<id>highlights/[0-9]+)", r"/stories/(?P<name>(?!highlights(?:[/?]|$))[\w.]+)"),
        "tag": r"/explore/tags/(?P<name>[^/?&]+)",
        "user": rf"/(?P<name>{_USER})(?:/(?:reels|tagged|channel|guides))?",
    }
    shares = (r"/share/(?:(?:p|reel|tv|video)/)?(?P<id>[\w-]{6,60})",)
    address = {
        "item": "https://www.instagram.com/p/{id}/",
        "reel": "https://www.instagram.com/reel/{id}/",
        "video": "https://www.instagram.com/tv/{id}/",
    }
    extractors = ("instagram.*",)
    items = 20
    rate = 0.5
    examples = {
        "https://www.instagram.com/p/BQ0eAlwhDrw/?igsh=MzRlODBiNWFlZA==": "BQ0eAlwhDrw",
        "instagram.com/p/-Cmh1cukG2/": "-Cmh1cukG2",
        "https://instagr.am/p/BQ0eAlwhDrw": "BQ0eAlwhDrw",
        "https://www.instagram.com/p/BQ0eAlwhDrw/embed/captioned/": "BQ0eAlwhDrw",
        "https://WWW.INSTAGRAM.COM/reel/Chunk8-jurw/": "Chunk8-jurw",
        "https://www.instagram.com/marvelskies.fc/reel/CWqAgUZgCku/": "CWqAgUZgCku",
        "https://www.instagram.com/reels/Cop84x6u7CP/": "Cop84x6u7CP",
        "https://www.instagram.com/tv/BkfuX9UB-eK/": "BkfuX9UB-eK",
        "https://ddinstagram.com/p/BQ0eAlwhDrw/": "BQ0eAlwhDrw",
        "https://g.kkinstagram.com/reel/Chunk8-jurw/": "Chunk8-jurw",
        "https://www.instagram.com/stories/fruits_zipper/3570766765028588805/": "3570766765028588805",
        "https://www.instagram.com/stories/highlights/18090946048123978/": "stories:highlights/18090946048123978",
        "https://www.instagram.com/stories/Fruits_Zipper": "stories:fruits_zipper",
        "https://www.instagram.com/share/BAOwUcvZ7w": "share:BAOwUcvZ7w",
        "https://www.instagram.com/share/reel/BAOwUcvZ7w": "share:BAOwUcvZ7w",
        "https://www.instagram.com/Porsche/?hl=en": "user:porsche",
        "https://www.instagram.com/explore/tags/Lolcats/": "tag:lolcats",
    }
    strangers = (
        "https://www.instagram.com/",
        "https://www.instagram.com/explore/",
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FBQ0eAlwhDrw%2F",
        "https://www.instagram.com/direct/inbox/",
        "https://www.instagram.com/p/",
        "https://www.instagram.com/reels/",
        "https://www.instagram.com/reels/audio/1234567890/",
        "https://help.instagram.com/1417489251945243",
    )
