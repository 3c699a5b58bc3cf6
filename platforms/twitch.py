"""Twitch: recordings, clips and running streams; collections and the videos of a channel."""

from platforms.base import Platform

#: First segments that are pages of the site itself; any other is a channel.
_PAGES = (
    "activate|bits|broadcast|checkout|clip|clips|collections|dashboard|directory|downloads|drops|embed|event|events"
    "|following|friends|giftcard|inventory|jobs|legal|login|logout|moderator|p|payments|popout|prime|products|redeem"
    "|search|security|settings|signup|store|subs|subscriptions|team|teams|turbo|u|user|videos|wallet"
)
_USER = rf"(?!(?:{_PAGES})(?:[/?]|$))\w{{2,25}}"
_CLIP = r"(?P<id>[A-Za-z][\w-]{5,})"
_ID = r"v?(?P<id>[0-9]{3,12})"


class Twitch(Platform):
    hosts = ("twitch.tv",)
    login_cookies = ("auth-token",)
    subdomains = "www|m|go|clips|player"
    paths = {
        "clip": (
            rf"clips\.twitch\.tv/embed/?\?(?:.*?&)??clip={_CLIP}",
            rf"clips\.twitch\.tv/(?!embed(?:[/?]|$))(?:\w+/)?{_CLIP}",
            rf"/(?:\w+/)?clip/{_CLIP}",
        ),
        "video": (
            rf"/(?:\w+/v(?:ideo)?|videos)/{_ID}",
            rf"/\w+/schedule\?(?:.*?&)??vodID={_ID}",
            rf"player\.twitch\.tv/\?(?:.*?&)??video={_ID}",
        ),
        "playlist": r"/collections/(?P<id>[\w-]{6,})",
        "user": (
            rf"/(?P<name>{_USER}/(?:clips|videos\?(?:.*?&)??filter=(?:clips|collections)))",
            rf"/(?P<name>{_USER})/(?:videos(?:/\w+)?|profile)",
        ),
        "live": (rf"player\.twitch\.tv/\?(?:.*?&)??channel=(?P<name>{_USER})", rf"/(?P<name>{_USER})"),
    }
    address = {
        "clip": "https://clips.twitch.tv/{id}",
        "video": "https://www.twitch.tv/videos/{id}",
        "live": "https://www.twitch.tv/{id}",
    }
    extractors = ("twitch.*",)
    starts = ("t",)
    rate = 2.0
    examples = {
        "https://clips.twitch.tv/FaintLightGullWholeWheat": "FaintLightGullWholeWheat",
        "https://clips.twitch.tv/embed?clip=InquisitiveBreakableYogurtJebaited&parent=x": (
            "InquisitiveBreakableYogurtJebaited"
        ),
        "https://www.twitch.tv/xqc/clip/CulturedAmazingKuduDatSheffy-TiZ_-ixAGYR3y2Uy?filter=clips": (
            "CulturedAmazingKuduDatSheffy-TiZ_-ixAGYR3y2Uy"
        ),
        "https://m.twitch.tv/clip/FaintLightGullWholeWheat": "FaintLightGullWholeWheat",
        "https://www.twitch.tv/videos/635475444?t=1h2m3s": "635475444",
        "http://www.twitch.tv/riotgames/v/6528877?t=5m10s": "6528877",
        "http://player.twitch.tv/?t=5m10s&video=v6528877": "6528877",
        "https://www.twitch.tv/tangotek/schedule?vodID=1822395420": "1822395420",
        "https://www.twitch.tv/collections/o9zZer3IQBhTJw": "playlist:o9zZer3IQBhTJw",
        "https://www.twitch.tv/Spamfish/videos?filter=archives": "user:spamfish",
        "https://www.twitch.tv/vanillatv/clips?filter=clips&range=all": "user:vanillatv/clips",
        "https://www.twitch.tv/Monstercat": "monstercat",
        "https://player.twitch.tv/?channel=lotsofs&parent=x": "lotsofs",
    }
    strangers = (
        "https://www.twitch.tv/",
        "https://www.twitch.tv/directory/category/art",
        "https://www.twitch.tv/login",
        "https://www.twitch.tv/popout/monstercat/chat",
        "https://www.twitch.tv/videos",
        "https://clips.twitch.tv/",
        "https://blog.twitch.tv/monstercat",
    )
