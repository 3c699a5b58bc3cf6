"""Rumble: videos by their page or their player, which count by numbers of their own; channels."""

from platforms.base import Platform


class Rumble(Platform):
    hosts = ("rumble.com",)
    paths = {
        # The page v2ea9qb and the player v2ea9qb are two videos, so the slash of a page belongs to its id.
        "video": (
            r"[\w.]*rumble\.com(?P<name>/v(?!ideos(?:[/?]|$))[0-9a-zA-Z]{4,12})(?:-[^/?]*|\.html)?",
            r"/embed/(?:[0-9a-z]+\.)?(?P<id>[0-9a-z]{4,12})",
        ),
        "channel": r"/(?P<name>(?:c|user)/[^/?&]+)(?:/(?:videos|livestreams|shorts|about))?",
    }
    extractors = ("rumble.*",)
    starts = ("start", "t")
    examples = {
        "https://rumble.com/vdmum1-moose-the-dog-helps-girls-dig-a-snow-fort.html?mref=x": "/vdmum1",
        "http://www.rumble.com/vDMUM1": "/vdmum1",
        "https://rumble.com/embed/v5pv5f/?pub=4": "v5pv5f",
        "https://rumble.com/embed/ufe9n.v5pv5f": "v5pv5f",
        "https://rumble.com/c/Styxhexenhammer666": "channel:c/styxhexenhammer666",
        "https://rumble.com/user/GoldenPoodle/videos": "channel:user/goldenpoodle",
    }
    strangers = (
        "https://rumble.com/",
        "https://rumble.com/videos?sort=views&date=today",
        "https://rumble.com/editor-picks",
        "https://rumble.com/search/all?q=moose",
        "https://rumble.com/premium",
        "https://help.rumble.com/vdmum1",
    )
