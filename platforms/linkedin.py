"""LinkedIn: posts with a video, events, lessons and courses; short links that lead anywhere."""

import re

from platforms.base import Platform
from platforms.shapes import Link


class Linkedin(Platform):
    hosts = ("linkedin.com", "lnkd.in")
    login_cookies = ("li_at",)
    subdomains = "www|m|[a-z]{2}"
    paths = {
        "item": (
            r"/posts/[^/?]+-(?P<id>[0-9]{15,22})-[\w-]{4}",
            r"/feed/update/urn(?::|%3A)li(?::|%3A)activity(?::|%3A)(?P<id>[0-9]{15,22})",
        ),
        "video": (
            r"/events/(?P<id>[\w-]+)(?:/(?:comments|about))?",
            r"/learning/(?P<id>(?!browse|search|topics|me|paths)[^/?&]+/[^/?&]+)",
        ),
        "playlist": r"/learning/(?P<id>(?!(?:browse|search|topics|me|paths)(?:[/?]|$))[^/?&]+)",
    }
    shares = (r"lnkd\.in/(?:p/)?(?P<id>[\w-]{4,16})",)
    extractors = ("linkedin.*",)
    rate = 0.5
    examples = {
        "https://www.linkedin.com/posts/the-mathworks_2_what-is-center-activity-7151241570371948544-4Gu7?rcm=x": (
            "7151241570371948544"
        ),
        "https://de.linkedin.com/posts/m_blue-ugcPost-6850898786781339649-mM20": "6850898786781339649",
        "https://www.linkedin.com/feed/update/urn:li:activity:7016901149999955968/?utm_source=share": (
            "7016901149999955968"
        ),
        "https://www.linkedin.com/events/7084656651378536448/comments/": "7084656651378536448",
        "https://www.linkedin.com/learning/programming-foundations-fundamentals/welcome?autoplay=true": (
            "programming-foundations-fundamentals/welcome"
        ),
        "https://www.linkedin.com/learning/programming-foundations-fundamentals": (
            "playlist:programming-foundations-fundamentals"
        ),
        "https://lnkd.in/dK5j8Xyz": "share:dK5j8Xyz",
    }
    strangers = (
        "https://www.linkedin.com/",
        "https://www.linkedin.com/in/somebody/",
        "https://www.linkedin.com/jobs/view/123",
        "https://www.linkedin.com/pulse/an-article",
        "https://www.linkedin.com/learning/",
        "https://lnkd.in/",
    )

    def match(self, url: str, text: str = "") -> Link | None:
        """The pages of a country are read as the others."""
        return super().match(re.sub(r"^(https?://)(?:(?:m|[a-z]{2})\.)?linkedin\.", r"\1www.linkedin.", url), text)
