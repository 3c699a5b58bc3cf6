"""Vimeo: videos, unlisted ones whose link carries a hash, events; showcases, channels, profiles."""

from platforms.base import Platform

_ID = r"(?P<id>[0-9]{1,12})"
#: First segments that are pages of the site itself; any other is a profile.
_PAGES = (
    "about|album|api|blog|business|categories|channels|cookie_policy|create|dmca|enterprise|event|explore|features|groups"
    "|help|home|jobs|join|live|log_in|login|manage|ondemand|ott|partners|press|pricing|privacy|pro|search|settings"
    "|showcase|site_map|solutions|staffpicks|stats|stock|store|student|tag|terms|tools|upgrade|upload|video|videos"
    "|vimeopro|watch|watchlater"
)
_USER = rf"(?!(?:{_PAGES}|[0-9]+)(?:[/?]|$))[\w-]+"


class Vimeo(Platform):
    hosts = ("vimeo.com", "vimeopro.com")
    subdomains = "www|player"
    paths = {
        "video": (
            rf"/(?:m/|videos?/|channels/[\w-]+/|groups/[\w-]+/videos?/|(?:album|showcase)/[\w-]+/videos?/)?{_ID}(?:/[0-9a-f]{{8,}})?",
            rf"/{_USER}/review/{_ID}/[0-9a-f]{{8,}}",
            rf"/event/[0-9]+/videos/{_ID}",
            rf"/(?:moogaloop\.swf|play_redirect_hls)\?(?:.*?&)??clip_id={_ID}",
            r"/(?P<id>ondemand/[\w-]+(?:/[0-9]+)?)",
            r"/(?P<name>user[0-9]+/(?!(?:videos|likes|albums|channels|groups|review|followers|following)(?:[/?]|$))[\w-]+)",
            rf"vimeopro\.com/[\w-]+/[\w-]+/videos?/{_ID}",
            r"vimeopro\.com/(?P<name>[\w-]+/[\w-]+)",
        ),
        "live": r"/(?P<id>event/[0-9]+)(?:/(?:embed(?:/interaction)?/?)?(?:[0-9a-f]{10})?)?",
        "playlist": (r"/(?:album|showcase)/(?P<id>[\w-]+)(?:/embed2?)?", rf"/(?P<name>{_USER}/likes)"),
        "channel": r"/(?P<name>(?:channels|groups)/[\w-]+)",
        "user": rf"/(?P<name>{_USER})(?:/videos)?",
    }
    address = {"user": "https://vimeo.com/{id}", "channel": "https://vimeo.com/{id}"}
    extractors = ("vimeo.*",)
    starts = ("t",)
    rate = 2.0
    examples = {
        "https://vimeo.com/76979871?fl=pl&fe=sh": "76979871",
        "http://vimeo.com/56015672#t=43s": "56015672",
        "https://player.vimeo.com/video/98044508?h=8a3f2c1b00": "98044508",
        "https://vimeo.com/160743502/abd0e13fb4": "160743502",
        "https://vimeo.com/channels/staffpicks/143603739": "143603739",
        "https://vimeo.com/groups/travelhd/videos/22439234": "22439234",
        "https://vimeo.com/showcase/3253534/video/119195465": "119195465",
        "https://vimeo.com/user170863801/review/996447483/a316d6ed8d": "996447483",
        "https://vimeo.com/event/4753126/videos/1046153257": "1046153257",
        "https://vimeo.com/moogaloop.swf?clip_id=2539741": "2539741",
        "https://vimeo.com/ondemand/thelastcolony/150274832": "ondemand/thelastcolony/150274832",
        "https://vimeo.com/user26785108/newspiritualguide": "user26785108/newspiritualguide",
        "http://vimeopro.com/openstreetmapus/state-of-the-map-us-2013/video/68093876": "68093876",
        "https://vimeopro.com/cadfem/Simulation-Conference": "cadfem/simulation-conference",
        "https://vimeo.com/event/5034253/embed": "event/5034253",
        "https://vimeo.com/event/4259978/3db517c479": "event/4259978",
        "https://vimeo.com/album/2632481": "playlist:2632481",
        "https://vimeo.com/user755559/likes/": "playlist:user755559/likes",
        "https://vimeo.com/channels/Tributes": "channel:channels/tributes",
        "https://vimeo.com/groups/meetup": "channel:groups/meetup",
        "https://vimeo.com/NKIstudio/videos": "user:nkistudio",
    }
    strangers = (
        "https://vimeo.com/",
        "https://vimeo.com/features",
        "https://vimeo.com/watchlater",
        "https://vimeo.com/log_in?redirect=%2F76979871",
        "https://vimeo.com/settings/76979871/x",
        "https://developer.vimeo.com/76979871",
    )
