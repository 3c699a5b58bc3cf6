"""Ground truth for detection: the test URLs that the installed yt-dlp's own extractors carry."""

import re

import pytest
from yt_dlp.extractor import gen_extractor_classes

from platforms.base import LIST_KINDS
from platforms.registry import GENERIC, Registry

REGISTRY = Registry()
OWNERS = [name for name in REGISTRY.names() if name != GENERIC]
#: what yt-dlp takes though it is no item or list for a stranger: personal feeds, the home page, broken links
WITHOUT_MEDIA = {"youtube": re.compile(r"/feed/|youtube\.com$|/watch\?(?!.*v=[\w-]{11})")}
#: yt-dlp's extractors that only unwrap another link
WRAPPERS = {"unicodebom", "viewsource", "blob"}


def cases(extractor):
    return [
        case for case in extractor.get_testcases(include_onlymatching=True) if re.match("https?://|//", case["url"])
    ]


@pytest.fixture(scope="module")
def extractors():
    return [(each.IE_NAME.lower(), each) for each in gen_extractor_classes()]


def belongs(site, extractor_name):
    return any(re.fullmatch(each, extractor_name, re.IGNORECASE) for each in REGISTRY.platform(site).extractors)


@pytest.mark.parametrize("site", OWNERS)
def test_a_site_claims_what_its_extractors_take(site, extractors):
    """Every test URL on the site's own hosts; where it tells one item, with yt-dlp's id."""
    claimed = 0
    for name, extractor in extractors:
        if not belongs(site, name):
            continue
        for case in cases(extractor):
            detected = REGISTRY.detect(case["url"])
            if detected.refused:
                assert WITHOUT_MEDIA[site].search(case["url"]), case["url"]
                continue
            (link,) = detected.links
            if link.platform == GENERIC:
                assert not any(host in case["url"].lower() for host in REGISTRY.platform(site).hosts), case["url"]
                continue
            claimed += 1
            assert link.platform == site
            expected = (case.get("info_dict") or {}).get("id")
            single = not any(field.startswith("playlist") for field in case)
            if single and expected and expected in case["url"] and link.kind not in {*LIST_KINDS, "live"}:
                assert link.id == expected, case["url"]
    assert claimed >= 5


def test_no_site_claims_what_others_extractors_take(extractors):
    """Among thousands of URLs of every other site there is not one look-alike."""
    looked_at = 0
    for name, extractor in extractors:
        if name in WRAPPERS:
            continue
        for case in cases(extractor):
            looked_at += 1
            for link in REGISTRY.detect(case["url"]).links:
                assert link.platform == GENERIC or belongs(link.platform, name), (name, case["url"], link)
    assert looked_at > 3000


@pytest.mark.parametrize("site", OWNERS)
def test_the_extractors_of_a_site_exist(site, extractors):
    """Each of its patterns names one at least."""
    for pattern in REGISTRY.platform(site).extractors:
        assert any(re.fullmatch(pattern, name, re.IGNORECASE) for name, _ in extractors), pattern


@pytest.mark.parametrize("site", OWNERS)
def test_the_extractors_take_the_addresses_we_hand_them(site, extractors):
    """For every example that isn't a short link one of the site's own extractors is suitable."""
    own = [extractor for name, extractor in extractors if belongs(site, name)]
    for url in REGISTRY.platform(site).examples:
        link = REGISTRY.claim(url)
        if not link.short:
            assert any(extractor.suitable(link.url) for extractor in own), link.url
