"""Ground truth for detection: the test links that the installed yt-dlp's own extractors carry."""

import importlib
import re

import pytest
from yt_dlp.extractor import gen_extractor_classes

from bench.ground_truth import Case, Count, judge, owners, why_wrong
from platforms.extractor.pictures import OWN
from platforms.registry import GENERIC, Registry
from platforms.shapes import Link

REGISTRY = Registry()
OWNERS = [name for name in REGISTRY.names() if name != GENERIC]
#: sites that yt-dlp knows nothing of; an extractor of our own reads them
UNKNOWN = set(OWN)


@pytest.fixture(scope="module")
def judged():
    return judge(REGISTRY)


@pytest.fixture(scope="module")
def extractors():
    own = [getattr(importlib.import_module(module), name) for module, name in OWN.values()]
    return [(each.IE_NAME.lower(), each) for each in (*gen_extractor_classes(), *own)]


@pytest.mark.parametrize("site", OWNERS)
def test_a_site_claims_what_its_extractors_take(site, judged):
    """On the site's own hosts: its platform, the kind that yt-dlp's result tells, yt-dlp's id."""
    verdict = judged[0][site]
    for count in (verdict.items, verdict.lists):
        assert count.wrong == []
        assert count.missed == []
    assert verdict.items.right >= 2 or site in UNKNOWN


def test_no_site_claims_what_others_extractors_take(judged):
    """Among thousands of links of every other site there is not one look-alike."""
    assert judged[1] == []


@pytest.mark.parametrize("site", OWNERS)
def test_the_extractors_of_a_site_exist(site, extractors):
    """Each of its patterns names one at least."""
    for pattern in REGISTRY.platform(site).extractors:
        assert any(re.fullmatch(pattern, name, re.IGNORECASE) for name, _ in extractors), pattern


@pytest.mark.parametrize("site", OWNERS)
def test_the_extractors_take_the_addresses_we_hand_them(site, extractors):
    """For every example that isn't a short link one of the site's own extractors is suitable."""
    own = [extractor for name, extractor in extractors if site in owners(REGISTRY, name)]
    for url in REGISTRY.platform(site).examples:
        link = REGISTRY.claim(url)
        if not link.short:
            assert any(extractor.suitable(link.url) for extractor in own), link.url


@pytest.mark.parametrize(
    ("case", "link", "reason"),
    [
        ({"id": "abc123"}, {"kind": "video", "id": "abc123"}, ""),
        ({"id": "abc123"}, {"kind": "video", "id": "post/abc123"}, ""),
        ({"id": "abc123"}, {"kind": "video", "id": "xabc123"}, "xabc123 instead of abc123"),
        ({"id": "other"}, {"kind": "video", "id": "abc123"}, ""),
        ({"id": "abc123"}, {"kind": "user", "id": "abc123"}, "an item taken for a user"),
        ({"id": "abc123", "chosen": True}, {"kind": "playlist", "id": "list1"}, ""),
        ({"id": "abc123", "ext": "mp4"}, {"kind": "track", "id": "abc123"}, "mp4 taken for sound"),
        ({"id": "elsewhere", "several": True}, {"kind": "video", "id": "abc123"}, "a list taken for a video"),
        ({"id": "list1", "several": True}, {"kind": "video", "id": "abc123"}, ""),
        ({"id": "abc123", "several": True}, {"kind": "item", "id": "abc123"}, ""),
        ({"id": "abc123"}, {"kind": "video", "id": "abc123", "platform": "b"}, "claimed by b"),
    ],
)
def test_what_counts_as_wrong(case, link, reason):
    """The judge is no rubber stamp: another platform, kind or id is told."""
    url = "https://a.com/abc123?list=list1"
    given = Case(**{"extractor": "a", "url": url, "ext": "", "several": False, "chosen": False, **case})
    assert why_wrong("a", given, Link(**{"url": url, "canonical": "", "platform": "a", **link})) == reason


def test_a_share_is_of_all_links():
    """Nothing asked is nothing missed."""
    assert Count().share == 1
    assert Count(1, ["x"], ["y", "z"]).share == 0.25
