"""Sites that read links in a way of their own: parts, mobile hosts, countries, tokens, instances."""

from pathlib import Path

import pytest

from platforms.registry import Registry
from platforms.shapes import Media, Progress, Quality

REGISTRY = Registry(more_hosts={"peertube": ("Tube.Example.org",)})
SHORT = "hFdJoTuyhNJVa1cDWd1d12"


class Extractor:
    """Keeps the address that it was asked for."""

    def __init__(self):
        self.asked = []

    async def extract(self, url, options):
        self.asked.append(url)
        return {"id": "a", "title": "T", "formats": [{"format_id": "0", "url": "https://x/y", "ext": "mp4"}]}

    async def fetch(self, order, on_progress):
        self.asked.append(order.url)
        on_progress(Progress("downloading"))
        return {"info": {}, "files": []}

    async def resolve(self, url):
        raise NotImplementedError

    def by_ways(self, site, ways, poor):
        raise NotImplementedError

    def as_identity(self, identity):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("text", "canonical", "url"),
    [
        ("https://www.bilibili.com/video/BV1ms411Q7vw/?p=1", "bilibili:BV1ms411Q7vw", "/video/BV1ms411Q7vw"),
        ("https://m.bilibili.com/video/BV1ms411Q7vw?p=12&t=7", "bilibili:BV1ms411Q7vw_p12", "BV1ms411Q7vw?t=7&p=12"),
        ("https://m.bilibili.com/bangumi/play/ep21495", "bilibili:ep21495", "//www.bilibili.com/bangumi/play/ep21495"),
        ("https://live.bilibili.com/196?p=4", "bilibili:196", "//live.bilibili.com/196"),
        (
            "https://fr.linkedin.com/posts/a_b-activity-7151241570371948544-4Gu7",
            "linkedin:7151241570371948544",
            "//www.linkedin.com/posts/a_b-activity-7151241570371948544-4Gu7",
        ),
        (
            "https://m.xiaohongshu.com/user/profile/5f3c0000000000000100a1b2/674051740000000007027a15?xsec_token=A",
            "xiaohongshu:674051740000000007027a15",
            "//www.xiaohongshu.com/explore/674051740000000007027a15?xsec_token=A",
        ),
        ("https://tube.example.org/w/" + SHORT, f"peertube:{SHORT}", f"//tube.example.org/w/{SHORT}"),
        ("https://example.org/w/" + SHORT, f"generic:https://example.org/w/{SHORT}", f"//example.org/w/{SHORT}"),
    ],
)
def test_what_a_link_becomes(text, canonical, url):
    """The key of the item, and the address that the extractor takes."""
    link = REGISTRY.claim(text)
    assert link.canonical == canonical
    assert link.url.endswith(url)


async def test_an_unknown_instance_is_asked_for_by_host_and_id():
    """yt-dlp takes PeerTube's own spelling for servers that it hasn't heard of, for the probe and the download."""
    site, extractor = REGISTRY.platform("peertube"), Extractor()
    link = REGISTRY.claim(f"https://tube.example.org/videos/watch/{SHORT}?start=3s")
    await site.probe(link, extractor, 1 << 20)
    best = Quality("best", "", None, "", 1, True, "0")
    media = Media("peertube", SHORT, "video", link.canonical, link.url, "T", (best,))
    await site.fetch(media, "best", extractor, Path("/job"), 1 << 20, lambda _: None)
    assert extractor.asked == [f"peertube:tube.example.org:{SHORT}"] * 2


async def test_lists_of_an_instance_keep_their_address():
    """The spelling by host and id is for videos only."""
    site, extractor = REGISTRY.platform("peertube"), Extractor()
    link = REGISTRY.claim("https://framatube.org/c/blender/videos")
    await site.probe(link, extractor, 1 << 20)
    assert extractor.asked == ["https://framatube.org/c/blender/videos"]
